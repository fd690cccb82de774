"""Genotypes by name, file and text, and what the package offers without importing torch."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import ostrdet
from ostrdet.errors import GenotypeError
from ostrdet.registry import SPACES
from ostrdet.spaces import DARTSSpace, build_space
from ostrdet.spaces.zoo import get_genotype, list_genotypes, zoo_folder
from ostrdet.structures import Genotype, load_genotype, save_genotype

NB201_TEXT = '|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|'


def darts_text(num_nodes: int) -> str:
    edges = [('sep_conv_3x3', source) for _ in range(num_nodes) for source in (0, 1)]
    output = f'range(2, {2 + num_nodes})'
    return (
        f'Genotype(normal={edges}, normal_concat={output}, reduce={edges}, reduce_concat={output})'
    )


@pytest.fixture
def own_spaces() -> Iterator[None]:
    """Spaces of a user, registered after those of the package."""
    own = (NeedsArgumentSpace, ThreeNodeSpace, TwinSpace)
    for space in own:
        SPACES.register_module(module=space)
    yield
    for space in own:
        SPACES.module_dict.pop(space.__name__)


@dataclass(frozen=True)
class NeedsArgumentSpace(DARTSSpace):
    flavour: str = field(kw_only=True)


@dataclass(frozen=True)
class ThreeNodeSpace(DARTSSpace):
    num_nodes: int = 3


class TwinSpace(DARTSSpace):
    """What it takes, the package's own space takes as well, and first."""


def test_the_published_genotypes_are_listed_in_order() -> None:
    names = list_genotypes()
    assert names == sorted(names)
    assert {'darts_v2', 'nasnet-a', 'ostr_nb201', 'pc-darts_in1k'} <= set(names)
    assert {'fairdarts_b', 'sgas_cri1_cifar_3', 'snas_mild_edge-all', 'unnas_imagenet_jig'} <= set(
        names
    )
    assert len(names) == len(set(names)) == 28 + 157 + 12 + 20


@pytest.mark.parametrize('name', list_genotypes())
def test_a_published_genotype_survives_its_text_and_its_file(name: str, tmp_path: Path) -> None:
    genotype = get_genotype(name)
    space = build_space(genotype.space)
    text = space.format(genotype)
    assert space.parse(text) == genotype
    if len(genotype.space) == 1:  # a text does not tell the options of its space
        assert get_genotype(text) == genotype
    save_genotype(genotype, tmp_path / 'copy.json')
    copy = get_genotype(tmp_path / 'copy.json')
    assert (copy, copy.provenance) == (genotype, genotype.provenance)


@pytest.mark.parametrize('name', list_genotypes())
def test_a_published_genotype_says_where_it_comes_from(name: str) -> None:
    provenance = get_genotype(name).provenance
    assert provenance['source']
    assert provenance['method']
    for figure in provenance.get('published_accuracy', {}).values():
        assert 10 < float(figure.split()[0]) < 100


def test_the_cell_of_the_paper_is_the_one_of_its_table() -> None:
    expected = '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|'
    genotype = get_genotype('ostr_nb201')
    assert build_space(genotype.space).format(genotype).startswith(expected)
    assert genotype.provenance['published_accuracy']['cifar10'] == '94.36'


@pytest.mark.parametrize(
    ('text', 'space'),
    [
        (NB201_TEXT, 'NASBench201Space'),
        (f'\n {NB201_TEXT}\n', 'NASBench201Space'),
        (darts_text(4), 'DARTSSpace'),
        (f'mine = {darts_text(4)}', 'DARTSSpace'),
        (darts_text(5), 'NASNetSpace'),
    ],
)
def test_a_text_belongs_to_the_first_space_that_takes_it(text: str, space: str) -> None:
    assert get_genotype(text).space == {'type': space}


@pytest.mark.usefixtures('own_spaces')
def test_a_registered_space_takes_texts_after_the_own_ones() -> None:
    assert get_genotype(darts_text(4)).space == {'type': 'DARTSSpace'}
    assert get_genotype(darts_text(3)).space == {'type': 'ThreeNodeSpace'}


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('|none~0|', 'NASBench201Space'),
        (NB201_TEXT.replace('nor_conv_3x3~1', 'nor_conv_5x5~1'), "Did you mean 'nor_conv_3x3'"),
        ('Genotype(normal=[', 'malformed genotype text'),
        (darts_text(2), r'no registered space \(DARTSSpace: .*; NASNetSpace: .*\)'),
        (darts_text(4).replace('sep_conv_3x3', 'none'), "DARTSSpace: .*'none' is never selected"),
    ],
)
def test_a_text_that_no_space_takes_is_refused(text: str, message: str) -> None:
    with pytest.raises(GenotypeError, match=message):
        get_genotype(text)


@pytest.mark.parametrize('name', ['darts_v3', 'dartsv1', 'nor_conv_3x3~0|+' * 40])
def test_an_unknown_name_is_answered_with_all_names(name: str) -> None:
    with pytest.raises(
        KeyError, match=r'neither a published name.*Known: amoebanet-a, .*snas_mild'
    ):
        get_genotype(name)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(KeyError, match="Did you mean 'pc-darts_c10'"):
        get_genotype('pcdarts_c10')


@pytest.mark.parametrize('name', ['DARTS_V2', 'darts-v2', 'Darts_V2', 'DARTSV2'])
def test_an_unknown_name_may_differ_in_case(name: str) -> None:
    with pytest.raises(KeyError, match="Did you mean 'darts_v2'"):
        get_genotype(name)


LOGGED = darts_text(4).replace("', 0)", "', np.int64(0))")
AROUND = {
    'a log line': '2019-01-01 12:00:00,001 genotype = {}',
    'a module': 'genotypes.{}',
    'a trailing comma': '{},',
    'several lines': 'epoch 1\n\n{}\nepoch 2\n{}\n',
}


@pytest.mark.parametrize('around', AROUND)
def test_one_genotype_is_read_with_words_around_it(
    around: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = AROUND[around].replace('{}', LOGGED)
    assert get_genotype(text) == get_genotype(darts_text(4))
    monkeypatch.chdir(tmp_path)
    Path('genotypes.txt').write_text(text, encoding='utf-8')
    for path in ('genotypes.txt', './genotypes.txt', tmp_path / 'genotypes.txt'):
        assert get_genotype(path) == get_genotype(darts_text(4))
        assert get_genotype(path).provenance == {'source': 'a text in genotypes.txt'}


def test_the_structure_of_nas_bench_201_is_read() -> None:
    text = f'Structure(4 nodes with {NB201_TEXT})'
    assert get_genotype(text) == get_genotype(NB201_TEXT)


@pytest.mark.parametrize('plus', [' + ', '+\n', '\r\n+ '])
def test_a_cell_may_be_broken_between_its_nodes(plus: str, tmp_path: Path) -> None:
    text = '|none~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|'
    (tmp_path / 'log.txt').write_text(f'best: {text.replace("+", plus)} (epoch 3)')
    assert get_genotype(tmp_path / 'log.txt') == get_genotype(text)
    assert get_genotype(text.replace('+', plus)) == get_genotype(text)


@pytest.mark.parametrize('encoding', ['utf-16', 'utf-8-sig'])
def test_a_text_of_another_encoding_is_read(encoding: str, tmp_path: Path) -> None:
    text = '|none~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|'
    (tmp_path / 'cell.txt').write_text(f'cell {text}', encoding=encoding)
    assert get_genotype(tmp_path / 'cell.txt') == get_genotype(text)


@pytest.mark.parametrize('content', [b'', b'\n', b'\x80\x04.', b'see the other file'])
def test_a_file_of_neither_form_is_told_both(content: bytes, tmp_path: Path) -> None:
    (tmp_path / 'cell.txt').write_bytes(content)
    with pytest.raises(
        GenotypeError, match=r"cell\.txt: not a JSON file, and no text with 'Genotype"
    ):
        get_genotype(tmp_path / 'cell.txt')


def test_one_genotype_written_in_two_ways_is_one() -> None:
    assert get_genotype(f'{LOGGED}\n{darts_text(4)}') == get_genotype(darts_text(4))


def test_several_genotypes_are_refused_with_their_lines(tmp_path: Path) -> None:
    lines = [darts_text(4), '', LOGGED.replace('sep', 'dil'), darts_text(4).replace('3x3', '5x5')]
    path = tmp_path / 'search.log'
    path.write_text('\n'.join(lines), encoding='utf-8')
    with pytest.raises(GenotypeError, match=r"log' holds 3 different genotypes \(lines 1, 3, 4\)"):
        get_genotype(path)
    with pytest.raises(
        GenotypeError, match=r'^the text holds 2 different genotypes \(lines 1, 2\)'
    ):
        get_genotype(f'{NB201_TEXT}\n{darts_text(4)}')


@pytest.mark.parametrize('content', [b'nothing\n', b'\xff\xfe|', b'Genotype(normal=[', b'["a"]'])
def test_a_file_without_one_is_no_genotype(content: bytes, tmp_path: Path) -> None:
    (tmp_path / 'a.txt').write_bytes(content)
    with pytest.raises(GenotypeError, match=r'a\.txt: not a (JSON|genotype) file'):
        get_genotype(tmp_path / 'a.txt')


def test_a_path_is_read_with_any_suffix_but_a_name_is_looked_up_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_genotype(get_genotype('nb201_resnet'), 'darts_v1')
    assert get_genotype('darts_v1').space == {'type': 'DARTSSpace'}
    for path in ('./darts_v1', str(tmp_path / 'darts_v1'), tmp_path / 'darts_v1'):
        assert get_genotype(path) == get_genotype('nb201_resnet')


def test_a_packaged_file_has_the_name_of_the_package() -> None:
    assert get_genotype('ostrdet::genotypes/darts_v2.json') == get_genotype('darts_v2')


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'lost\.json'):
        get_genotype(tmp_path / 'lost.json')


@pytest.mark.parametrize(
    ('space', 'message'),
    [
        ({'type': 'DARTSSpace'}, 'belongs to another space'),
        ({'type': 'NoSpace'}, "unknown search space 'NoSpace'"),
        ({'type': 'NASBench201Space', 'nodes': 3}, "has no argument 'nodes'"),
        ({'type': 'NASBench201Space', 'ops': []}, 'leaves nothing to choose'),
    ],
)
def test_a_file_that_does_not_belong_to_its_space_is_named(
    space: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / 'mine.json'
    save_genotype(Genotype(space, get_genotype('nb201_resnet').cells), path)
    assert load_genotype(path).space == space
    with pytest.raises(GenotypeError, match=rf'mine\.json: .*{message}'):
        get_genotype(path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'mine.json'
    data = json.loads((zoo_folder() / 'nb201_resnet.json').read_text(encoding='utf-8'))
    data['cells']['cell']['output'] = [2]
    path.write_text(json.dumps(data), encoding='utf-8')
    with pytest.raises(GenotypeError, match=r"mine\.json: 'checksum'"):
        get_genotype(path)


def test_the_package_offers_its_main_calls() -> None:
    assert ostrdet.get_genotype is get_genotype
    assert ostrdet.list_genotypes is list_genotypes
    network = ostrdet.build_derived(get_genotype('nb201_all-skip'), 'cifar10')
    assert sum(weight.numel() for weight in network.parameters()) == 73_306
    assert set(ostrdet.__all__) <= set(dir(ostrdet))
    with pytest.raises(AttributeError, match="no attribute 'get_genotypes'"):
        ostrdet.get_genotypes  # noqa: B018


def test_importing_the_package_and_its_parsers_imports_nothing_heavy() -> None:
    code = (
        'import sys, ostrdet, ostrdet.commands.genotype, ostrdet.commands.query_benchmark\n'
        "print(sorted({'torch', 'mmengine', 'numpy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout == '[]\n'
