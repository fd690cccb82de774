"""Search without training: what it draws, keeps, writes and refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.apis.search import build_search, search
from ostrdet.commands.search import main
from ostrdet.datasets import Digits
from ostrdet.engine.untrained import proxy_search as module
from ostrdet.evaluation.proxies import Batch, scores
from ostrdet.evaluation.proxies.naswot import NASWOT
from ostrdet.settings.search import load_config
from ostrdet.spaces import build_space
from ostrdet.spaces.random_genotype import count_genotypes, random_genotype
from ostrdet.structures import Genotype, load_genotype

SPACE = {
    'type': 'NASBench201Space',
    'num_nodes': 2,
    'ops': ['none', 'skip_connect', 'nor_conv_1x1'],
}


@pytest.fixture
def config(tiny_config: Any, tmp_path: Path) -> Path:
    cfg = tiny_config({'model.supernet.space': SPACE})
    cfg.proxy_search = {'proxy': {'type': 'naswot', 'batch_size': 12}, 'samples': 9}
    cfg.dump(tmp_path / 'naswot.py')
    return tmp_path / 'naswot.py'


def lines(folder: Path) -> list[dict[str, Any]]:
    text = (folder / 'scores.jsonl').read_text(encoding='utf-8')
    return [json.loads(line) for line in text.splitlines()]


def test_the_best_of_different_cells_is_kept(config: Path, tmp_path: Path) -> None:
    state = torch.get_rng_state()
    found = search(config, work_dir=tmp_path / 'run', seed=3)
    assert isinstance(found, Genotype)
    assert torch.equal(torch.get_rng_state(), state)
    settings, *rows = lines(tmp_path / 'run')
    assert (settings['proxy']['type'], settings['seed']) == ('naswot', 3)
    assert len({row['cell'] for row in rows}) == len(rows) == 9
    best = max(rows, key=lambda row: float(row['score']))
    assert build_space(SPACE).format(found) == best['cell']
    assert load_genotype(tmp_path / 'run' / 'genotype.json') == found
    assert found.provenance['score'] == best['score']
    assert found.origin == 'chosen by naswot of naswot.py, seed 3'


def test_a_score_is_that_of_its_untrained_network(config: Path, tmp_path: Path) -> None:
    cfg = load_config(config)
    one = module.ProxySearch(cfg, **cfg.proxy_search)
    cell = next(one.cells())
    again = Batch(one.batch.images.clone(), one.batch.labels)
    expected = scores(cell, {'a': NASWOT(batch_size=12)}, one.layout, again, one.seed)
    assert one.score(cell) == expected['a']
    assert one.batch.images.shape == (12, 3, 8, 8)


def test_a_search_that_was_cut_off_goes_on(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = tmp_path / 'whole', tmp_path / 'cut'
    search(config, work_dir=whole)
    search(config, work_dir=cut)
    text = (cut / 'scores.jsonl').read_text(encoding='utf-8').splitlines(keepends=True)
    (cut / 'scores.jsonl').write_text(''.join(text[:5]) + text[5][:20], encoding='utf-8')
    (cut / 'genotype.json').unlink()
    asked: list[Genotype] = []
    score = module.ProxySearch.score
    monkeypatch.setattr(
        module.ProxySearch, 'score', lambda self, cell: asked.append(cell) or score(self, cell)
    )
    search(config, work_dir=cut, resume='auto')
    assert len(asked) == 5
    assert lines(cut) == lines(whole)
    assert (cut / 'genotype.json').read_bytes() == (whole / 'genotype.json').read_bytes()
    with pytest.raises(FileExistsError, match='holds a search already'):
        search(config, work_dir=cut)
    with pytest.raises(ValueError, match='is of another score, seed'):
        search(config, work_dir=cut, resume='auto', seed=8)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['proxy_search.samples=28'], 'proxy_search.samples=28, expected 1 to 27, the cells of'),
        (['proxy_search.samples=0'], 'proxy_search.samples=0, expected 1 to 27'),
        (['proxy_search.proxy.type=naswod'], "unknown proxy 'naswod'. Did you mean 'naswot'?"),
        (['proxy_search.sample=3'], "proxy_search has no argument 'sample'"),
        (['proxy_search.proxy.batch=3'], "no argument 'batch'"),
    ],
)
def test_bad_input_is_one_line(
    config: Path, tmp_path: Path, options: list[str], message: str, capsys: Any
) -> None:
    argv = [str(config), '--work-dir', str(tmp_path / 'run'), '--cfg-options', *options]
    assert main(argv) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count('\n') == 1


def test_the_table_tells_what_the_cell_is_worth(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = build_space(SPACE)
    cells = {space.format(random_genotype(space, seed)) for seed in range(300)}
    assert len(cells) == count_genotypes(space) == 27
    table = tmp_path / 'table.csv'
    table.write_text('\n'.join(['arch,cifar10', *(f'{cell},77' for cell in cells)]))
    argv = [str(config), '--work-dir', str(tmp_path / 'run'), '--benchmark', str(table)]
    assert main(argv) == 0
    assert 'cifar10 77.00' in capsys.readouterr().out


def test_there_is_no_runner(config: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='takes no steps'):
        build_search(config, work_dir=tmp_path / 'run')
    with pytest.raises(ValueError, match='--launcher pytorch'):
        search(config, work_dir=tmp_path / 'run', launcher='pytorch')


def test_the_cells_of_the_darts_space_are_counted() -> None:
    # 2 of 2, 3, 4 and 5 inputs, 7 operations each, in two cells
    assert count_genotypes(build_space({'type': 'DARTSSpace'})) == (1 * 3 * 6 * 10 * 7**8) ** 2


@pytest.mark.parametrize('score', ['naswot', 'snip'])
def test_images_without_labels_serve_scores_that_need_none(
    score: str,
    tiny_config: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    get = Digits.get_data_info

    def without_label(self: Any, index: int) -> Any:
        info = get(self, index)
        del info['gt_label']
        return info

    monkeypatch.setattr(Digits, 'get_data_info', without_label)
    cfg = tiny_config({'model.supernet.space': SPACE})
    cfg.proxy_search = {'proxy': {'type': score}, 'samples': 2}
    cfg.dump(tmp_path / 'score.py')
    argv = [str(tmp_path / 'score.py'), '--work-dir', str(tmp_path / 'run')]
    assert main(argv) == (0 if score == 'naswot' else 2)
    error = capsys.readouterr().err
    assert error.count('\n') == (score == 'snip')
    assert score == 'naswot' or "the score 'snip' needs the labels of its images" in error


def test_a_cell_that_the_table_lacks_is_kept_all_the_same(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / 'table.csv'
    table.write_text('arch,cifar10\n|none~0|+|none~0|none~1|,10\n', encoding='utf-8')
    argv = [str(config), '--work-dir', str(tmp_path / 'run'), '--benchmark', str(table)]
    assert main(argv) == 0
    assert 'does not hold the cell' in capsys.readouterr().out
    kept = load_genotype(tmp_path / 'run' / 'genotype.json')
    assert 'benchmark' not in kept.provenance
