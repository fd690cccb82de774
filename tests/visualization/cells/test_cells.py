"""Cells as graphs and drawings, in every space."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydot
import pytest

from ostrdet.errors import GenotypeError
from ostrdet.registry import SPACES
from ostrdet.spaces import build_space
from ostrdet.spaces.random_genotype import random_genotype
from ostrdet.spaces.zoo import get_genotype, list_genotypes
from ostrdet.structures import CellGenotype, CellSpec, Genotype
from ostrdet.visualization.cells.figure import cells_figure, cells_image, draw_genotype
from ostrdet.visualization.cells.graph import (
    cell_graph,
    edge_name,
    genotype_graphs,
    node_names,
    to_dot,
)
from ostrdet.visualization.cells.layout import CellLayout, EdgePlace, layout_cell
from ostrdet.visualization.style import inline_svg, styled

SPACES.import_from_location()
GENOTYPES = list_genotypes()
Rectangle = tuple[float, float, float, float]


def edges_of(cell: CellGenotype, spec: CellSpec) -> Counter[tuple[int, int, str]]:
    pairs = zip(spec.nodes, cell.nodes, strict=True)
    return Counter((source, node, op) for node, edges in pairs for op, source in edges)


@pytest.mark.parametrize('name', GENOTYPES)
def test_a_graph_has_the_edges_of_the_cell(name: str) -> None:
    genotype = get_genotype(name)
    for cell, spec in build_space(genotype.space).cells.items():
        graph = genotype_graphs(genotype)[cell]
        found = Counter((s, t, op) for s, t, op in graph.edges(data='op') if op)
        assert found == edges_of(genotype.cells[cell], spec)
        handed_on = [s for s, _, op in graph.edges(data='op') if not op]
        is_output = [node for node, yes in graph.nodes(data='is_output') if yes]
        output = genotype.cells[cell].output
        if handed_on:
            assert (tuple(handed_on), is_output) == (output, [spec.num_states])
        else:
            assert tuple(is_output) == output
        assert not any(changed for *_, changed in graph.edges(data='changed'))


def test_nodes_are_numbered_as_in_the_text() -> None:
    two, one = CellSpec(2, 4, (2, 3, 4, 5)), CellSpec(1, 3, (3,))
    assert node_names(two) == ['0: cₖ₋₂', '1: cₖ₋₁', '2', '3', '4', '5']
    assert node_names(one) == ['0', '1', '2', '3']
    assert edge_name(1, 3) == '1 → 3'
    text = build_space({'type': 'DARTSSpace'}).format(get_genotype('darts_v2'))
    named = {int(number) for number in re.findall(r"', (\d)\)", text)}
    graph = genotype_graphs(get_genotype('darts_v2'))['normal']
    assert named <= {int(label[0]) for node, label in graph.nodes(data='label') if node < 6}


def test_what_changed_is_marked_with_what_was_there() -> None:
    spec = CellSpec(2, 2, (2, 3))
    before = CellGenotype(((('a', 0), ('b', 1)), (('a', 0), ('a', 2))), (2, 3))
    after = CellGenotype(((('a', 0), ('c', 1)), (('a', 1), ('a', 2))), (2, 3))
    graph = cell_graph(spec, after, before)
    found = {(s, t): (facts['changed'], facts['was']) for s, t, facts in graph.edges(data=True)}
    assert found == {
        (0, 2): (False, None),
        (1, 2): (True, 'b'),
        (1, 3): (True, None),
        (2, 3): (False, None),
        (2, 4): (False, None),
        (3, 4): (False, None),
    }


def full_cells(space_type: str) -> Iterator[tuple[CellSpec, CellGenotype]]:
    """Every edge of the space at once, with the longest name there is."""
    space = build_space({'type': space_type})
    longest = max(space.ops, key=len)
    for spec in space.cells.values():
        nodes = tuple(tuple((longest, s) for s in range(node)) for node in spec.nodes)
        yield spec, CellGenotype(nodes, spec.output)


def meet(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def lines(edge: EdgePlace) -> Iterator[Rectangle]:
    """The straight parts of an edge, of no width."""
    for part in (edge.stem, edge.points):
        for (x, y), (u, v) in itertools.pairwise(part):
            yield min(x, u), min(y, v), max(x, u), max(y, v)


def overlaps(place: CellLayout) -> list[object]:
    """Labels that cover a node, another label or another edge, and edges that cross a node."""
    boxes = {node: found.box for node, found in place.nodes.items()}
    labels = [(edge, edge.label) for edge in place.edges if edge.label]
    found: list[object] = [
        (one, other) for (one, a), (other, b) in itertools.combinations(labels, 2) if meet(a, b)
    ]
    found += [(edge, node) for edge, a in labels for node, b in boxes.items() if meet(a, b)]
    for edge, other in itertools.product(place.edges, repeat=2):
        if edge is not other and edge.label:
            found += [(edge, other) for line in lines(other) if meet(edge.label, line)]
    found += [
        (edge, node)
        for edge in place.edges
        for line in lines(edge)
        for node, box in boxes.items()
        if meet(line, box)
    ]
    return found


@pytest.mark.parametrize('space_type', sorted(SPACES.module_dict))
def test_no_label_covers_anything(space_type: str) -> None:
    for spec, cell in full_cells(space_type):
        place = layout_cell(cell_graph(spec, cell))
        assert sum(edge.label is not None for edge in place.edges) == len(spec.edges)
        assert not overlaps(place)


@pytest.mark.parametrize('name', GENOTYPES)
def test_no_label_of_a_published_cell_covers_anything(name: str) -> None:
    for graph in genotype_graphs(get_genotype(name)).values():
        place = layout_cell(graph)
        assert not overlaps(place)
        assert place.left <= min(box.box[0] for box in place.nodes.values())


def test_twins_do_not_meet() -> None:
    twins = ((('sep_conv_3x3', 0), ('sep_conv_5x5', 0)), (('max_pool_3x3', 2), ('skip_connect', 2)))
    place = layout_cell(cell_graph(CellSpec(2, 2, (2, 3)), CellGenotype(twins, (2, 3))))
    assert not overlaps(place)
    assert len({edge.points for edge in place.edges}) == len(place.edges)


def test_an_overlap_is_found() -> None:
    place = layout_cell(genotype_graphs(get_genotype('ostr_nb201'))['cell'])
    straight, *others = place.edges
    moved = replace(straight, label_place=others[0].label_place)
    assert overlaps(replace(place, edges=(moved, *others)))


def test_lines_lead_from_node_to_node() -> None:
    for graph in genotype_graphs(get_genotype('darts_v2')).values():
        place = layout_cell(graph)
        for edge in place.edges:
            _, bottom, right, top = place.nodes[edge.target].box
            (x, y), begin = edge.points[-1], (edge.stem or edge.points)[0]
            assert (abs(x), y) == (right, y) if edge.stem else (x, y) == (0, top)
            assert bottom <= y <= top
            left, bottom, right, top = place.nodes[edge.source].box
            assert left <= begin[0] <= right
            assert bottom <= begin[1] <= top


@pytest.mark.parametrize('space_type', sorted(SPACES.module_dict))
def test_a_node_has_one_place_whatever_is_chosen(space_type: str) -> None:
    space = build_space({'type': space_type})
    found = [
        {name: layout_cell(graph).nodes for name, graph in genotype_graphs(g).items()}
        for g in (random_genotype(space, seed) for seed in range(3))
    ]
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize('name', ['darts_v2', 'ostr_nb201', 'nasnet-a'])
def test_a_drawing_says_every_operation_and_node(name: str) -> None:
    genotype = get_genotype(name)
    with styled():
        svg = inline_svg(cells_figure(genotype, title='A title'), name)
    found = Counter(re.findall(r'<text[^>]*>([^<]+)</text>', svg))
    expected: Counter[str] = Counter(['A title'])
    for cell, graph in genotype_graphs(genotype).items():
        expected.update(label for _, label in graph.nodes(data='label'))
        expected.update(op for *_, op in graph.edges(data='op') if op)
        expected.update([f'{cell} cell'] if len(genotype.cells) > 1 else [])
    assert found == expected


def test_changed_edges_are_told_in_the_drawing() -> None:
    new, old = get_genotype('nb201_c10_optimum'), get_genotype('ostr_nb201')
    with styled():
        svg = inline_svg(cells_figure(new, old), 'x')
    (changes,) = (
        sum(facts['changed'] for *_, facts in graph.edges(data=True))
        for graph in genotype_graphs(new, old).values()
    )
    assert svg.count(': was ') == changes > 0


def test_only_one_cell_can_be_drawn() -> None:
    genotype = get_genotype('darts_v2')
    with styled():
        both, one = cells_figure(genotype), cells_figure(genotype, only='reduce')
    assert one.get_size_inches()[0] < both.get_size_inches()[0] / 1.5


def test_an_image_is_pixels_of_three_colours() -> None:
    image = cells_image(get_genotype('ostr_nb201'))
    assert (image.dtype, image.ndim, image.shape[2]) == (np.uint8, 3, 3)
    assert (image[0, 0] == 255).all()
    assert image.min() < 64


# pydot's parser, which the package does not use, calls pyparsing by old names
@pytest.mark.filterwarnings('ignore:.* deprecated - use:DeprecationWarning')
@pytest.mark.parametrize('name', ['darts_v2', 'ostr_nb201', 'nasnet-a'])
def test_dot_is_read_back_as_the_same_graph(name: str) -> None:
    genotype = get_genotype(name)
    (dot,) = pydot.graph_from_dot_data(to_dot(genotype)) or ()
    for cluster in dot.get_subgraphs():
        cell = cluster.get_name().removeprefix('cluster_')
        found = Counter(
            (edge.get_source(), edge.get_destination(), (edge.get_label() or '').strip('"'))
            for edge in cluster.get_edges()
        )
        graph = genotype_graphs(genotype)[cell]
        edges = graph.edges(data='op')
        assert found == Counter((f'{cell}_{s}', f'{cell}_{t}', op) for s, t, op in edges)


@pytest.mark.parametrize('suffix', ['.svg', '.png', '.pdf', '.dot'])
def test_a_genotype_becomes_a_file(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f'cell{suffix}'
    draw_genotype(get_genotype('ostr_nb201'), file, before=get_genotype('nb201_resnet'), title='T')
    assert file.stat().st_size > 300


def test_genotypes_of_two_spaces_are_not_compared(tmp_path: Path) -> None:
    before: Genotype = get_genotype('nb201_resnet')
    with pytest.raises(GenotypeError, match='give two of one space'):
        draw_genotype(get_genotype('darts_v1'), tmp_path / 'a.svg', before=before)
