"""The true change of the loss: a plain loop over forwards, what it leaves alone, and its bounds."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from ostrdet.errors import InvalidValueError
from ostrdet.models.searchers import SupernetProbe
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import CRITERIA, build
from ostrdet.selection import LossChange

pytestmark = pytest.mark.usefixtures('float64')

Batch = Any


@pytest.fixture
def searcher() -> Any:
    from ostrdet.models.searchers import BilevelSearcher

    torch.manual_seed(0)
    space = {'type': 'NASBench201Space', 'num_nodes': 2}
    net = {'type': 'Supernet', 'space': space, 'channels': 4, 'num_cells': 1, 'num_classes': 3}
    return BilevelSearcher({**net, 'engine': 'plain'}, init_std=0.5).train()


@pytest.fixture
def batches(searcher: Any) -> list[Any]:
    from ostrdet.models.arch_updates import Batch

    return [Batch(torch.randn(6, 3, 8, 8), torch.arange(6) % 3) for _ in range(2)]


def plain_loss(searcher: Any, batch: Any, p_EO: torch.Tensor) -> float:
    """A forward of a copy, so that the running statistics of the searcher stay."""
    from copy import deepcopy

    net = deepcopy(searcher.supernet)
    with torch.no_grad():
        return F.cross_entropy(net(batch.images, {'cell': MixWeights(p_EO)}), batch.labels).item()


@pytest.mark.parametrize('engine', ['plain', 'fast'])
def test_scores_equal_a_loop_over_forwards(searcher: Any, batches: list[Any], engine: str) -> None:
    state = searcher.arch_state()
    p_EO = state.op_weights['cell']
    expected_EO = torch.zeros(3, 5)
    for edge in range(3):
        for op in range(5):
            alone_EO = p_EO.clone()
            alone_EO[edge] = F.one_hot(torch.tensor(op), 5)
            changes = [
                plain_loss(searcher, b, alone_EO) - plain_loss(searcher, b, p_EO) for b in batches
            ]
            expected_EO[edge, op] = -sum(changes) / len(changes)
    if engine == 'fast':
        from ostrdet.models.networks import Supernet

        net = Supernet(searcher.space, 4, 1, 3, engine='fast')
        net.load_state_dict(searcher.supernet.state_dict())
        searcher.supernet = net
    criterion, probe = LossChange(batches=2), SupernetProbe(searcher, batches)
    criterion.evaluate(probe, state)
    found_EO = criterion.scores(state)['cell']
    torch.testing.assert_close(found_EO, expected_EO, rtol=1e-12, atol=1e-12)
    assert probe.forward_passes == 2 * (1 + 3 * 5)


def test_a_candidate_whose_weight_underflows_is_judged(searcher: Any, batches: list[Any]) -> None:
    with torch.no_grad():
        searcher.alphas['cell'][0, 2] = -1e4
    state = searcher.arch_state()
    assert state.op_weights['cell'][0, 2] == 0
    criterion = LossChange(batches=2)
    criterion.evaluate(SupernetProbe(searcher, batches), state)
    p_EO = state.op_weights['cell']
    alone_EO = p_EO.clone()
    alone_EO[0] = F.one_hot(torch.tensor(2), 5)
    changes = [plain_loss(searcher, b, alone_EO) - plain_loss(searcher, b, p_EO) for b in batches]
    expected = -sum(changes) / len(changes)
    assert criterion.scores(state)['cell'][0, 2].item() == pytest.approx(expected, rel=1e-10)


def test_nothing_is_left_changed(searcher: Any, batches: list[Any]) -> None:
    before = {name: value.clone() for name, value in searcher.state_dict().items()}
    rng = torch.get_rng_state()
    LossChange().evaluate(SupernetProbe(searcher, batches), searcher.arch_state())
    assert torch.equal(torch.get_rng_state(), rng)
    assert all(torch.equal(value, before[name]) for name, value in searcher.state_dict().items())
    assert all(parameter.grad is None for parameter in searcher.parameters())


def test_scores_are_kept_forgotten_and_saved(searcher: Any, batches: list[Any]) -> None:
    criterion, state = LossChange(), searcher.arch_state()
    assert criterion.scores(state) is None
    criterion.evaluate(SupernetProbe(searcher, batches), state)
    resumed = LossChange()
    resumed.load_state_dict(criterion.state_dict())
    assert torch.equal(resumed.scores(state)['cell'], criterion.scores(state)['cell'])
    criterion.reset()
    assert criterion.scores(state) is None


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'batches': 0}, 'batches=0'),
        ({'batches': 2.5}, r'batches=2\.5'),
        ({'when': 'now'}, "when='now'"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        build(CRITERIA, {'type': 'LossChange', **options})


def test_a_search_is_the_same_beside_it(run_search: Callable[..., Any]) -> None:
    torch.set_default_dtype(torch.float32)
    judge = {'type': 'LossChange', 'batches': 2, 'when': 'epoch'}
    beside = {'default_hooks.selector.compare': ['Magnitude', judge]}
    alone = run_search('alone', {'default_hooks.selector.compare': ['Magnitude']})
    judged = run_search('judged', beside)
    for epoch in (1, 2):
        one, other = (run.checkpoint(epoch)['state_dict'] for run in (alone, judged))
        assert all(torch.equal(one[name], other[name]) for name in one)
    assert [line['scores']['LossChange'] is None for line in judged.lines] == [False, False]
    end = run_search('end', {'default_hooks.selector.compare': [{**judge, 'when': 'end'}]})
    assert [line['genotypes']['LossChange'] is None for line in end.lines] == [True, False]
    assert end.lines[1]['scores']['LossChange'] == judged.lines[1]['scores']['LossChange']


def test_a_search_that_a_stop_rule_ends_is_judged_at_its_end(
    run_search: Callable[..., Any],
) -> None:
    torch.set_default_dtype(torch.float32)
    judge = {'type': 'LossChange', 'batches': 2}
    overrides = {
        'default_hooks.selector.criterion': {'type': 'Magnitude'},
        'default_hooks.selector.compare': [judge],
        'default_hooks.selector.patience': 1,
        'optim_wrapper.arch.optimizer.lr': 0.0,
        'train_cfg.max_epochs': 4,
    }
    stopped = run_search('stopped', overrides)
    found = [line['genotypes']['LossChange'] for line in stopped.lines]
    assert len(found) < 4
    assert found[:-1] == [None] * (len(found) - 1)
    from ostrdet.apis.select import select

    (judged,) = select(stopped.folder, ['LossChange'])
    assert found[-1] == judged.text


def test_a_type_twice_is_refused(run_search: Callable[..., Any]) -> None:
    twice = [{'type': 'LossChange', 'batches': 1}, {'type': 'LossChange', 'batches': 2}]
    with pytest.raises(InvalidValueError, match='compare holds LossChange twice'):
        run_search(overrides={'default_hooks.selector.compare': twice})


def test_scores_are_those_of_training_mode_in_either_mode(
    searcher: Any, batches: list[Any]
) -> None:
    state, criterion = searcher.arch_state(), LossChange(batches=2)
    criterion.evaluate(SupernetProbe(searcher, batches), state)
    expected_EO = criterion.scores(state)['cell']
    searcher.eval()
    criterion.evaluate(SupernetProbe(searcher, batches), state)
    assert torch.equal(criterion.scores(state)['cell'], expected_EO)
    assert not any(module.training for module in searcher.modules())


def test_a_search_and_the_tool_choose_alike(run_search: Callable[..., Any]) -> None:
    from ostrdet.apis.select import select

    torch.set_default_dtype(torch.float32)
    judge = {'type': 'LossChange', 'batches': 2}
    run = run_search('judged', {'default_hooks.selector.compare': [judge]})
    (found,) = select(run.folder, ['LossChange'], batches=2)
    assert found.text == run.lines[-1]['genotypes']['LossChange']


def test_more_batches_than_there_are_are_refused_before_the_search(
    run_search: Callable[..., Any], tmp_path: Any
) -> None:
    torch.set_default_dtype(torch.float32)
    greedy = {'default_hooks.selector.compare': [{'type': 'LossChange', 'batches': 99}]}
    with pytest.raises(InvalidValueError, match='batches=99, expected at most 4'):
        run_search(overrides=greedy)
    assert not list(tmp_path.glob('run/*.pth'))
