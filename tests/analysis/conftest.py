"""A small searcher in double precision, and minibatches for it."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.commands.analyze import main
from ostrdet.models.arch_updates import Batch

CLASSES = 3
#: By space: what makes its cells small.
SMALL: dict[str, dict[str, Any]] = {
    'NASBench201Space': {'num_nodes': 2},
    'DARTSSpace': {'num_nodes': 1, 'ops': ('none', 'max_pool_3x3', 'skip_connect', 'dil_conv_3x3')},
}


@pytest.fixture
def make_searcher(float64: None) -> Callable[..., Any]:
    """Makes a searcher of a space with small cells, by the plain engine."""
    from ostrdet.models.searchers import BilevelSearcher

    def make(space: str = 'NASBench201Space', **options: Any) -> BilevelSearcher:
        supernet = {
            'type': 'Supernet',
            'space': {'type': space, **SMALL[space]},
            'channels': 4,
            'num_cells': 3 if space == 'DARTSSpace' else 1,
            'num_classes': CLASSES,
            'engine': 'plain',
        }
        return BilevelSearcher(supernet, init_std=0.5, **options).double().train()

    return make


@pytest.fixture
def batch_losses(float64: None) -> Callable[..., list[Any]]:
    """Makes the losses of some minibatches as functions of the mix weights."""

    def make(searcher: Any, number: int = 1) -> list[Any]:
        batches = [Batch(torch.randn(5, 3, 8, 8), torch.arange(5) % CLASSES) for _ in range(number)]
        return [partial(searcher.mix_loss, batch) for batch in batches]

    return make


@pytest.fixture
def refuses(
    searches: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[str, list[str], str], None]:
    """Checks that an analysis answers options with one line on stderr, and writes nothing."""

    def check(command: str, options: list[str], message: str) -> None:
        argv = [command, str(searches.folders[0]), '--out', str(tmp_path / 'out'), *options]
        assert main(argv) == 2
        assert re.fullmatch(f'error: .*{re.escape(message)}.*\n', capsys.readouterr().err)
        assert not (tmp_path / 'out').exists()

    return check
