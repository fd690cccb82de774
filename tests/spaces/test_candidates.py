"""Spaces whose edges have candidates of their own: checked, searched, derived, never left."""

import itertools
from typing import Any

import pytest
import torch

from ostrdet.errors import GenotypeError, InvalidTypeError, InvalidValueError, UnknownNameError
from ostrdet.models.networks import Supernet
from ostrdet.models.ops import Zero
from ostrdet.registry import MODELS
from ostrdet.selection import discretize
from ostrdet.spaces import NASBench201Space, build_space
from ostrdet.spaces.candidates import best_candidates
from ostrdet.spaces.random_genotype import random_genotype
from ostrdet.structures import Genotype
from tests.fixtures.product import OPTIMIZERS, batch

ROWS = [
    ['none', 'nor_conv_3x3'],
    ['skip_connect', 'avg_pool_3x3', 'nor_conv_1x1'],
    ['nor_conv_1x1'],
]
SPACE = NASBench201Space(num_nodes=2, candidates={'cell': ROWS})
CONFIG = {'type': 'NASBench201Space', 'num_nodes': 2, 'candidates': {'cell': ROWS}}


def supernet(engine: str, space: Any = SPACE) -> Supernet:
    return Supernet(space, channels=4, num_cells=1, num_classes=3, engine=engine)


def searcher(weighting: dict[str, Any], **terms: Any) -> Any:
    torch.manual_seed(0)
    net = {'type': 'Supernet', 'space': CONFIG, 'channels': 4, 'num_cells': 1, 'num_classes': 3}
    return MODELS.build(
        {'type': 'BilevelSearcher', 'supernet': net, 'weighting': weighting, **terms}
    )


def test_configs_and_genotypes_record_them() -> None:
    assert SPACE.to_config() == CONFIG
    assert build_space(SPACE.to_config()) == SPACE
    assert SPACE.ops_of('cell', 1) == ('skip_connect', 'nor_conv_1x1', 'avg_pool_3x3')
    assert SPACE.presence('cell')[2] == [False, False, True, False, False]
    genotype = random_genotype(SPACE, seed=0)
    assert build_space(Genotype.from_dict(genotype.to_dict()).space) == SPACE


def test_random_genotypes_keep_to_them() -> None:
    found = {SPACE.format(random_genotype(SPACE, seed)) for seed in range(200)}
    assert len(found) == 2 * 3 * 1
    for text in found:
        assert SPACE.format(SPACE.parse(text)) == text


def test_a_genotype_with_another_operation_is_refused() -> None:
    with pytest.raises(
        GenotypeError, match="'skip_connect' is no candidate of the edge from node 0"
    ):
        SPACE.parse('|skip_connect~0|+|skip_connect~0|nor_conv_1x1~1|')


@pytest.mark.parametrize('engine', ['plain', 'fast'])
def test_absent_candidates_are_not_built(engine: str) -> None:
    cells = [layer for layer in supernet(engine).skeleton.layers if hasattr(layer, 'edges')]
    for cell in cells:
        built = [[not isinstance(op, Zero) for op in edge.candidates] for edge in cell.edges]
        present = SPACE.presence('cell')
        present[0][0] = False  # 'none' itself
        assert built == present


@pytest.mark.parametrize('hard', [False, True])
@pytest.mark.parametrize('kind', ['SoftmaxWeighting', 'GumbelWeighting'])
def test_a_step_gives_them_no_weight_and_no_gradient(kind: str, hard: bool) -> None:
    from ostrdet.engine.optimizers import BilevelOptimWrapperConstructor

    options = {'hard': hard} if kind == 'GumbelWeighting' else {}
    model = searcher({'type': kind, **options}, regularizers=[{'type': 'BetaDecay', 'weight': 2.0}])
    absent_EO = ~torch.tensor(SPACE.presence('cell'))
    before_EO = model.alpha_cell.detach().clone()
    logs = model.train_step((batch(1), batch(2)), BilevelOptimWrapperConstructor(OPTIMIZERS)(model))
    assert all(value.isfinite() for value in logs.values())
    for weights_EO in (model.arch_state().op_weights, model.arch_step.state.op_weights):
        assert (weights_EO['cell'][absent_EO] == 0).all()
    assert (model.arch_step.alpha_grads['cell'][absent_EO] == 0).all()
    assert (model.arch_step.op_weight_grads['cell'][absent_EO] == 0).all()
    assert torch.equal(model.alpha_cell[absent_EO], before_EO[absent_EO])
    assert not torch.equal(model.alpha_cell[~absent_EO], before_EO[~absent_EO])


def test_the_masked_supernet_is_that_of_the_softmax_over_the_present(float64: None) -> None:
    model = searcher({'type': 'SoftmaxWeighting'})
    p_EO = model.mix()['cell'].op_weights
    for row_O, alpha_O, has_O in zip(p_EO, model.alpha_cell, SPACE.presence('cell'), strict=True):
        torch.testing.assert_close(row_O[has_O], alpha_O[has_O].softmax(-1))


def test_scores_of_absent_candidates_choose_nothing() -> None:
    scores = torch.full((3, 5), 9.0).where(~torch.tensor(SPACE.presence('cell')), 1.0)
    scores[1, 2] = 2.0
    genotype = discretize(SPACE, {'cell': scores})
    assert SPACE.format(genotype) == '|none~0|+|nor_conv_1x1~0|nor_conv_1x1~1|'


@pytest.mark.parametrize(
    ('candidates', 'error', 'message'),
    [
        ([ROWS], InvalidTypeError, r'expected a dict: by cell type'),
        ({'normal': ROWS}, UnknownNameError, r"no cell 'normal'.*Known: cell"),
        ({'cell': ROWS[:2]}, InvalidValueError, r"\['cell'\] has 2 lists, expected .*, 3"),
        ({'cell': [*ROWS[:2], []]}, InvalidValueError, r"\['cell'\]\[2\]=\[\] leaves the edge"),
        ({'cell': [*ROWS[:2], ['nor_conv_1x1'] * 2]}, InvalidValueError, r'\[2\] repeats'),
        ({'cell': [*ROWS[:2], ['nor_conv']]}, UnknownNameError, r"'nor_conv' is not in space.ops"),
        ({'cell': [*ROWS[:2], 'none']}, InvalidTypeError, r"\[2\]='none', expected a list"),
        ({'cell': 3}, InvalidValueError, r"\['cell'\] has 3 lists"),
    ],
)
def test_bad_lists_are_refused(candidates: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        NASBench201Space(num_nodes=2, candidates=candidates)


def test_an_edge_with_unselectable_candidates_alone_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"\[0\]=\['none'\] leaves the edge"):
        NASBench201Space(num_nodes=1, unselectable=('none',), candidates={'cell': [['none']]})


@pytest.mark.parametrize('selectable', ['abcde', 'cde', 'e'])
@pytest.mark.parametrize('keep', range(1, 6))
def test_the_best_candidates_have_the_highest_sum_with_one_that_can_be_selected(
    selectable: str, keep: int
) -> None:
    for seed in range(20):
        scores = torch.rand(5, generator=torch.Generator().manual_seed(seed)).tolist()
        allowed = [
            subset
            for subset in itertools.combinations(range(5), keep)
            if any('abcde'[index] in selectable for index in subset)
        ]
        best = max(allowed, key=lambda subset: sum(scores[index] for index in subset))
        found = best_candidates('abcde', scores, selectable, keep)
        assert found == ['abcde'[index] for index in best]


@pytest.mark.parametrize(
    ('ops', 'kept'), [('abcde', 'bd'), ('acde', 'cd'), ('de', 'd'), ('abc', 'b'), ('c', 'c')]
)
def test_of_every_group_the_best_is_kept(ops: str, kept: str) -> None:
    scores = [{'a': 0.0, 'b': 5.0, 'c': 1.0, 'd': 0.2, 'e': 0.1}[op] for op in ops]
    assert best_candidates(ops, scores, 'abcde', [['a', 'b', 'c'], ['e', 'd']]) == list(kept)


def test_a_group_alone_that_can_not_be_selected_gives_way() -> None:
    assert best_candidates('ab', [2.0, 1.0], 'b', [['a', 'b']]) == ['b']


def test_the_first_of_equal_candidates_are_kept() -> None:
    assert best_candidates('abcd', [0.0, 1.0, 0.0, 0.0], 'abcd', 3) == ['a', 'b', 'c']
