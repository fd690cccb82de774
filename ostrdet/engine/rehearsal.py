"""A rehearsal of a run: what can only fail after an epoch, in the validation, fails before it."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

import torch
from mmengine.runner import BaseLoop, Runner
from mmengine.runner.amp import autocast
from mmengine.structures import InstanceData
from torch.utils.data import DataLoader

from ostrdet.engine.built import is_own, reason_of
from ostrdet.errors import USER_ERRORS, InvalidValueError
from ostrdet.models.unwrap import unwrapped
from ostrdet.registry import nearest

SAMPLES = 2
#: What a detector says of a box.
BOX = {'bboxes', 'labels', 'scores'}


def rehearse(runner: Runner, names: Sequence[str] = ('train', 'val')) -> None:
    """Read samples of every loop; compute the loss of a training, predict and evaluate a validation.

    Samples are read by this process, whatever the number of workers. Nothing is kept.

    Args:
        runner: A runner whose loops are built, with its model.
        names: 'train', 'val', 'test': the loops, of which some may be missing.

    Raises:
        InvalidValueError: If a sample can't be read, the model can't learn or predict it, the
            metrics can't evaluate predictions, or a hook asks for a metric that there is not.
    """
    for name in names:
        loop = getattr(runner, f'_{name}_loop')
        if isinstance(loop, BaseLoop):
            _rehearse_loop(runner, loop, name)


def _rehearse_loop(runner: Runner, loop: Any, name: str) -> None:
    loader: DataLoader = loop.dataloader
    with _named(f'{name}_dataloader.dataset: a sample can not be read'):
        batch = _batch(loader)
    if name == 'train':
        with _named(
            'model: the loss of images of train_dataloader can not be computed',
            'fix the loss or the layers in model, or the labels of the data',
        ):
            _loss(runner, batch)
        return
    runner.call_hook(f'before_{name}')  # what hooks check before a validation, they check now
    with _named(f'model: the network can not predict an image of {name}_dataloader'):
        samples = _predict(runner, loop, batch, name)
    classes = (getattr(loader.dataset, 'metainfo', None) or {}).get('classes') or ()
    mend = f'make it fit {name}_dataloader.dataset, its annotation file and its classes'
    with _named(f'{name}_evaluator: predictions can not be evaluated', mend):
        boxed = [_with_boxes(sample, len(classes)) for sample in samples]
        metrics = _evaluate(loop, batch, boxed)
    if name == 'val' and metrics:
        _check_monitors(runner, metrics)


def _batch(loader: DataLoader) -> Any:
    """The first samples of a loader as a batch."""
    sampler: Any = loader.batch_sampler
    indices = list(next(iter(sampler)))[:SAMPLES]
    return loader.collate_fn([loader.dataset[index] for index in indices])


def _predict(runner: Runner, loop: Any, batch: Any, name: str) -> Any:
    model, was_training = runner.model, runner.model.training
    step: Any = model.test_step if name == 'test' else model.val_step
    model.eval()
    try:
        with torch.no_grad(), autocast(enabled=loop.fp16):
            return step(batch)
    finally:
        model.train(was_training)


def _loss(runner: Runner, batch: Any) -> None:
    """Compute the loss of a batch, which leaves no trace in a network that evaluates."""
    model = unwrapped(runner.model)
    if not hasattr(model, 'loss') or runner.cfg.get('compile'):
        return  # a search has two of them; and compiling for this would take minutes
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            model(**model.data_preprocessor(batch, training=True), mode='loss')
    finally:
        model.train(was_training)


def _with_boxes(sample: Any, num_classes: int) -> Any:
    """A box of every class: an untrained detector may see none, and a metric would not be tried."""
    found = sample.get('pred_instances') if hasattr(sample, 'get') else None
    if found is not None and set(found.keys()) == BOX and num_classes:
        boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]]).repeat(num_classes, 1)
        labels, scores = torch.arange(num_classes), torch.ones(num_classes)
        sample.pred_instances = InstanceData(bboxes=boxes, labels=labels, scores=scores)
    return sample


def _check_monitors(runner: Runner, metrics: Mapping[str, float]) -> None:
    """Check that there is every metric that a hook or a schedule will ask for."""
    asked = [
        (type(hook).__name__, name)
        for hook in runner.hooks
        for name in (*(getattr(hook, 'save_best', None) or []), getattr(hook, 'monitor', None))
    ]
    schedulers: Any = runner.param_schedulers
    listed = schedulers.values() if isinstance(schedulers, dict) else [schedulers]
    asked += [
        ('param_scheduler', getattr(one, 'monitor', None))
        for several in listed
        for one in several or ()
    ]
    for who, name in asked:
        if name not in (None, 'auto', *metrics):
            raise InvalidValueError(
                f"{who}: the validation gives no '{name}'. {nearest(name, metrics)}"
            )


def _evaluate(loop: Any, batch: Any, samples: Any) -> dict[str, float]:
    with redirect_stdout(io.StringIO()):  # pycocotools prints tables
        loop.evaluator.process(data_samples=samples, data_batch=batch)
        metrics: dict[str, float] = loop.evaluator.evaluate(len(loop.dataloader.dataset))
    return metrics


@contextmanager
def _named(what: str, mend: str = 'fix the config or the data') -> Iterator[None]:
    """Say what was tried when a library raises, except that memory lacks or a file is missing."""
    try:
        yield
    except (*USER_ERRORS, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if is_own(error) or 'allocate memory' in str(error):
            raise
        raise InvalidValueError(f'{what}: {reason_of(error)}; {mend}') from error
