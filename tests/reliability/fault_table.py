"""The faults that are seeded, and the tests that should notice each."""

from pathlib import Path
from typing import Any

from fault import Fault


def _one_order(sound: Any) -> Any:
    return lambda self, epoch, start: sound(self, 0, start)


def _swapped(sound: Any) -> Any:
    return lambda *args, **kwargs: sound(*args, **kwargs)[::-1]


def _attached(sound: Any) -> Any:
    def leaves_of(mix: Any, requires_grad: bool) -> Any:
        return sound(mix, requires_grad) if requires_grad else mix

    return leaves_of


def _absolute_first(sound: Any) -> Any:
    return lambda grad, **kwargs: sound(grad.abs_(), **kwargs)


def _lost(_: Any) -> Any:
    return lambda self, state: self.reset()


def _in_place(sound: Any) -> Any:
    def replace(self: Path, target: Path) -> Path:
        target.write_bytes(self.read_bytes())
        self.unlink()
        return target

    def write_atomically(path: Path, data: bytes) -> None:
        kept, Path.replace = Path.replace, replace  # type: ignore[method-assign]
        try:
            sound(path, data)
        finally:
            Path.replace = kept  # type: ignore[method-assign]

    return write_atomically


def _old_first(sound: Any) -> Any:
    def save(self: Any, *args: Any, **kwargs: Any) -> None:
        from ostrdet.engine.checkpoint import AtomicBackend, checkpoints

        for old in checkpoints(self.out_dir)[self.max_keep_ckpts - 1 :]:
            AtomicBackend().remove(old)
        sound(self, *args, **kwargs)

    return save


def _believed(sound: Any) -> Any:
    def latest_checkpoint(folder: Any, *args: Any, **kwargs: Any) -> Any:
        pointer = Path(folder) / 'last_checkpoint'
        if pointer.is_file():
            return Path(pointer.read_text(encoding='utf-8'))
        return sound(folder, *args, **kwargs)

    return latest_checkpoint


def _unpickled(sound: Any) -> Any:
    return lambda *args, **kwargs: sound(*args, **{**kwargs, 'weights_only': False})


def _with_getattr(sound: Any) -> Any:
    def read_plain(path: Any) -> Any:
        from torch import _weights_only_unpickler as unpickler

        unpickler._get_allowed_globals().update({'builtins.getattr': getattr})
        return sound(path)

    return read_plain


def _not_compared(sound: Any) -> Any:
    def damage_of(path: Path) -> str | None:
        from ostrdet.engine.checkpoint.atomic_files import sum_of

        is_believed = path.stat().st_size and sum_of(path).is_file()
        return None if is_believed else sound(path)

    return damage_of


def _without_epoch(sound: Any) -> Any:
    return lambda *keys: sound(keys[0], *keys[2:])


def _forgotten(sound: Any) -> Any:
    def check_optimizers(cfg: Any) -> None:
        wrappers = set(cfg.get('optim_wrapper') or ()) - {'constructor', 'paramwise_cfg'}
        schedulers = cfg.get('param_scheduler')
        if isinstance(schedulers, dict):
            cfg = {**cfg, 'param_scheduler': {**{key: [] for key in wrappers}, **schedulers}}
        sound(cfg)

    return check_optimizers


def _obeyed(_: Any) -> Any:
    import yaml

    return lambda self, file, **kwargs: yaml.unsafe_load(file)


def _nothing(_: Any) -> Any:
    return lambda *args, **kwargs: None


def _as_given(_: Any) -> Any:
    return lambda value: value


def _of_mmengine(_: Any) -> Any:
    from mmengine.runner import Runner

    return Runner.build_train_loop


FAULTS: dict[str, Fault] = {
    'architecture half in one order': Fault(
        'ostrdet.engine.loops.bilevel_train',
        'BilevelTrainLoop._arch_batches',
        _one_order,
        ('tests/engine/loops/test_bilevel_train.py',),
    ),
    'halves swapped': Fault(
        'ostrdet.engine.loops.bilevel_train',
        'split_indices',
        _swapped,
        ('tests/engine/loops/test_bilevel_train.py',),
    ),
    'gradients of the weights reach alpha': Fault(
        'ostrdet.models.searchers.bilevel',
        'leaves_of',
        _attached,
        ('tests/models/searchers/test_bilevel.py',),
    ),
    'absolute value before the mean over processes': Fault(
        'ostrdet.models.searchers.bilevel',
        'all_reduce',
        _absolute_first,
        ('tests/models/searchers/test_bilevel.py', 'tests/selection'),
    ),
    'sums lost on resume': Fault(
        'ostrdet.selection.panel',
        'Panel.load_state_dict',
        _lost,
        ('tests/engine/test_resume.py', 'tests/engine/hooks/test_selector.py'),
    ),
    'saved before the selection': Fault(
        'ostrdet.engine.hooks.selector',
        'SelectorHook.priority',
        lambda _: 'LOWEST',
        ('tests/engine/hooks/test_selector.py', 'tests/engine/test_resume.py'),
    ),
    'written in place': Fault(
        'ostrdet.structures.atomic',
        'write_atomically',
        _in_place,
        ('tests/engine/checkpoint/test_atomic.py',),
    ),
    'old checkpoints deleted first': Fault(
        'ostrdet.engine.hooks.safe_checkpoint',
        'SafeCheckpointHook._save',
        _old_first,
        ('tests/engine/hooks/test_safe_checkpoint.py',),
    ),
    'pointer believed': Fault(
        'ostrdet.engine.checkpoint.latest',
        'latest_checkpoint',
        _believed,
        ('tests/engine/checkpoint/test_latest.py',),
    ),
    'checkpoints unpickled': Fault(
        'ostrdet.engine.checkpoint.state',
        'torch.load',
        _unpickled,
        ('tests/engine/checkpoint/test_state.py',),
    ),
    'getattr among the names allowed': Fault(
        'ostrdet.engine.checkpoint.state',
        'read_plain',
        _with_getattr,
        ('tests/engine/checkpoint/test_state.py',),
    ),
    'checksums not compared': Fault(
        'ostrdet.engine.checkpoint.latest',
        'damage_of',
        _not_compared,
        ('tests/engine/checkpoint/test_latest.py',),
    ),
    'one augmentation for all epochs': Fault(
        'ostrdet.datasets.seeded_subset',
        'seed_generators',
        _without_epoch,
        ('tests/datasets/test_seeded_subset.py',),
    ),
    'scheduler of alpha forgotten': Fault(
        'ostrdet.settings.components',
        '_check_optimizers',
        _forgotten,
        ('tests/apis/test_search_bad_input.py', '-k', 'scheduler'),
    ),
    'tags of YAML obeyed': Fault(
        'ostrdet.compat.safe_yaml',
        'SafeYamlHandler.load_from_fileobj',
        _obeyed,
        ('tests/reliability/test_hostile_files.py',),
    ),
    'dotted types imported': Fault(
        'ostrdet.settings.load',
        'check_names',
        _nothing,
        ('tests/reliability/test_hostile_files.py',),
    ),
    'back ends not isolated': Fault(
        'ostrdet.engine.runner.seeded_runner',
        'isolate',
        _as_given,
        ('tests/engine/test_isolated_backend.py',),
    ),
    'epochs of nothing': Fault(
        'ostrdet.engine.runner.seeded_runner',
        'SeededRunner.build_train_loop',
        _of_mmengine,
        ('tests/reliability/bad_input/test_values.py', '-k', 'nothing'),
    ),
    'no lock': Fault(
        'ostrdet.engine.checkpoint.lock',
        '_take',
        _nothing,
        ('tests/engine/checkpoint/test_lock.py',),
    ),
    'numbers that are not finite saved': Fault(
        'ostrdet.engine.hooks.finite',
        'FiniteHook.before_save_checkpoint',
        _nothing,
        ('tests/engine/hooks/test_finite.py',),
    ),
}
