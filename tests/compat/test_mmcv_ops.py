"""When the stand-in is used, and what it says."""

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import mmcv
import pytest
import torch
from mmcv.utils.ext_loader import load_ext

from ostrdet.compat.mmcv_ops import KERNELS, NAME, MissingOpError, StandInOps, load_mmcv_ops


def test_it_is_installed_once(ops: Any) -> None:
    module = mmcv._ext
    line = load_mmcv_ops()
    assert mmcv._ext is sys.modules[NAME] is module
    assert line == load_mmcv_ops()
    assert '\n' not in line
    assert 'not compiled' in line
    assert all(name in line for name in KERNELS)


def test_every_operator_that_mmcv_wraps_is_there_but_only_fails_when_used(ops: Any) -> None:
    module = load_ext('_ext', ['nms', 'deform_conv_forward', 'whatever'])
    assert module.nms is KERNELS['nms']
    with pytest.raises(MissingOpError, match=r"'deform_conv_forward'.*MMCV_WITH_OPS=1 pip install"):
        module.deform_conv_forward(torch.zeros(1))
    with pytest.raises(MissingOpError, match="'deform_conv_forward'"):
        ops.DeformConv2d(1, 1, 1)(torch.zeros(1, 1, 3, 3), torch.zeros(1, 2, 3, 3))
    with pytest.raises(AttributeError, match='__path__'):
        module.__path__  # noqa: B018
    assert 'none' in ops.get_compiler_version()
    assert 'none' in ops.get_compiling_cuda_version()
    assert importlib.util.find_spec(NAME) is module.__spec__


FAKE = 'def __getattr__(name):\n    return lambda *args, **kwargs: "compiled"\n'


def test_compiled_operators_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / '_ext.py').write_text(FAKE, encoding='utf-8')
    monkeypatch.setattr(mmcv, '__path__', [*mmcv.__path__, str(tmp_path)])
    monkeypatch.setattr(mmcv, '_ext', None, raising=False)
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    for _ in range(2):  # before it is imported, and after
        assert load_mmcv_ops() == 'mmcv ops: compiled'
        module = importlib.import_module(NAME)
        assert not isinstance(module, StandInOps)
        assert module.nms() == 'compiled'
    monkeypatch.delitem(sys.modules, NAME)


CODE = """
import sys, types
import ostrdet.compat
fake = types.ModuleType('mmcv._ext')
fake.__getattr__ = lambda name: (lambda *args, **kwargs: 'compiled') if name[0] != '_' else None
if sys.argv[1] == 'compiled':
    sys.modules['mmcv._ext'] = fake
ostrdet.compat.import_quietly(ostrdet.compat.DETECTION)
import mmcv.ops.nms
print(mmcv.ops.nms.__module__, sys.modules['mmcv._ext'] is fake)
from mmdet.models import RetinaNet
"""


@pytest.mark.parametrize('kind', ['compiled', 'missing'])
def test_mmdet_is_imported_in_a_fresh_process_without_a_word(kind: str) -> None:
    pytest.importorskip('mmdet.version')
    done = subprocess.run(
        [sys.executable, '-W', 'error', '-c', CODE, kind], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == str(kind == 'compiled')
    assert done.stderr == ''
