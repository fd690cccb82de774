"""Exported files: run on their own, they give the logits of the network, for any batch."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor

from ostrdet.commands.export import main
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures.genotype_file import from_json
from ostrdet.version import __version__

Untrained = Callable[..., Any]
#: Every candidate of the space, those of stride 2 among them.
EVERY_OP = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_5x5', 1), ('dil_conv_3x3', 0), "
    "('max_pool_3x3', 1), ('dil_conv_5x5', 1), ('avg_pool_3x3', 2), ('skip_connect', 0), "
    "('sep_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('avg_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 0), ('dil_conv_5x5', 1), ('sep_conv_5x5', 0), "
    "('skip_connect', 3), ('avg_pool_3x3', 1), ('sep_conv_3x3', 4)], reduce_concat=[2, 3, 4, 5])"
)


def run_onnx(path: Path, images: Tensor) -> Tensor:
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    return torch.from_numpy(session.run(None, {'images': np.asarray(images)})[0])


def run_torch(path: Path, images: Tensor) -> Tensor:
    return torch.export.load(path).module()(images)


RUN = {'onnx': run_onnx, 'torch': run_torch}


@pytest.mark.parametrize(
    ('file_format', 'name', 'overrides', 'size'),
    [
        ('onnx', 'nb201_digits', {}, (15, 18)),
        ('onnx', 'darts_c10', {'model.backbone.channels_last': True}, (21, 18)),
        ('torch', 'darts_c10', {'model.backbone.with_cp': True}, (21, 18)),
        ('torch', 'darts_in1k', {}, (65, 97)),
    ],
)
@torch.no_grad()
def test_file_gives_the_logits_of_the_network(
    file_format: str,
    name: str,
    overrides: dict[str, Any],
    size: tuple[int, int],
    untrained: Untrained,
) -> None:
    from ostrdet.apis.export import export
    from ostrdet.apis.load_model import load_trained

    if name.startswith('darts'):
        overrides = {**overrides, 'model.backbone.genotype': EVERY_OP}
    config, checkpoint = untrained(name, overrides)
    done = export(config, checkpoint, file_format, size=size)
    suffix = {'onnx': '.onnx', 'torch': '.pt2'}[file_format]
    assert done.path == checkpoint.with_suffix(suffix)
    assert done.size == size
    assert sorted(path.suffix for path in checkpoint.parent.iterdir()) == sorted(
        ['.py', '.pth', suffix]
    )
    model = load_trained(config, checkpoint)[1]
    for batch in (1, 4):
        images = torch.randn(batch, 3, *size)
        logits = model(images, mode='tensor')
        assert batch == 1 or logits.std(dim=0).min() > 0.01  # more than the bias
        torch.testing.assert_close(RUN[file_format](done.path, images), logits)


@pytest.mark.parametrize('file_format', ['onnx', 'torch'])
def test_file_tells_classes_normalisation_size_and_genotype(
    file_format: str, trained: Any, tmp_path: Path
) -> None:
    from ostrdet.apis.export import export

    path = export(*trained, file_format, out=tmp_path / 'network', size=(8, 10)).path
    if file_format == 'onnx':
        session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
        text = session.get_modelmeta().custom_metadata_map['ostrdet']
    else:
        torch.export.load(path, extra_files=(extra := {'ostrdet': ''}))
        text = extra['ostrdet']
    found = json.loads(text)
    assert from_json(found.pop('genotype')) == get_genotype('ostr_nb201')
    assert found == {
        'classes': [*'0123456789'],
        'mean': [78, 78, 78],
        'std': [94, 94, 94],
        'to_rgb': False,
        'size': [8, 10],
        'ostrdet': __version__,
    }


def test_auxiliary_head_stays_out(untrained: Untrained) -> None:
    from ostrdet.apis.export import export

    config, checkpoint = untrained('darts_c10')
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    program = torch.export.load(export(config, checkpoint, 'torch', size=(16, 16)).path)
    found = {key.removeprefix('classifier.') for key in program.state_dict}
    assert found == {key for key in state if not key.startswith('head.aux.')}


def test_tool_says_three_lines(
    trained: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'new' / 'digits.onnx'
    assert main([*map(str, trained), '--format', 'onnx', '--out', str(out)]) == 0
    said, err = capfd.readouterr()
    assert err == ''
    first, second, third = said.splitlines()
    assert first.startswith(f'file        {out}, 0.')
    assert second == 'function    images (N, 3, 8, 8), float32 -> logits'
    assert re.fullmatch(r'difference  \S+ at most, from the logits of the network', third)
    (images,) = onnxruntime.InferenceSession(out).get_inputs()
    assert images.shape == ['batch', 3, 8, 8]


def test_a_file_with_other_logits_is_deleted_and_the_old_one_stays(
    trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ostrdet.apis import export as module

    right = module.FORMATS['torch']

    def read(path: Path) -> module.Program:
        program = right.read(path)
        return lambda images: program(images) + 0.01

    monkeypatch.setitem(module.FORMATS, 'torch', right._replace(read=read))
    old = tmp_path / 'network.pt2'
    old.write_text('old')
    with pytest.raises(ValueError, match=r'differ from those of the network by 0\.01, expect'):
        module.export(*trained, 'torch', out=old)
    assert old.read_text() == 'old'
    assert list(tmp_path.iterdir()) == [old]


@pytest.mark.parametrize('scale', [1.0, 1000.0])
def test_comparison_allows_the_rounding_of_float32_and_no_more(scale: float) -> None:
    from ostrdet.apis.export import compare

    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 2, bias=False))
    torch.nn.init.constant_(network[1].weight, scale)
    with torch.no_grad():
        for relative, fits in [(0.0, True), (1e-5, True), (1e-3, False), (float('nan'), False)]:

            def program(images: Tensor, relative: float = relative) -> Tensor:
                return network(images) * (1 + relative)

            if fits:
                assert compare(network, program, (2, 2)) <= 1e-4 * 20 * scale
            else:
                with pytest.raises(ValueError, match='expected at most'):
                    compare(network, program, (2, 2))


def test_missing_packages_are_named_with_their_mend(
    trained: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr('ostrdet.apis.export.find_spec', lambda name: None)
    assert main([*map(str, trained), '--format', 'onnx']) == 2
    assert capsys.readouterr().err == (
        'error: --format onnx needs onnx, onnxscript, onnxruntime: pip install onnx onnxscript '
        "onnxruntime, or pip install 'ostrdet[optional]'\n"
    )


def test_unknown_format_is_refused_with_the_nearest(trained: Any) -> None:
    from ostrdet.apis.export import export

    with pytest.raises(KeyError, match=r"unknown format 'onx'\. Did you mean 'onnx'"):
        export(*trained, 'onx')


@pytest.mark.parametrize(
    ('argv', 'message'),
    [
        (['{config}', 'none.pth'], "there is no checkpoint 'none.pth'"),
        (['{config}', '{checkpoint}', '--size', '3', '8'], 'images of 3x8 pixels are smaller than'),
        (['{config}', '{checkpoint}', '--size', '-8', '8'], 'expected numbers of at least 1'),
        (['{config}', '{checkpoint}', '--genotype', 'nb201_resnet'], 'of another architecture'),
    ],
)
def test_bad_input_is_one_line(
    argv: list[str], message: str, trained: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [part.format(**trained._asdict()) for part in argv]
    assert main([*argv, '--format', 'torch']) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert re.fullmatch(f'error: .*{message}.*\\n', err)
    assert not list(trained.checkpoint.parent.glob('*.pt2'))


def test_help_names_every_option_and_needs_nothing_heavy(
    repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(['--help'])
    out = capsys.readouterr().out
    options = ('CONFIG', 'CHECKPOINT', '--format {onnx,torch}', '--out', '--size H W', '--genotype')
    assert all(option in out for option in options)
    assert max(map(len, out.splitlines())) <= 100
    code = (
        'import sys; from ostrdet.commands.export import build_parser; build_parser().format_help();'
        "sys.exit(bool({'torch', 'mmengine', 'numpy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, '-c', code], check=True, cwd=repo_root)
