"""Selecting anew from a finished search."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.apis.search import search
from ostrdet.apis.select import select
from ostrdet.commands.select import main
from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.evaluation.complexity import complexity
from ostrdet.records.fronts import read_front
from ostrdet.spaces import build_space
from ostrdet.structures import load_genotype
from ostrdet.visualization.report.report import report_of

PAPER = [
    'OperationStrength',
    'OperationStrengthStar',
    'PruningSaliency',
    'AlphaSaliency',
    'Magnitude',
]


@pytest.fixture(scope='module')
def searched(tiny_config: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('searched')
    search(tiny_config(), work_dir=folder)
    return folder


def lines(folder: Path) -> list[Any]:
    text = (folder / 'trajectory.jsonl').read_text(encoding='utf-8')
    return [json.loads(line) for line in text.splitlines()]


def test_all_criteria_select_what_the_search_did(searched: Path) -> None:
    found = select(searched)
    assert [one.criterion for one in found] == [*PAPER, 'LossChange']
    genotypes = lines(searched)[-1]['genotypes']
    assert {one.criterion: one.text for one in found[:5]} == genotypes
    assert [one.forward_passes for one in found] == [0] * 5 + [4 * 31]
    for one in found:
        saved = load_genotype(one.file)
        assert saved.cells == one.genotype.cells
        assert saved.provenance['forward_passes'] == one.forward_passes
        assert saved.provenance['epoch'] == 2
        assert (
            saved.provenance['seed'] == load_genotype(searched / 'genotype.json').provenance['seed']
        )


def test_an_earlier_checkpoint_gives_its_own_cells(searched: Path) -> None:
    found = select(searched, ['Magnitude'], checkpoint=searched / 'epoch_1.pth')
    assert found[0].text == lines(searched)[0]['genotypes']['Magnitude']


def test_scores_of_a_checkpoint_need_no_data(
    searched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ostrdet.engine.loops import bilevel_train

    opened, build = [], bilevel_train.build_dataset
    monkeypatch.setattr(
        bilevel_train, 'build_dataset', lambda cfg: opened.append(cfg) or build(cfg)
    )
    assert [one.criterion for one in select(searched, PAPER)] == PAPER
    assert opened == []
    select(searched, ['LossChange'], batches=1)
    assert len(opened) == 1


def test_the_work_dir_is_otherwise_left_alone(searched: Path) -> None:
    def content() -> dict[Path, bytes]:
        files = (path for path in searched.rglob('*') if path.is_file())
        return {p: p.read_bytes() for p in files if p.parent.name != 'selected'}

    before = content()
    select(searched, ['LossChange'], batches=1)
    assert content() == before


def test_the_tool_prints_one_object(searched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [str(searched), '--criterion', 'LossChange', '--batches', '2', '--json']
    assert main(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert told['LossChange']['forward_passes'] == 62
    assert main([str(searched), '--criterion', 'Magnitude']) == 0
    assert capsys.readouterr().out.startswith('Magnitude  |')


def test_a_budget_is_kept_to_the_unit(searched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [str(searched), '--max-macs', '60M', '--layout', 'imagenet16_120', '--json']
    assert main(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ['genotype', 'macs', 'params', 'score', 'free_score']
    saved = load_genotype(searched / 'selected' / 'OperationStrength.json')
    assert build_space(saved.space).format(saved) == told['genotype']
    counted = complexity(saved, 'imagenet16_120')
    assert (told['macs'], told['params']) == (counted.macs, counted.params)
    assert told['score'] <= told['free_score'] <= 6
    assert saved.provenance['max_macs'] == '60M'


def test_an_ample_budget_selects_what_the_search_did(searched: Path) -> None:
    (free,) = select(searched, max_macs='9G')
    assert free.text == lines(searched)[-1]['genotypes']['OperationStrength']
    assert free.within is not None
    assert free.within.score == free.within.free_score
    (small,) = select(searched, ['Magnitude'], max_params=free.within.params // 2)
    assert small.criterion == 'Magnitude'
    assert small.within is not None
    assert small.within.params <= free.within.params // 2


def test_a_front_is_a_table_and_a_figure(
    searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(searched, tmp_path / 'copy')
    argv = [str(folder), '--max-macs', '60M', '--max-params', '0.5M', '--front']
    assert main([*argv, '--json']) == 0
    told = json.loads(capsys.readouterr().out)
    points = read_front(Path(told['front']))
    own = [p for p in points if p.unit == 'macs' and p.cost <= 60_000_000][-1]
    assert (own.genotype, own.score) == (told['genotype'], told['score'])
    assert own.share == told['score'] / told['free_score']
    assert {p.unit: p.budget for p in points} == {'macs': 60_000_000, 'params': 500_000}
    assert '</svg>' in Path(told['front']).with_suffix('.svg').read_text('utf-8')
    assert main(argv) == 0
    assert f'front: {told["front"]}, and .svg' in capsys.readouterr().out
    page = report_of(folder)
    assert 'Score of OperationStrength by multiply-adds, selected after the search' in page
    assert main([str(folder), '--front']) == 2
    assert '--front without a budget' in capsys.readouterr().err


def test_milliseconds_by_cell_are_a_budget(
    searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    free = select(searched, max_macs='9G')[0].text
    other = '|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|'
    (tmp_path / 'ms.csv').write_text('index,phone\n0,9.5\n1,0.25\n', 'utf-8')
    (tmp_path / 'names.csv').write_text(f'index,arch,x\n0,{free},1\n1,{other},1\n', 'utf-8')
    tables = [str(tmp_path / 'ms.csv'), str(tmp_path / 'names.csv')]
    argv = ['--latency-table', *tables, '--latency-device', 'phone', '--json']
    assert main([str(searched), '--max-latency', '9', *argv]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told['genotype'], told['latency']) == (other, 0.25)
    assert main([str(searched), '--max-latency', '9.5', *argv]) == 0
    assert json.loads(capsys.readouterr().out)['genotype'] == free


def test_a_budget_that_nothing_fits_is_one_line(
    searched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(searched), '--max-params', '1K']) == 2
    message = capsys.readouterr().err
    assert message.count('\n') == 1
    assert 'smallest possible cost is params ' in message


def test_a_search_derives_within_a_budget(tiny_config: Any, tmp_path: Path) -> None:
    budget = {'type': 'WithinBudget', 'max_macs': '20M', 'layout': 'cifar10'}
    overrides = {'default_hooks.selector.derivation': budget, 'train_cfg.max_epochs': 1}
    search(tiny_config(overrides), work_dir=tmp_path)
    found = load_genotype(tmp_path / 'genotype.json')
    assert complexity(found, 'cifar10').macs <= 20_000_000
    within = [p for p in read_front(tmp_path / 'front.csv') if p.cost <= 20_000_000]
    assert within[-1].genotype == build_space(found.space).format(found)
    assert 'Score of OperationStrength by multiply-adds<' in report_of(tmp_path)


def test_a_search_that_nothing_can_fit_does_not_start(tiny_config: Any, tmp_path: Path) -> None:
    overrides = {'default_hooks.selector.derivation': {'type': 'WithinBudget', 'max_macs': '1M'}}
    with pytest.raises(InvalidValueError, match='smallest possible cost is macs'):
        search(tiny_config(overrides), work_dir=tmp_path)
    assert not (tmp_path / 'trajectory.jsonl').exists()


def test_bad_input(searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownNameError, match=r'--criterion OStr\. .*Known: AlphaSaliency'):
        select(searched, ['OStr'])
    with pytest.raises(InvalidValueError, match='batches 99: expected 1 to 4'):
        select(searched, ['LossChange'], batches=99)
    with pytest.raises(FileNotFoundError, match='holds no checkpoint'):
        select(tmp_path)
    state = torch.load(searched / 'epoch_2.pth', weights_only=False)
    del state['selector']['criteria']['AlphaSaliency']
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.count('\n') == 1


def test_a_criterion_that_the_search_did_not_watch_is_named(
    tiny_config: Any, tmp_path: Path
) -> None:
    overrides = {'default_hooks.selector.compare': [], 'train_cfg.max_epochs': 1}
    search(tiny_config(overrides), work_dir=tmp_path)
    message = '--criterion PruningSaliency: the search has not observed'
    with pytest.raises(InvalidValueError, match=message):
        select(tmp_path, ['PruningSaliency'])


ANGLE = {'type': 'AngleEvolution', 'generations': 3, 'population': 20}


def test_the_angle_is_judged_again_by_what_the_checkpoint_keeps(
    tiny_config: Any, tmp_path: Path
) -> None:
    config = tiny_config({'default_hooks.selector.compare': []})
    config.default_hooks.selector.criterion = ANGLE
    search(config, work_dir=tmp_path)
    (found,) = select(tmp_path, ['AngleEvolution'])
    assert found.text == lines(tmp_path)[-1]['genotypes']['AngleEvolution']
    assert found.forward_passes == 0
    assert found.genotype.provenance['angle'] > 0


def test_the_angle_needs_a_search_that_kept_the_start(
    searched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(searched), '--criterion', 'AngleEvolution']) == 2
    error = capsys.readouterr().err
    assert error.count('\n') == 1
    assert 'those at the start, which only a search that has it in default_hooks.selector' in error
