"""Searches in stages: what one hands to the next, and how they go on after a kill."""

import json
import multiprocessing
import os
import shutil
import signal
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.apis.build_runner import build_run
from ostrdet.apis.open_search import config_of
from ostrdet.apis.search import search
from ostrdet.commands.genotype import main as genotype_main
from ostrdet.commands.search import main as search_main
from ostrdet.engine.checkpoint import read_checkpoint
from ostrdet.errors import DamagedFileError, NonFiniteError
from ostrdet.settings.search import load_config
from ostrdet.spaces.zoo import get_genotype
from tests.reliability.same_numbers import differences

CONTEXT = multiprocessing.get_context('fork')
STAGES: list[dict[str, Any]] = [{}, {'keep': 3}]
PARTS = ('state_dict', 'optimizer', 'param_schedulers', 'selector')
OPS = ('none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3')


@pytest.fixture(scope='module')
def whole(tiny_config: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work dir of a search in two stages that nothing interrupted; tests only look at it."""
    folder = tmp_path_factory.mktemp('whole')
    search(tiny_config({'stages': STAGES}), work_dir=folder)
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(whole, tmp_path / 'copy'))


def lines(folder: Path) -> list[dict[str, Any]]:
    """The trajectory without its times."""
    text = (folder / 'trajectory.jsonl').read_text(encoding='utf-8')
    return [{**json.loads(line), 'seconds': None} for line in text.splitlines()]


def assert_same_run(folder: Path, other: Path, epochs: int = 2) -> None:
    first, second = (read_checkpoint(run / f'epoch_{epochs}.pth') for run in (folder, other))
    for part in PARTS:
        assert list(differences(first[part], second[part], part)) == []
    assert lines(folder) == lines(other)
    assert (folder / 'genotype.json').read_bytes() == (other / 'genotype.json').read_bytes()


def assert_same_search(folder: Path, other: Path) -> None:
    for stage in ('stage_1', 'stage_2'):
        assert_same_run(folder / stage, other / stage)
    assert (folder / 'genotype.json').read_bytes() == (other / 'genotype.json').read_bytes()


def test_the_second_stage_has_the_best_candidates_of_the_first(whole: Path) -> None:
    (rows,) = lines(whole / 'stage_1')[-1]['scores']['OperationStrength'].values()
    space = load_config(config_of(whole / 'stage_2')).model.supernet.space
    assert len(rows) == len(space.candidates['cell']) == 6
    for row, found in zip(rows, space.candidates['cell'], strict=True):
        best = sorted(OPS, key=lambda op, row=row: row[OPS.index(op)])[-3:]
        assert found == [op for op in OPS if op in best]
    for line in lines(whole / 'stage_2'):
        for weights, kept in zip(line['op_weights']['cell'], space.candidates['cell'], strict=True):
            assert [op for op, p in zip(OPS, weights, strict=True) if p > 0] == list(kept)


def test_the_genotype_on_top_is_that_of_the_last_stage(whole: Path) -> None:
    top = whole / 'genotype.json'
    assert top.read_bytes() == (whole / 'stage_2' / 'genotype.json').read_bytes()
    assert top.read_bytes() != (whole / 'stage_1' / 'genotype.json').read_bytes()
    found = get_genotype(top)
    space = load_config(config_of(whole / 'stage_2')).model.supernet.space
    assert found.space['candidates'] == space.candidates


def test_a_stage_is_a_whole_search_of_its_own_config(whole: Path, tmp_path: Path) -> None:
    """So its weights and alpha are new: nothing of the stage before is in them."""
    for stage in ('stage_1', 'stage_2'):
        config = load_config(config_of(whole / stage))
        assert 'stages' not in config
        search(config, work_dir=tmp_path / stage)
        assert_same_run(tmp_path / stage, whole / stage)


def test_overrides_go_from_stage_to_stage(tiny_config: Any, tmp_path: Path) -> None:
    stages = [
        {'train_cfg': {'max_epochs': 1}, 'default_hooks': {'selector': {'window': 2}}},
        {'keep': 4, 'model': {'supernet': {'num_cells': 2}}},
        {'keep': 3, 'model.supernet.channels': 6},
    ]
    last = search(tiny_config({'stages': stages}), work_dir=tmp_path)
    found = [load_config(config_of(tmp_path / f'stage_{number}')) for number in (1, 2, 3)]
    assert [cfg.train_cfg.max_epochs for cfg in found] == [1, 1, 1]
    assert [cfg.default_hooks.selector.window for cfg in found] == [2, 2, 2]
    assert [cfg.model.supernet.num_cells for cfg in found] == [1, 2, 2]
    assert [cfg.model.supernet.channels for cfg in found] == [4, 4, 6]
    four, three = (cfg.model.supernet.space.candidates['cell'] for cfg in found[1:])
    assert [(len(a), len(b)) for a, b in zip(four, three, strict=True)] == [(4, 3)] * 6
    assert all(set(b) < set(a) for a, b in zip(four, three, strict=True))
    assert last.work_dir == str(tmp_path / 'stage_3')


def test_the_network_of_a_stage_is_gone_before_the_next_is_built(
    tiny_config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models: list[Any] = []
    alive: list[int] = []

    def build(*args: Any) -> Any:
        alive.append(sum(model() is not None for model in models))
        runner = build_run(*args)
        models.append(weakref.ref(runner.model))
        return runner

    monkeypatch.setattr('ostrdet.apis.stages.build_run', build)
    config = tiny_config({'stages': [{}, {'keep': 4}, {'keep': 3}], 'train_cfg.max_epochs': 1})
    search(config, work_dir=tmp_path)
    assert alive == [0, 0, 0]
    assert len(models) == 3


def run_until(config: Any, folder: Path, fatal: Path) -> None:
    """The child: a search that dies in the first write after a file is there."""
    torch.set_num_threads(1)
    sync = os.fsync

    def deadly(handle: int) -> None:
        if fatal.exists():
            os.kill(os.getpid(), signal.SIGKILL)
        sync(handle)

    os.fsync = deadly
    search(config, work_dir=folder)


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
@pytest.mark.parametrize('file', ['run.json', 'epoch_1.pth', 'epoch_2.pth'])
@pytest.mark.parametrize('stage', ['stage_1', 'stage_2'])
def test_a_killed_search_goes_on_in_its_stage_and_ends_with_the_same_bits(
    tiny_config: Any, whole: Path, tmp_path: Path, stage: str, file: str
) -> None:
    config, folder = tiny_config({'stages': STAGES}), tmp_path / 'killed'
    child = CONTEXT.Process(target=run_until, args=(config, folder, folder / stage / file))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert (folder / 'stage_2').exists() == (stage == 'stage_2')
    assert not (folder / 'genotype.json').exists()
    search(config, work_dir=folder, resume='auto')
    assert_same_search(folder, whole)


@pytest.mark.parametrize('stage', ['stage_1', 'stage_2'])
def test_a_search_goes_on_from_a_checkpoint_of_a_stage(
    tiny_config: Any, whole: Path, copy: Path, stage: str
) -> None:
    checkpoint = copy / stage / 'epoch_1.pth'
    search(tiny_config({'stages': STAGES}), work_dir=copy, resume=str(checkpoint))
    assert (copy / stage / 'epoch_2.pth.old').is_file()
    assert_same_search(copy, whole)


def test_finished_stages_are_not_run_again(
    tiny_config: Any, copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'tiny.py'
    tiny_config({'stages': STAGES}).dump(path)
    before = {p: p.stat().st_mtime_ns for p in (copy / 'stage_1').rglob('*')}
    assert search_main([str(path), '--work-dir', str(copy), '--resume']) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith('stage ')]
    assert said == [
        f'stage 1 of 2: {copy / "stage_1"}, finished',
        f'stage 2 of 2: {copy / "stage_2"}',
    ]
    assert {p: p.stat().st_mtime_ns for p in (copy / 'stage_1').rglob('*')} == before


def test_a_stage_that_stops_early_hands_on_its_last_scores(
    tiny_config: Any, tmp_path: Path
) -> None:
    config = tiny_config(
        {
            'train_cfg.max_epochs': 5,
            'optim_wrapper.arch.optimizer.lr': 0.0,
            'default_hooks.selector.criterion.type': 'Magnitude',
            'default_hooks.selector.patience': 1,
            'stages': [{}, {'keep': 2}],
        }
    )
    search(config, work_dir=tmp_path)
    assert [len(lines(tmp_path / name)) for name in ('stage_1', 'stage_2')] == [2, 2]
    again = tmp_path / 'stage_1' / 'epoch_2.pth'
    before = again.read_bytes()
    search(config, work_dir=tmp_path, resume='auto')
    assert [len(lines(tmp_path / name)) for name in ('stage_1', 'stage_2')] == [2, 2]
    assert again.read_bytes() == before


def test_a_stage_that_fails_leaves_the_one_before_usable(
    tiny_config: Any, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wild = {'optim_wrapper': {'weights': {'optimizer': {'lr': 1e30}, 'clip_grad': None}}}
    stages = [{}, {'keep': 3, **wild}]
    with pytest.raises(NonFiniteError):
        search(tiny_config({'stages': stages}), work_dir=tmp_path)
    assert not (tmp_path / 'genotype.json').exists()
    assert_same_run(tmp_path / 'stage_1', whole / 'stage_1')
    capsys.readouterr()
    assert genotype_main(['show', str(tmp_path / 'stage_1' / 'genotype.json')]) == 0
    text = lines(whole / 'stage_1')[-1]['genotypes']['OperationStrength']
    assert text in capsys.readouterr().out
    search(tiny_config({'stages': STAGES}), work_dir=tmp_path, resume='auto')
    assert_same_search(tmp_path, whole)


def test_a_finished_stage_of_another_config_is_refused(tiny_config: Any, copy: Path) -> None:
    config = tiny_config({'stages': STAGES, 'model.supernet.channels': 6})
    with pytest.raises(ValueError, match=r'stage_1/epoch_2\.pth.*another run: model\.supernet\.ch'):
        search(config, work_dir=copy, resume='auto')
    with pytest.raises(ValueError, match=r'randomness\.seed=0, this one has 1; give --seed 0'):
        search(tiny_config({'stages': STAGES}), work_dir=copy, resume='auto', seed=1)
    other = tiny_config({'stages': [{}, {'keep': 4}]})
    with pytest.raises(ValueError, match=r'stage_2/epoch_2\.pth.*space\.candidates\.cell was'):
        search(other, work_dir=copy, resume='auto')


def test_what_changed_since_a_stage_was_finished_is_told(
    tiny_config: Any, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_config({'stages': STAGES, 'optim_wrapper.weights.optimizer.lr': 0.5})
    search(config, work_dir=copy, resume='auto')
    assert (
        '--resume: stage 1 is finished, so this has no effect on it: '
        'optim_wrapper.weights.optimizer.lr was 0.025, is 0.5'
    ) in capsys.readouterr().err


def test_a_work_dir_is_not_written_over(tiny_config: Any, copy: Path, tmp_path: Path) -> None:
    config = tiny_config({'stages': STAGES})
    shutil.rmtree(copy / 'stage_1')
    with pytest.raises(FileExistsError, match=r"stage_2' holds a search already: give --resume"):
        search(config, work_dir=copy)
    assert not (copy / 'stage_1').exists()
    plain = tmp_path / 'plain'
    plain.mkdir()
    (plain / 'trajectory.jsonl').touch()
    with pytest.raises(FileExistsError, match='holds a search without stages; give another'):
        search(config, work_dir=plain, resume='auto')


def test_checkpoints_that_are_in_no_stage_are_refused(
    tiny_config: Any, whole: Path, copy: Path
) -> None:
    config = tiny_config({'stages': STAGES})
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint 'none\.pth'"):
        search(config, work_dir=copy, resume='none.pth')
    elsewhere = str(whole / 'stage_1' / 'epoch_1.pth')
    with pytest.raises(
        ValueError, match='is in none of the folders stage_1 to stage_2 of the work'
    ):
        search(config, work_dir=copy, resume=elsewhere)


def test_lost_scores_are_named_with_the_mend(tiny_config: Any, whole: Path, copy: Path) -> None:
    config, path = tiny_config({'stages': STAGES}), copy / 'stage_1' / 'trajectory.jsonl'
    text = path.read_text(encoding='utf-8')
    first, last = text.splitlines()
    path.write_text(f'{first}\n{last[:50]}', encoding='utf-8')
    with pytest.raises(
        DamagedFileError, match=r"last epoch are lost; give --resume '.*epoch_1\.pth'"
    ):
        search(config, work_dir=copy, resume='auto')
    line = json.loads(last)
    line['scores']['OperationStrength'] = None
    path.write_text(f'{first}\n{json.dumps(line)}\n', encoding='utf-8')
    with pytest.raises(ValueError, match='no scores by OperationStrength after epoch 2'):
        search(config, work_dir=copy, resume='auto')
    search(config, work_dir=copy, resume=str(copy / 'stage_1' / 'epoch_1.pth'))
    assert_same_search(copy, whole)
