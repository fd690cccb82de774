"""``tools/genotype.py`` and ``tools/query_benchmark.py`` as a user calls them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ostrdet.commands import genotype as genotype_cli
from ostrdet.commands import query_benchmark as benchmark_cli
from ostrdet.spaces import build_space
from ostrdet.spaces.zoo import get_genotype, list_genotypes

OSTR = '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|'
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / 'table.csv'
    path.write_text(f'arch,cifar10,cifar100,imagenet16_120\n{OSTR},94.363,73.513,46.344\n')
    return str(path)


def output(capsys: Captured, *argv: str) -> str:
    """What ``genotype.py`` prints, once it has succeeded in silence."""
    assert genotype_cli.main(argv) == 0
    printed = capsys.readouterr()
    assert printed.err == ''
    return printed.out


def assert_one_error(capsys: Captured, message: str) -> None:
    printed = capsys.readouterr()
    assert printed.out == ''
    (line,) = printed.err.splitlines()
    assert re.fullmatch(f'error: .*{message}.*', line)


def tool(repo_root: Path, name: str, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(repo_root / 'tools' / name), *argv],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, 'PYTHONPATH': str(repo_root)},
    )


@pytest.mark.parametrize('name', list_genotypes())
def test_convert_writes_what_reads_back_in_every_form(
    name: str, tmp_path: Path, capsys: Captured
) -> None:
    genotype = get_genotype(name)
    form = build_space(genotype.space).text_format
    text = output(capsys, 'convert', name, '--to', form).strip()
    if len(genotype.space) > 1:  # a text does not tell the options of its space
        assert build_space(genotype.space).parse(text) == genotype
        return
    assert get_genotype(text) == genotype
    path = tmp_path / 'from_text.json'
    assert output(capsys, 'convert', text, '--to', 'json', '--out', str(path)) == ''
    assert output(capsys, 'convert', str(path), '--to', form).strip() == text


def test_list_prints_the_names_with_a_word_in_their_line(capsys: Captured) -> None:
    names = [line.split()[0] for line in output(capsys, 'list').splitlines()]
    assert names == list_genotypes()
    lines = output(capsys, 'list', 'fairDARTS').splitlines()
    assert len(lines) == 8
    assert lines[0].split('  ')[0] == 'fairdarts_a'
    assert lines[0].endswith('  FairDARTS, searched on CIFAR-10')
    assert output(capsys, 'list', 'no such word') == ''


def test_convert_prints_the_genotype_file_that_it_would_write(
    tmp_path: Path, capsys: Captured
) -> None:
    path = tmp_path / 'copy.json'
    output(capsys, 'convert', 'darts_v2', '--to', 'json', '--out', str(path))
    assert output(capsys, 'convert', 'darts_v2', '--to', 'json') == path.read_text()


def test_convert_writes_a_text_to_a_file(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / 'cell.txt'
    assert output(capsys, 'convert', 'ostr_nb201', '--to', 'nb201', '--out', str(path)) == ''
    assert path.read_text() == f'{OSTR}\n'


def test_complexity_prints_one_json_object(capsys: Captured) -> None:
    argv = ('complexity', 'pc-darts_in1k', '--layout', 'imagenet', '--json')
    found = json.loads(output(capsys, *argv))
    assert list(found) == ['params', 'params_aux', 'macs', 'macs_bn_relu']
    assert list(found.values())[:3] == [5_342_464, 6_603_240, 581_627_328]


def test_complexity_is_readable_without_json(capsys: Captured) -> None:
    printed = output(capsys, 'complexity', OSTR)
    assert '1,288,506' in printed
    assert '184,730,240' in printed


def test_show_prints_cells_provenance_and_text_without_colour(capsys: Captured) -> None:
    lines = output(capsys, 'show', 'ostr_nb201').splitlines()
    rows = dict(re.split('  +', line) for line in lines[:-1])
    assert rows['space'] == 'NASBench201Space'
    assert rows['cell, node 2'] == 'nor_conv_3x3(0) + nor_conv_3x3(1)'
    assert rows['cell, output'] == '3'
    assert rows['source'] == 'OStr-DARTS (arXiv 2409.14433)'
    assert rows['published_accuracy'] == 'cifar10: 94.36, cifar100: 73.51, imagenet16_120: 46.34'
    assert rows['paper'].startswith('name: OStr-DARTS, title: OStr-DARTS: ')
    assert rows['complexity, cifar10'].startswith('params: 1288506, params_aux: 1288506, macs: ')
    assert not {'complexity', 'published_size'} & rows.keys()
    assert lines[-1] == OSTR


def test_show_keeps_a_long_text_on_one_line(capsys: Captured) -> None:
    text = output(capsys, 'show', 'nasnet-a').splitlines()[-1]
    assert get_genotype(text) == get_genotype('nasnet-a')


def test_validate_names_the_space(capsys: Captured) -> None:
    assert output(capsys, 'validate', 'amoebanet-a') == 'ok: a genotype of NASNetSpace\n'


def test_diff_lists_what_is_not_shared(capsys: Captured) -> None:
    assert genotype_cli.main(['diff', 'ostr_nb201', 'nb201_c10_optimum']) == 1
    assert capsys.readouterr().out == 'cell, node 3\n- nor_conv_3x3(2)\n+ nor_conv_1x1(2)\n'


def test_diff_ignores_the_order_of_the_edges_of_a_node(capsys: Captured) -> None:
    edges = [('sep_conv_3x3', 0), ('skip_connect', 1)]
    texts = [
        f'Genotype(normal={order * 4}, normal_concat=[2, 3, 4, 5], '
        f'reduce={edges * 4}, reduce_concat=[2, 3, 4, 5])'
        for order in (edges, edges[::-1])
    ]
    assert get_genotype(texts[0]) != get_genotype(texts[1])
    assert output(capsys, 'diff', *texts) == 'no difference\n'


def test_diff_of_two_spaces_says_so(capsys: Captured) -> None:
    assert genotype_cli.main(['diff', 'nb201_resnet', 'darts_v1']) == 1
    printed = capsys.readouterr().out
    assert printed.startswith('space\n- NASBench201Space\n+ DARTSSpace\n')
    assert 'cell, node 1\n- nor_conv_3x3(0)\n' in printed
    assert 'normal, output\n+ 2, 3, 4, 5\n' in printed


@pytest.mark.parametrize(
    ('argv', 'message'),
    [
        (['show', 'dartsv2'], "no genotype 'dartsv2'.*Did you mean 'darts_v2'"),
        (['validate', 'lost.json'], r'lost\.json: No such file or directory'),
        (['validate', '|none~0|'], 'NASBench201Space'),
        (['diff', 'darts_v1', 'Genotype()'], 'the genotype text has the keys'),
        (['convert', 'darts_v1', '--to', 'nb201'], "the text form of DARTSSpace is 'darts'"),
        (['convert', 'nb201_resnet', '--to', 'darts'], 'use --to nb201 or --to json'),
        (['complexity', 'ostr_nb201', '--layout', 'imagenet'], "Did you mean 'imagenet16_120'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    argv: list[str], message: str, capsys: Captured
) -> None:
    assert genotype_cli.main(argv) == 2
    assert_one_error(capsys, message)


@pytest.mark.parametrize(
    ('argv', 'message'),
    [
        (['nb201_resnet'], r'table.csv. \(1 cells\) does not hold the cell .\|nor_conv_3x3~0\|'),
        (['nb201_resne'], "Did you mean 'nb201_resnet'"),
    ],
)
def test_a_bad_query_is_one_line_and_status_2(
    argv: list[str], message: str, table: str, capsys: Captured
) -> None:
    assert benchmark_cli.main([*argv, '--table', table]) == 2
    assert_one_error(capsys, message)


def test_a_missing_table_is_one_line_and_status_2(capsys: Captured) -> None:
    assert benchmark_cli.main([OSTR, '--table', 'lost.csv']) == 2
    assert_one_error(capsys, r"no benchmark table at 'lost\.csv'")


def test_debug_shows_the_traceback() -> None:
    with pytest.raises(KeyError, match='no genotype'):
        genotype_cli.main(['--debug', 'show', 'dartsv2'])


@pytest.mark.parametrize('arch', ['ostr_nb201', OSTR])
def test_a_query_prints_accuracies_and_size(arch: str, table: str, capsys: Captured) -> None:
    assert benchmark_cli.main([arch, '--table', table]) == 0
    words = capsys.readouterr().out.split()
    assert words == [
        *('cifar10', '94.36', '%', 'cifar100', '73.51', '%', 'imagenet16_120', '46.34', '%'),
        *('params', '1,288,506', 'macs', '184,730,240'),
    ]


def test_a_query_prints_one_json_object(table: str, capsys: Captured) -> None:
    assert benchmark_cli.main([OSTR, '--table', table, '--json']) == 0
    assert json.loads(capsys.readouterr().out) == {
        'cifar10': 94.363,
        'cifar100': 73.513,
        'imagenet16_120': 46.344,
        'params': 1_288_506,
        'macs': 184_730_240,
    }


def test_the_scripts_run_by_themselves(repo_root: Path, table: str) -> None:
    done = tool(repo_root, 'query_benchmark.py', OSTR, '--table', table, '--json')
    assert (done.returncode, done.stderr) == (0, '')
    assert json.loads(done.stdout)['cifar10'] == 94.363
    failed = tool(repo_root, 'genotype.py', 'show', 'dartsv2')
    assert (failed.returncode, failed.stdout, failed.stderr.count('\n')) == (2, '', 1)
    assert failed.stderr.startswith("error: no genotype 'dartsv2'")


@pytest.mark.parametrize('name', ['genotype.py', 'query_benchmark.py'])
def test_help_shows_examples(repo_root: Path, name: str) -> None:
    done = tool(repo_root, name, '--help')
    assert (done.returncode, done.stderr) == (0, '')
    assert f'python tools/{name} ' in done.stdout


@pytest.mark.parametrize('name', ['genotype.py', 'query_benchmark.py'])
def test_a_script_is_thin(repo_root: Path, name: str) -> None:
    assert len((repo_root / 'tools' / name).read_text().splitlines()) <= 20
