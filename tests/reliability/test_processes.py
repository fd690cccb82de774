"""Several processes are one with their batches together, and agree to the bit."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from mmengine.config import Config
from torch import Tensor, nn

from ostrdet.apis.search import search
from ostrdet.apis.train import train
from ostrdet.engine.checkpoint import read_checkpoint
from ostrdet.registry import MODELS, SPACES
from ostrdet.spaces import DARTSSpace
from ostrdet.structures import StemPlan, load_genotype

#: BatchNorm sees the batch of its own process, so that nothing here may have one.
NORM_FREE = {
    'model.supernet.space': {'type': 'NormFreeSpace', 'num_nodes': 2},
    'model.supernet.stem': 'PlainStem',
    'model.supernet.norm_cfg': {'type': 'NoNorm'},
    'model.supernet.num_cells': 3,
    # Without it small weights get small gradients, which agree whatever is wrong
    'optim_wrapper.arch.optimizer.lr': 0.1,
}
TOLERANCE = 1e-6


class NoNorm(nn.Identity):
    """A normalisation that does nothing."""


class PlainStem(nn.Module):
    """A convolution alone."""

    def __init__(self, plan: StemPlan) -> None:
        super().__init__()
        self.num_states = len(plan.outputs)
        self.conv = nn.Conv2d(3, plan.outputs[0].channels, 3, padding=1)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return (self.conv(images),) * self.num_states


@dataclass(frozen=True)
class NormFreeSpace(DARTSSpace):
    """That of DARTS behind such a stem."""

    stems: ClassVar[Any] = {'PlainStem': ((3, 1), (3, 1))}


Run = Callable[..., Any]
PARTS = ((MODELS, NoNorm), (MODELS, PlainStem), (SPACES, NormFreeSpace))


@pytest.fixture(scope='module', autouse=True)
def _norm_free_parts() -> Iterator[None]:
    for registry, part in PARTS:
        registry.register_module(module=part)
    yield
    for registry, part in PARTS:
        del registry.module_dict[part.__name__]


def run_process(run: Run, config: Any, folder: Path, rank: int, processes: int) -> None:
    """The child: one of the processes of a run; what it ends with goes to a file."""
    os.environ |= {'RANK': str(rank), 'LOCAL_RANK': str(rank), 'WORLD_SIZE': str(processes)}
    os.environ |= {'MASTER_ADDR': 'localhost', 'MASTER_PORT': '0', 'MKL_NUM_THREADS': '1'}
    if processes > 1:
        torch.distributed.init_process_group(
            'gloo', init_method=f'file://{folder}.store', rank=rank, world_size=processes
        )
    launcher = 'pytorch' if processes > 1 else 'none'
    runner = run(config, work_dir=folder, launcher=launcher)
    torch.save(getattr(runner.model, 'find_unused_parameters', None), f'{folder}.{rank}.unused')
    torch.save(runner.model.state_dict(), f'{folder}.{rank}')
    if processes > 1:
        torch.distributed.destroy_process_group()


def run_together(run: Run, config: Any, folder: Path, processes: int) -> list[dict[str, Tensor]]:
    """A search or training in so many processes; the final state of each."""
    context = multiprocessing.get_context('fork')
    children = [
        context.Process(target=run_process, args=(run, config, folder, rank, processes))
        for rank in range(processes)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    return [torch.load(f'{folder}.{rank}', weights_only=True) for rank in range(processes)]


def without_wrapper(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.replace('module.', ''): value for name, value in state.items()}


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
@pytest.mark.filterwarnings('ignore:`broadcast_buffers` is deprecated:FutureWarning')  # of mmengine
def test_two_processes_are_one_of_both_batches(tiny_config: Any, tmp_path: Path) -> None:
    finals, scores, genotypes = {}, {}, {}
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        batch = {'train_dataloader.batch_size': 16 // processes}
        states = run_together(search, tiny_config({**NORM_FREE, **batch}), folder, processes)
        for state in states[1:]:
            assert all(torch.equal(states[0][name], value) for name, value in state.items())
        finals[processes] = without_wrapper(states[0])
        criteria = read_checkpoint(folder / 'epoch_2.pth')['selector']['criteria']
        scores[processes] = criteria['OperationStrength']['sums']
        genotypes[processes] = load_genotype(folder / 'genotype.json').to_dict()
    assert finals[1].keys() == finals[2].keys()
    for name, value in finals[1].items():
        torch.testing.assert_close(finals[2][name], value, rtol=0, atol=TOLERANCE, msg=name)
    for name, sums_EO in scores[1].items():
        close = TOLERANCE * sums_EO.max().item()  # scores themselves are far below one
        torch.testing.assert_close(scores[2][name], sums_EO, rtol=0, atol=close)
    assert genotypes[1] == genotypes[2]


#: Weightings that draw; a hard draw leaves weights without a gradient.
DRAWS = (
    {'type': 'GumbelWeighting', 'tau': 0.5},
    {'type': 'GumbelWeighting', 'hard': True},
    {'type': 'CategoricalWeighting'},
    {'type': 'DirichletWeighting'},
)


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
@pytest.mark.filterwarnings('ignore:`broadcast_buffers` is deprecated:FutureWarning')  # of mmengine
@pytest.mark.filterwarnings('ignore:Grad strides do not match:UserWarning')  # of 1x1 kernels
@pytest.mark.parametrize('weighting', DRAWS, ids=str)
def test_processes_draw_alike(weighting: Any, tiny_config: Any, tmp_path: Path) -> None:
    overrides = {
        'model.weighting': weighting,
        'model_wrapper_cfg.find_unused_parameters': True,
        'default_hooks.selector.probe': 2,
        'train_dataloader.batch_size': 8,
    }
    one, other = run_together(search, tiny_config(overrides), tmp_path / 'run', 2)
    for name, value in one.items():
        if 'running' not in name and 'num_batches' not in name:  # of the batch of a process
            assert torch.equal(value, other[name]), name


#: Nothing but 'none' reads its first convolution; node 2 of the other is cut off whole.
UNREAD = (
    '|nor_conv_3x3~0|+|nor_conv_1x1~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|',
    '|nor_conv_1x1~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|none~2|',
)
TRAINING = {
    'model.backbone.channels': 4,
    'model.backbone.norm_eval': True,  # BatchNorm would see the batch of its own process
    'train_cfg.max_epochs': 2,
    'train_dataloader.dataset.size': 8,
    'train_dataloader.dataset.indices': range(64),
    'val_dataloader.dataset.size': 8,
    'val_dataloader.dataset.indices': range(32),
}


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
@pytest.mark.parametrize(
    ('cell', 'options'),
    [(UNREAD[0], {}), (UNREAD[1], {'find_unused_parameters': True})],
)
def test_weights_that_only_none_reads_are_trained_around(
    cell: str, options: dict[str, Any], tmp_path: Path, repo_root: Path, quick_dump: None
) -> None:
    """Without a look for unused parameters, and with one, which any config may ask for."""
    finals = {}
    for processes in (1, 2):
        config = Config.fromfile(repo_root / 'configs' / 'retrain' / 'nb201_digits.py')
        batch = {'train_dataloader.batch_size': 16 // processes}
        config.merge_from_dict({**TRAINING, 'model.backbone.genotype': cell, **batch, **options})
        folder = tmp_path / str(processes)
        states = run_together(train, config, folder, processes)
        assert all(torch.equal(states[0][name], states[-1][name]) for name in states[0])
        finals[processes] = without_wrapper(states[0])
    looked = torch.load(f'{tmp_path / "2"}.0.unused')
    assert looked == bool(options)
    assert finals[1].keys() == finals[2].keys()
    for name, value in finals[1].items():
        torch.testing.assert_close(finals[2][name], value, rtol=0, atol=TOLERANCE, msg=name)


HOOK = """
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from ostrdet.models.unwrap import searcher_of
from ostrdet.registry import HOOKS


@HOOKS.register_module()
class WriteArchitectureHook(Hook):
    def after_train(self, runner):
        state = {**searcher_of(runner).alphas, **dict(runner.model.named_parameters())}
        torch.save(state, f'{runner.work_dir}/rank_{get_rank()}.pt')
"""


def test_the_real_space_under_torchrun(tiny_config: Any, tmp_path: Path, repo_root: Path) -> None:
    (tmp_path / 'write_architecture.py').write_text(HOOK, encoding='utf-8')
    overrides = {
        'custom_imports': {'imports': ['write_architecture']},
        'custom_hooks': [{'type': 'WriteArchitectureHook'}],
        'train_dataloader.batch_size': 8,
    }
    config, folder = tmp_path / 'config.py', tmp_path / 'run'
    tiny_config(overrides).dump(config)
    launch = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node=2']
    tool = [str(repo_root / 'tools' / 'search.py'), str(config), '--launcher', 'pytorch']
    environment = {**os.environ, 'PYTHONPATH': f'{repo_root}{os.pathsep}{tmp_path}'}
    done = subprocess.run(
        [*launch, *tool, '--work-dir', str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, second = (torch.load(folder / f'rank_{rank}.pt', weights_only=True) for rank in (0, 1))
    assert 'cell' in first
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert load_genotype(folder / 'genotype.json').provenance['epoch'] == 2
    assert done.stdout.count('epoch 2/2') == 1
