"""Stop rules: the numbers of RobustDARTS, what ends a search, and what can't be fed."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from ostrdet.registry import STOP_RULES, build
from ostrdet.selection import EpochView, StopRules
from ostrdet.selection.stop_rules import CurvatureRise, StableCell, StableRanks, TooManySkips
from ostrdet.spaces import DARTSSpace, NASBench201Space
from ostrdet.structures import ArchState, Genotype

SPACE = NASBench201Space()
SKIP, CONV = SPACE.ops.index('skip_connect'), SPACE.ops.index('nor_conv_3x3')
#: Largest eigenvalues at epochs 0, 2, 4, ... of a search in S1, as RobustDARTS published them.
REAL = [
    *(0.17884428750785392, 0.14816719417910823, 0.17029720895923, 0.14641329333841546),
    *(0.12114006209587941, 0.24883333331168612, 0.23113010352216418, 0.35953534902973594),
    *(0.22455981222573235, 0.38594992163443465, 0.20847165286159586, 0.4297574231170116),
    *(0.5082562269022424, 0.22868667081654742, 0.4098440505888934, 0.5024000978182882),
]
SYNTHETIC = [
    *(0.2, 0.21, 0.2, 0.22, 0.21, 0.22, 0.23, 0.24, 0.26, 0.29, 0.33, 0.38, 0.44, 0.5, 0.55, 0.6)
]
SLOW = [
    *(0.1, 0.11, 0.1, 0.12, 0.11, 0.12, 0.12, 0.13, 0.12, 0.13, 0.13, 0.14, 0.13, 0.15, 0.16),
    *(0.18, 0.2, 0.24, 0.28, 0.33, 0.4, 0.5, 0.6, 0.7, 0.8),
]


def cell(ops: Sequence[str]) -> Genotype:
    text = '|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|'.format(*ops)
    return SPACE.parse(text)


def numbered(epoch: int) -> Genotype:
    """Another genotype for every epoch."""
    ops = itertools.islice(itertools.product(SPACE.ops, repeat=6), epoch, None)
    return cell(next(ops))


def view(epoch: int, **changes: Any) -> EpochView:
    alphas = {'cell': torch.zeros(6, 5)}
    facts: dict[str, Any] = {
        'is_last': False,
        'has_moved': True,
        'state': ArchState(alphas=alphas, op_weights=alphas, edge_weights={'cell': None}),
        'genotypes': {'Magnitude': numbered(epoch)},
        'chosen': 'Magnitude',
        'stable_epochs': 0,
        'curvature': lambda: 0.0,
    }
    return EpochView(epoch=epoch, **{**facts, **changes})


def run(rule: CurvatureRise, values: Sequence[float]) -> tuple[int, Any] | None:
    """The epoch at which the rule decides, and its verdict; every epoch it is saved and restored."""
    for epoch in range(2 * len(values) - 1):
        rule.observe(view(epoch, curvature=lambda e=epoch: values[e // 2]))
        again = CurvatureRise()
        again.load_state_dict(rule.state_dict())
        assert again.verdict() == rule.verdict()
        rule = again
        if (verdict := rule.verdict()) is not None:
            return epoch, verdict
    return None


@pytest.mark.parametrize(
    ('values', 'decided', 'returned', 'ratio'),
    [(REAL, 22, 10, '1.453'), (SYNTHETIC, 22, 10, '1.339'), (SLOW, 34, 22, '1.')],
    ids=['real', 'synthetic', 'slow'],
)
def test_the_published_eigenvalues(
    values: list[float], decided: int, returned: int, ratio: str
) -> None:
    found = run(CurvatureRise(), values)
    assert found is not None
    epoch, verdict = found
    assert epoch == decided
    assert verdict.genotype == numbered(returned)
    assert f'rose to {ratio}' in verdict.reason
    assert f'epoch {returned}, counted from 0' in verdict.reason


def test_a_falling_or_negative_curvature_stops_nothing() -> None:
    assert run(CurvatureRise(), SLOW[::-1]) is None
    assert run(CurvatureRise(), [-value for value in SLOW]) is None


def test_it_measures_every_second_epoch_and_the_last() -> None:
    rule = CurvatureRise()
    for epoch in range(6):
        rule.observe(view(epoch, is_last=epoch == 5))
    assert rule.epochs == [0, 2, 4, 5]


def test_too_many_skips_counts_in_the_cell_of_its_criterion() -> None:
    one, two = (cell(['skip_connect'] * n + ['nor_conv_3x3'] * (6 - n)) for n in (1, 2))
    rule = TooManySkips()
    for magnitude, stops in ((one, False), (two, True), (one, False), (None, False)):
        genotypes = {'OperationStrength': two, 'Magnitude': magnitude}
        rule.observe(view(0, genotypes=genotypes, chosen='OperationStrength'))
        assert (rule.verdict() is not None) == stops
    other = TooManySkips(criterion='OperationStrength')
    other.observe(view(0, genotypes={'OperationStrength': two, 'Magnitude': one}))
    assert other.verdict() is not None
    rule.observe(view(0, genotypes={'Magnitude': two}, has_moved=False))
    assert rule.verdict() is None


def test_stable_ranks_looks_at_operations_that_learn() -> None:
    rule = StableRanks(epochs=2)
    rule.check(SPACE, {}, is_one_level=False)
    alpha_EO = torch.zeros(6, 5)

    def observe() -> bool:
        alphas = {'cell': alpha_EO.clone()}
        state = ArchState(alphas=alphas, op_weights=alphas, edge_weights={'cell': None})
        rule.observe(view(0, state=state))
        return rule.verdict() is not None

    assert [observe(), observe()] == [False, False]
    alpha_EO[:, SKIP] = 1.0  # it learns nothing, so it does not rank
    assert observe()
    alpha_EO[3, CONV] = 1.0
    assert [observe(), observe(), observe()] == [False, False, True]


def test_the_first_rule_that_is_met_ends_the_search() -> None:
    rules = StopRules([{'type': 'TooManySkips'}], patience=3)
    assert list(rules.rules) == ['TooManySkips', 'StableCell']
    rules.observe(view(0, stable_epochs=3))
    verdict = rules.verdict()
    assert verdict is not None
    assert verdict.reason == 'the genotype is stable for 3 epochs'
    again = StopRules(patience=3)
    again.load_state_dict(rules.state_dict())
    assert again.verdict() == verdict
    assert StopRules().verdict() is None


@pytest.mark.parametrize(
    ('cfg', 'message'),
    [
        (
            {'type': 'StableCell', 'patience': 0},
            r'selector\.stop: StableCell\.patience=0, expected',
        ),
        ({'type': 'TooManySkips', 'skips': True}, r'TooManySkips\.skips=True, expected an integer'),
        ({'type': 'StableRanks', 'epochs': -1}, r'StableRanks\.epochs=-1'),
        ({'type': 'CurvatureRise', 'window': 4}, r'window=4, expected an odd number'),
        ({'type': 'CurvatureRise', 'factor': 1.0}, r'factor=1\.0, expected more than 1'),
        ({'type': 'CurvatureRise', 'interval': 0}, r'interval=0'),
    ],
)
def test_bad_numbers(cfg: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(STOP_RULES, cfg)


def test_a_rule_twice_or_unknown() -> None:
    with pytest.raises(ValueError, match='has StableCell twice'):
        StopRules([{'type': 'StableCell', 'patience': 2}], patience=3)
    with pytest.raises(KeyError, match="Did you mean 'CurvatureRise'"):
        StopRules([{'type': 'CurvatureRaise'}])


@pytest.mark.parametrize(
    ('rule', 'space', 'criteria', 'one_level', 'message'),
    [
        (CurvatureRise(), SPACE, {}, True, 'which a search on one level has not'),
        (TooManySkips(), SPACE, {'OperationStrength': 0}, False, r"'Magnitude' is not computed"),
        (TooManySkips(cell='normale'), DARTSSpace(), {}, False, "Did you mean 'normal'"),
        (
            TooManySkips(),
            NASBench201Space(ops=('none', 'nor_conv_3x3')),
            {'Magnitude': 0},
            False,
            "counts 'skip_connect', which is not in",
        ),
        (
            StableRanks(),
            NASBench201Space(ops=('skip_connect', 'nor_conv_3x3')),
            {},
            False,
            'no edge with two operations to rank',
        ),
    ],
)
def test_what_can_not_be_fed(
    rule: Any, space: Any, criteria: Any, one_level: bool, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        rule.check(space, criteria, one_level)


def test_the_others_take_any_search() -> None:
    for rule in (StableCell(1), StableRanks(), TooManySkips()):
        rule.check(DARTSSpace(), {'Magnitude': 0}, is_one_level=True)
    assert next(iter(DARTSSpace().cells)) == 'normal'
