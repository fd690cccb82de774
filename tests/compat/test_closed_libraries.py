"""Every place of the libraries that could run what a config says: found in their source, and closed."""

import pickle
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ostrdet.compat import NMS, close_libraries, dtypes, import_quietly
from ostrdet.settings.names import check_names
from ostrdet.settings.values import check_values
from tests.compat.library_calls import found_calls

#: How a call is closed, or why no config reaches it.
CLOSED = 'replaced in the library by ostrdet.compat.closed_libraries'
NO_CONFIG = 'no config reaches it'
OWN_PROCESSES = 'what processes of one run send each other'
WEIGHTS_ONLY = 'torch reads nothing but weights, as its default is'
FIXED = 'what it is given is written in the library'

#: By file and call: the key of a config that reaches it, and how it is closed.
TABLE: dict[tuple[str, str], tuple[str, str]] = {
    ('mmcv/cnn/rfsearch/search.py', 'eval'): ('', FIXED),
    ('mmcv/image/colorspace.py', 'getattr(cv2)'): ('', FIXED),
    ('mmcv/ops/nms.py', 'eval'): ('**.nms*.type', CLOSED),
    ('mmcv/utils/env.py', 'subprocess.check_output'): ('', FIXED),
    ('mmcv/utils/ext_loader.py', 'importlib.import_module'): ('', FIXED),
    ('mmcv/video/processing.py', 'subprocess.call'): ('', NO_CONFIG),
    ('mmdet/datasets/openimages.py', 'np.load'): ('**.hierarchy_file', CLOSED),
    ('mmdet/evaluation/functional/class_names.py', 'eval'): ('', FIXED),
    ('mmdet/evaluation/metrics/base_video_metric.py', 'pickle.load'): ('', OWN_PROCESSES),
    (
        'mmdet/models/task_modules/tracking/camera_motion_compensation.py',
        'eval',
    ): ('**.warp_mode', CLOSED),
    ('mmdet/utils/dist_utils.py', 'pickle.loads'): ('', OWN_PROCESSES),
    ('mmengine/config/config.py', 'eval'): ('', 'of .py configs alone, which are programs'),
    ('mmengine/config/config.py', 'exec'): ('', 'of .py configs alone, which are programs'),
    (
        'mmengine/config/config.py',
        'import_modules_from_strings',
    ): ('custom_imports', 'config_text refuses it in JSON and YAML'),
    ('mmengine/config/lazy.py', 'importlib.import_module'): ('', 'of .py configs alone'),
    ('mmengine/dataset/base_dataset.py', 'pickle.loads'): ('', OWN_PROCESSES),
    ('mmengine/dist/dist.py', 'pickle.load'): ('', OWN_PROCESSES),
    ('mmengine/dist/dist.py', 'pickle.loads'): ('', OWN_PROCESSES),
    ('mmengine/dist/utils.py', 'subprocess.getoutput'): ('', NO_CONFIG),
    ('mmengine/fileio/handlers/pickle_handler.py', 'pickle.load'): ('**.*_file', CLOSED),
    ('mmengine/hub/hub.py', 'importlib.import_module'): ('', NO_CONFIG),
    ('mmengine/infer/infer.py', 'importlib.import_module'): ('', NO_CONFIG),
    (
        'mmengine/model/wrappers/fully_sharded_distributed.py',
        'getattr(torch)',
    ): ('**.*_dtype', 'config_names has a list'),
    (
        'mmengine/optim/optimizer/amp_optimizer_wrapper.py',
        'getattr(torch)',
    ): ('optim_wrapper.dtype', 'config_names has a list, as has the library'),
    ('mmengine/optim/optimizer/builder.py', 'getattr(torch.optim)'): ('', FIXED),
    (
        'mmengine/optim/optimizer/zero_optimizer.py',
        'getattr(torch.optim)',
    ): ('**.optimizer_type', 'config_names wants a plain name, so an optimizer or its module'),
    ('mmengine/registry/registry.py', 'get_object_from_string'): ('**.type, **.*_type', CLOSED),
    ('mmengine/registry/registry.py', 'import_module'): ('**._scope_, default_scope', CLOSED),
    ('mmengine/runner/checkpoint.py', '_safe_torch_load'): ('**.checkpoint, **.*_ckpt', CLOSED),
    ('mmengine/runner/checkpoint.py', 'import_module'): ('', FIXED),
    ('mmengine/runner/checkpoint.py', 'load_url'): ('**.checkpoint, **.*_ckpt', CLOSED),
    ('mmengine/runner/checkpoint.py', 'torch.load'): ('', 'inside of _safe_torch_load'),
    ('mmengine/testing/compare.py', 'run_path'): ('', NO_CONFIG),
    ('mmengine/utils/dl_utils/collect_env.py', 'subprocess.check_output'): ('', FIXED),
    ('mmengine/utils/dl_utils/hub.py', 'torch.load'): ('', 'inside of load_url'),
    ('mmengine/utils/misc.py', 'import_module'): ('', 'inside of what is closed above'),
    ('mmengine/utils/misc.py', 'subprocess.call'): ('', NO_CONFIG),
    ('mmengine/utils/package_utils.py', 'subprocess.check_call'): ('', NO_CONFIG),
    ('mmengine/utils/version_utils.py', 'subprocess.Popen'): ('', FIXED),
    ('mmengine/visualization/vis_backend.py', 'os.system'): ('visualizer.vis_backends', FIXED),
    ('mmpretrain/apis/multimodal_retrieval.py', 'torch.load'): ('', NO_CONFIG),
    ('mmpretrain/apis/utils.py', 'getattr(torch)'): ('', NO_CONFIG),
    ('mmpretrain/datasets/cifar.py', 'pickle.loads'): ('**.data_root', 'MD5 sums are checked'),
    ('mmpretrain/datasets/transforms/processing.py', 'eval'): ('**.dtype', CLOSED),
    (
        'mmpretrain/datasets/transforms/processing.py',
        'getattr(torchvision.transforms)',
    ): ('', FIXED),
    ('mmpretrain/engine/hooks/swav_hook.py', 'torch.load'): ('', WEIGHTS_ONLY),
    ('mmpretrain/models/multimodal/ram/gradio_demo.py', 'torch.load'): ('', NO_CONFIG),
    ('mmpretrain/models/multimodal/ram/openset_utils.py', 'torch.load'): ('', WEIGHTS_ONLY),
    ('mmpretrain/models/multimodal/ram/ram.py', 'pickle.load'): ('model.tag_list', CLOSED),
    ('mmpretrain/models/retrievers/image2image.py', 'torch.load'): ('**.prototype', WEIGHTS_ONLY),
    (
        'mmpretrain/models/utils/huggingface.py',
        'cls.from_pretrained',
    ): ('**.trust_remote_code', 'config_values refuses it'),
    ('mmpretrain/models/utils/vector_quantizer.py', 'torch.load'): ('', WEIGHTS_ONLY),
    **{
        (f'torchvision/datasets/{name}.py', call): ('', NO_CONFIG)
        for name, call in (
            ('cifar', 'pickle.load'),
            ('imagenet', 'torch.load'),
            ('lsun', 'pickle.load'),
            ('mnist', 'torch.load'),
            ('moving_mnist', 'np.load'),
            ('phototour', 'torch.load'),
        )
    },
    ('torchvision/models/_api.py', 'importlib.import_module'): ('', NO_CONFIG),
}
CODE = 'ran.append(1)'


class Evil:
    def __reduce__(self) -> Any:
        return ran.append, (1,)


ran: list[int] = []


@pytest.fixture(autouse=True)
def _closed() -> Any:
    import_quietly()
    close_libraries()
    ran.clear()
    yield
    assert ran == []


def test_every_such_call_of_the_libraries_is_known() -> None:
    assert set(found_calls()) == set(TABLE)


def test_what_a_config_reaches_is_closed() -> None:
    open_ones = (NO_CONFIG, OWN_PROCESSES)
    assert [call for call, (key, how) in TABLE.items() if key and how in open_ones] == []


@pytest.mark.parametrize('name', NMS)
def test_boxes_are_suppressed_by_a_listed_name(name: str) -> None:
    from mmcv.ops.nms import batched_nms

    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]])
    options = {'type': name, 'iou_threshold': 0.5}
    kept, order = batched_nms(boxes, torch.tensor([0.9, 0.8, 0.7]), torch.zeros(3).long(), options)
    assert order.tolist()[0] == 0
    assert len(kept) == (2 if name == 'nms' else 3)


def test_nms_evaluates_nothing() -> None:
    nms = import_module('mmcv.ops.nms')  # the function of that name hides it
    vars(nms)['ran'] = ran
    with pytest.raises(ValueError, match='expected one of nms, soft_nms'):
        nms.batched_nms(torch.zeros(1, 4), torch.ones(1), torch.zeros(1), {'type': CODE})
    del vars(nms)['ran']


def test_data_types_are_those_of_torch() -> None:
    from mmpretrain.datasets.transforms.processing import _str_to_torch_dtype

    assert {'float16', 'float32', 'uint8', 'bool'} <= set(dtypes())
    assert _str_to_torch_dtype('float32') is torch.float32
    for text in ('hub.load', 'load', f'float32 if {CODE} else 1'):
        with pytest.raises(ValueError, match='expected one of'):
            _str_to_torch_dtype(text)


def test_motions_are_those_of_opencv() -> None:
    pytest.importorskip('mmdet.version')
    import_quietly(['mmdet.models'])
    import cv2
    from mmdet.models.task_modules.tracking import CameraMotionCompensation

    motion = CameraMotionCompensation('cv2.MOTION_AFFINE')
    assert motion.warp_mode == cv2.MOTION_AFFINE
    with pytest.raises(ValueError, match=r'expected one of cv2\.MOTION_TRANSLATION'):
        CameraMotionCompensation(CODE)


def test_a_registry_imports_nothing_for_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmengine.registry import MODELS

    (tmp_path / 'hostile_package').mkdir()
    for name in ('__init__', 'registry'):
        (tmp_path / 'hostile_package' / f'{name}.py').write_text('Thing = dict\n', 'utf-8')
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ('os.system', 'hostile_package.Thing', 'hostile_package.registry.Thing'):
        assert MODELS.get(name) is None
        with pytest.raises(KeyError, match='is not in the'):
            MODELS.build({'type': name})
    assert 'hostile_package' not in sys.modules
    assert MODELS.get('mmpretrain.ResNet') is not None


def test_weights_are_read_without_what_they_hold(tmp_path: Path) -> None:
    from mmengine.runner import load_checkpoint

    net = torch.nn.Linear(1, 1)
    torch.save({'state_dict': net.state_dict(), 'meta': Evil()}, tmp_path / 'evil.pth')
    with pytest.raises(ValueError, match='holds more than tensors'):
        load_checkpoint(net, str(tmp_path / 'evil.pth'))
    with pytest.raises(ValueError, match='nothing is downloaded'):
        load_checkpoint(net, 'https://127.0.0.1:9/w.pth')
    torch.save({'weight': torch.ones(1, 1), 'bias': torch.ones(1)}, tmp_path / 'good.pth')
    load_checkpoint(net, str(tmp_path / 'good.pth'))
    assert net.weight.item() == 1


def test_pickles_are_written_but_not_read(tmp_path: Path) -> None:
    from mmengine import fileio

    fileio.dump({'a': 1}, tmp_path / 'a.pkl')
    assert pickle.loads((tmp_path / 'a.pkl').read_bytes()) == {'a': 1}
    (tmp_path / 'evil.pkl').write_bytes(pickle.dumps(Evil()))
    for options in ({}, {'file_format': 'pkl'}):
        with pytest.raises(ValueError, match='expected no pickle'):
            fileio.load(tmp_path / 'evil.pkl', **options)


def test_arrays_of_objects_are_not_read(tmp_path: Path) -> None:
    pytest.importorskip('mmdet.version')
    import_quietly(['mmdet.datasets'])
    from mmdet.datasets import openimages

    np.save(tmp_path / 'evil.npy', np.array([Evil()], dtype=object))
    np.save(tmp_path / 'good.npy', np.eye(3))
    read = openimages.OpenImagesChallengeDataset._get_relation_matrix
    with pytest.raises(ValueError, match='allow_pickle=False'):
        read(Nothing(), str(tmp_path / 'evil.npy'))
    assert read(Nothing(), str(tmp_path / 'good.npy')).tolist() == np.eye(2).tolist()


class Nothing:
    backend_args = None


HOSTILE: list[dict[str, Any]] = [
    {'test_cfg': {'nms': {'type': CODE}}},
    {'test_cfg': {'rcnn': {'nms': {'type': 'print'}}}},
    {'train_cfg': {'rpn_proposal': {'nms_cfg': {'type': 'os.system'}}}},
    {'a': [{'type': 'ConvertImageDtype', 'dtype': CODE}]},
    {'a': {'param_dtype': 'hub.load'}},
    {'cmc': {'warp_mode': CODE}},
    {'a': {'type': CODE}},
    {'a': {'ema_type': 'os.path.Thing'}},
    {'a': {'auto_wrap_policy': CODE}},
    {'a': {'trust_remote_code': True}},
    {'a': {'type': ['os.system']}},
    {'a': {'type': {'type': 'Y'}}},
    {'a': {'_scope_': ['os']}},
    {'a': {'type': 3}},
    {'compile': {'options': {'cpp.cxx': ['sh']}}},
]


@pytest.mark.parametrize('config', HOSTILE, ids=str)
def test_a_config_is_refused_with_its_key(config: dict[str, Any]) -> None:
    key, value = next(iter(config.items()))
    whole = {key: value} if key == 'compile' else {'model': {key: value}}
    whole.setdefault('model', {})['type'] = 'X'
    with pytest.raises(ValueError, match=rf'{key}[\w.]*=.*expected|^compile='):
        check_all(whole)


@pytest.mark.parametrize(
    'config',
    [
        {'test_cfg': {'nms': {'type': 'soft_nms'}, 'nms_pre': 1000}},
        {'pipeline': [{'type': 'torchvision/ConvertImageDtype', 'dtype': 'float32'}]},
        {'cmc': {'warp_mode': 'cv2.MOTION_EUCLIDEAN'}},
        {'loss_type': 'focal', 'color_type': 'color', 'ema_type': 'ExponentialMovingAverage'},
    ],
)
def test_what_is_harmless_passes(config: dict[str, Any]) -> None:
    check_all({'model': {'type': 'mmpretrain.X', **config}, 'compile': {'mode': 'default'}})


def check_all(config: dict[str, Any]) -> None:
    check_names(config)
    check_values(config)
