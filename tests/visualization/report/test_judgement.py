"""What the report says of a search: whether its choice has settled, and whether it has collapsed."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ostrdet.records.history import SearchHistory
from ostrdet.records.run_facts import RunFacts
from ostrdet.spaces import build_space
from ostrdet.spaces.zoo import get_genotype
from ostrdet.visualization.report.judgement import ADVICE, collapse_warnings, settled

SKIPS = '|skip_connect~0|+|skip_connect~0|none~1|+|skip_connect~0|skip_connect~1|nor_conv_3x3~2|'
CONVS = (
    '|nor_conv_3x3~0|+|nor_conv_3x3~0|skip_connect~1|'
    '+|nor_conv_3x3~0|skip_connect~1|nor_conv_3x3~2|'
)
#: CONVS with other operations on the three edges into the last node.
OTHER = (
    '|nor_conv_3x3~0|+|nor_conv_3x3~0|skip_connect~1|'
    '+|nor_conv_1x1~0|nor_conv_1x1~1|nor_conv_1x1~2|'
)
STRENGTH = 'OperationStrength'
MakeHistory = Callable[..., SearchHistory]


@pytest.fixture(scope='module')
def history(lines_in: Any) -> MakeHistory:
    """Makes a search whose deciding criterion chose these cells, one an epoch."""

    def make(
        texts: Sequence[str | None],
        criterion: str = STRENGTH,
        space_type: str = 'NASBench201Space',
        max_epochs: int | None = None,
        **others: str,
    ) -> SearchHistory:
        space = build_space({'type': space_type})
        lines = lines_in(space, len(texts))
        for line, text in zip(lines, texts, strict=True):
            line['genotypes'] |= {criterion: text, **others}
            for cell, spec in space.cells.items():  # best 1, second .9, and .8 on the last edge
                rows = [[0.1, 1.0, 0.5, 0.9, 0.2] + [0.0] * (len(space.ops) - 5)] * len(spec.edges)
                rows[-1] = [0.1, 1.0, 0.5, 0.8, 0.2] + [0.0] * (len(space.ops) - 5)
                line['scores'][criterion] = {**line['scores'][criterion], cell: rows}
        facts = RunFacts(space.to_config(), criterion, max_epochs=max_epochs or len(texts))
        return SearchHistory(facts, lines)

    return make


@pytest.mark.parametrize(
    ('texts', 'said'),
    [
        ([CONVS], 'One epoch does not show it.'),
        ([CONVS, None], 'There is no choice yet.'),
        ([CONVS, OTHER], 'Never: 3 of 6 edges still changed in the last epoch, '),
        ([None, OTHER], 'Never: 6 of 6 edges still changed in the last epoch, '),
        ([CONVS, CONVS, OTHER], 'Never: 3 of 6 edges still changed in the last epoch, '),
        ([CONVS, CONVS, CONVS, OTHER], 'No longer: 3 of 6 edges still changed in the last epoch, '),
        ([CONVS, OTHER, OTHER], 'Not yet: the last change was 1 epoch ago, '),
        (
            [OTHER, CONVS, CONVS, CONVS],
            'Yes, since epoch 2: no edge changed in the last 2 epochs, ',
        ),
        ([OTHER] * 10 + [CONVS] * 3, 'Not yet: the last change was 2 epochs ago, '),  # a fifth is 3
        ([OTHER] * 10 + [CONVS] * 4, 'Yes, since epoch 11: no edge changed in the last 3 epochs, '),
    ],
)
def test_it_is_said_whether_the_choice_has_settled(
    texts: list[str | None], said: str, history: MakeHistory
) -> None:
    found = settled(history(texts))
    assert found.startswith(said)
    if said.endswith(', '):
        assert found.removeprefix(said).startswith('closest tie 10.0 % (edge 0 → 1).')
        assert found.endswith(ADVICE) == (not said.startswith('Yes'))


def test_a_running_search_gets_no_advice(history: MakeHistory) -> None:
    assert ADVICE not in settled(history([CONVS, OTHER], max_epochs=50))


def test_ties_are_looked_for_in_all_cells_on_the_edges_that_are_kept(history: MakeHistory) -> None:
    text = build_space({'type': 'DARTSSpace'}).format(get_genotype('darts_v2'))
    made = history([text, text], space_type='DARTSSpace')
    assert 'closest tie 10.0 % (edge 0 → 2 of the normal cell)' in settled(made)
    scores = made.lines[-1]['scores'][STRENGTH]['reduce']
    edges = list(made.space.cells['reduce'].edges)
    scores[edges.index((1, 2))] = [0.1, 1.0, 0.995, 0.0, 0.2, 0.0, 0.0, 0.0]
    scores[edges.index((0, 3))] = [0.1, 1.0, 0.999, 0.0, 0.2, 0.0, 0.0, 0.0]  # is not kept
    assert 'closest tie 0.5 % (edge 1 → 2 of the reduce cell)' in settled(made)


def test_changes_of_all_cells_count(history: MakeHistory) -> None:
    space = build_space({'type': 'DARTSSpace'})
    texts = [space.format(get_genotype(name)) for name in ('darts_v1', 'darts_v2')]
    old, new = (get_genotype(name) for name in ('darts_v1', 'darts_v2'))
    changed = sum(
        edge not in before
        for cell in space.cells
        for before, after in zip(old.cells[cell].nodes, new.cells[cell].nodes, strict=True)
        for edge in after
    )
    assert f': {changed} of 16 edges still' in settled(history(texts, space_type='DARTSSpace'))


def test_a_search_without_scores_has_no_tie(history: MakeHistory) -> None:
    made = history([CONVS, OTHER])
    made.lines[-1]['scores'][STRENGTH] = None
    assert settled(made).startswith('Never: 3 of 6 edges still changed in the last epoch. ')


def test_a_collapse_is_warned_of_only_where_it_was_chosen(history: MakeHistory) -> None:
    assert not [*collapse_warnings(history([CONVS], Magnitude=SKIPS))]
    (notice,) = collapse_warnings(history([SKIPS], 'Magnitude', OperationStrength=CONVS))
    assert notice.is_alarm
    assert '83% of the edges of the network that Magnitude chooses' in notice.text
    assert '67% skip connections: 5 of 6 edges in the cell.' in notice.text
    assert not [*collapse_warnings(history([None]))]


def test_a_collapse_is_told_by_cell(history: MakeHistory) -> None:
    space = build_space({'type': 'DARTSSpace'})
    skips = [('skip_connect', 0), ('skip_connect', 1)] * 3
    convs = [('sep_conv_3x3', 0), ('sep_conv_3x3', 1)]
    text = (
        f'Genotype(normal={skips + convs}, normal_concat=[2, 3, 4, 5], '
        f'reduce={convs * 4}, reduce_concat=[2, 3, 4, 5])'
    )
    (notice,) = collapse_warnings(history([text], space_type='DARTSSpace'))
    assert space.parse(text).cells['reduce'].nodes[0][0] == ('sep_conv_3x3', 0)
    assert '6 of 8 edges in the normal cell, 0 of 8 edges in the reduce cell.' in notice.text
    assert notice.text.startswith('68% of')  # 18 normal cells of 20


def test_published_cells_are_no_collapse_though_their_reductions_learn_nothing(
    history: MakeHistory,
) -> None:
    text = build_space({'type': 'DARTSSpace'}).format(get_genotype('darts_v2'))
    assert not [*collapse_warnings(history([text], space_type='DARTSSpace'))]
