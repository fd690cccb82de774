"""Look-up and building: hints for wrong names, no imports by name, no change of scope."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mmengine import Config
from mmengine.registry import DefaultScope, Registry

from ostrdet import registry as registries
from ostrdet.registry import build, check_arguments, lookup, nearest

TOOLS = Registry('tool', scope='ostrdet')


@TOOLS.register_module()
class Hammer:
    def __init__(self, weight: float = 1.0, *, handle: str = 'ash') -> None:
        self.weight, self.handle = weight, handle


@TOOLS.register_module()
class Pliers:
    def __init__(self, **kwargs: Any) -> None:
        self.kwargs = kwargs


@TOOLS.register_module()
def make_saw(teeth: int) -> list[int]:
    return [teeth]


@pytest.fixture
def hostile_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that could be imported, but was not yet."""
    (tmp_path / 'hostile_module.py').write_text('class Thing: ...')
    monkeypatch.syspath_prepend(str(tmp_path))
    return 'hostile_module'


@pytest.mark.parametrize(
    ('name', 'hint'),
    [
        ('Hamer', "Did you mean 'Hammer'? Known: Hammer, Pliers, make_saw."),
        ('make_sew', "Did you mean 'make_saw'? Known: Hammer, Pliers, make_saw."),
        ('xyz', 'Known: Hammer, Pliers, make_saw.'),
    ],
)
def test_nearest_offers_a_near_name_and_lists_all(name: str, hint: str) -> None:
    assert nearest(name, ['make_saw', 'Hammer', 'Pliers']) == hint


@pytest.mark.parametrize('name', ['Hammer', 'ostrdet.Hammer'])
def test_lookup_with_and_without_the_prefix(name: str) -> None:
    assert lookup(TOOLS, name) is Hammer


def test_an_unknown_name_gets_a_hint() -> None:
    message = (
        "unknown tool 'ostrdet.Hamer'. Did you mean 'Hammer'? Known: Hammer, Pliers, make_saw."
    )
    with pytest.raises(KeyError, match=re.escape(message)):
        lookup(TOOLS, 'ostrdet.Hamer')


@pytest.mark.parametrize('attribute', ['', '.Thing'])
def test_dotted_names_are_never_imported(attribute: str, hostile_module: str) -> None:
    name = hostile_module + attribute
    with pytest.raises(KeyError, match=f"unknown tool '{name}'"):
        build(TOOLS, {'type': name})
    assert hostile_module not in sys.modules


@pytest.mark.parametrize('name', ['os.system', 'builtins.eval', 'mmengine.Config', 'mmdet.Hammer'])
def test_other_libraries_are_not_searched(name: str) -> None:
    with pytest.raises(KeyError, match=f"unknown tool '{name}'"):
        lookup(TOOLS, name)


def test_build_hands_on_the_config_and_fills_in_defaults() -> None:
    hammer = build(TOOLS, {'type': 'Hammer', 'weight': 2.5}, weight=0.5, handle='oak')
    assert (hammer.weight, hammer.handle) == (2.5, 'oak')
    assert build(TOOLS, {'type': 'make_saw', 'teeth': 3}) == [3]
    assert build(TOOLS, {'type': 'Pliers', 'anything': 1}).kwargs == {'anything': 1}


def test_build_leaves_the_config_as_it_is() -> None:
    cfg = Config({'tool': {'type': 'Hammer', 'weight': 2.0}}).tool
    build(TOOLS, cfg, handle='oak')
    assert cfg == {'type': 'Hammer', 'weight': 2.0}


@pytest.mark.parametrize(
    ('cfg', 'error', 'message'),
    [
        ({'weight': 1}, KeyError, "a tool config needs the key 'type', got {'weight': 1}"),
        ('Hammer', TypeError, "a tool config is a dict with the key 'type', got 'Hammer'"),
        (None, TypeError, "a tool config is a dict with the key 'type', got None"),
        (
            {'type': 'Hammer', 'wieght': 1},
            TypeError,
            "tool Hammer has no argument 'wieght'. Did you mean 'weight'? Known: handle, weight.",
        ),
        (
            {'type': 'make_saw', 'tooth': 1},
            TypeError,
            "tool make_saw has no argument 'tooth'. Did you mean 'teeth'? Known: teeth.",
        ),
    ],
)
def test_wrong_configs_get_a_hint(cfg: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        build(TOOLS, cfg)


def test_defaults_are_checked_too() -> None:
    with pytest.raises(TypeError, match="tool make_saw has no argument 'colour'"):
        build(TOOLS, {'type': 'make_saw', 'teeth': 3}, colour='red')


def test_arguments_are_checked_without_a_call() -> None:
    def explode(fuse: int) -> None:
        raise AssertionError('was called')

    check_arguments(explode, {'fuse': 1}, 'here')
    with pytest.raises(TypeError, match=r"here has no argument 'fuze'. Did you mean 'fuse'\?"):
        check_arguments(explode, {'fuze': 1}, 'here')


@pytest.mark.parametrize('scope', ['mmpretrain', 'mmdet'])
def test_build_does_not_touch_the_default_scope(scope: str) -> None:
    seen = []

    def look() -> None:
        current = DefaultScope.get_current_instance()
        seen.append(current and current.scope_name)

    TOOLS.register_module(name='look', module=look)
    try:
        with DefaultScope.overwrite_default_scope(scope):
            build(TOOLS, {'type': 'ostrdet.look'})
            look()
    finally:
        TOOLS.module_dict.pop('look')
    assert seen == [scope, scope]


@pytest.mark.parametrize('name', ['SPACES', 'OPS', 'WEIGHTINGS', 'ARCH_UPDATES', 'CRITERIA'])
def test_own_roots_import_their_members_and_have_no_parent(name: str) -> None:
    registry: Registry = getattr(registries, name)
    assert registry.parent is None
    with pytest.raises(KeyError, match=rf"unknown {registry.name} 'nothing'.*Known: \w+"):
        lookup(registry, 'nothing')


CHILDREN = {
    'MODELS': 'model',
    'DATASETS': 'dataset',
    'DATA_SAMPLERS': 'data sampler',
    'TRANSFORMS': 'transform',
    'METRICS': 'metric',
    'HOOKS': 'hook',
    'LOOPS': 'loop',
    'OPTIM_WRAPPERS': 'optim_wrapper',
    'OPTIM_WRAPPER_CONSTRUCTORS': 'optimizer wrapper constructor',
    'VISUALIZERS': 'visualizer',
}


@pytest.mark.parametrize('name', CHILDREN)
def test_children_hang_below_the_roots_of_mmengine(name: str) -> None:
    import mmengine.registry

    registry: Registry = getattr(registries, name)
    assert registry.parent is getattr(mmengine.registry, name)
    assert registry.scope == 'ostrdet'
    assert registry.name == CHILDREN[name]


FRESH = """
import subprocess
import sys
from ostrdet.commands.base import import_libraries
import_libraries()
import ostrdet.apis.rehearse, ostrdet.apis.search
from ostrdet.registry import MODELS
from ostrdet.settings.search import load_config
load_config('configs/search/ostr_nb201_digits.py')
print(*(name for name in sys.argv[1:] if name in sys.modules))
for name in ('DerivedImageClassifier', 'ostrdet.AuxiliaryClsHead', 'mmpretrain.ResNet', 'Lost'):
    print(getattr(MODELS.get(name), '__module__', None))
"""
#: What takes a quarter of a second or more to import, and no search needs to start.
HEAVY = ('mmdet', 'mmpretrain.models', 'sklearn', 'scipy', 'networkx', 'matplotlib.pyplot')


def test_a_search_imports_no_zoo_and_a_classifier_is_found_all_the_same(repo_root: Path) -> None:
    done = subprocess.run(
        [sys.executable, '-c', FRESH, *HEAVY], capture_output=True, text=True, cwd=repo_root
    )
    assert done.stdout.splitlines() == [
        '',
        'ostrdet.models.mmpretrain_classifier',
        'ostrdet.models.mmpretrain_classifier',
        'mmpretrain.models.backbones.resnet',
        'None',
    ], done.stderr
