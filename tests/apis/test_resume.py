"""Where a run begins: nothing starts over beside a checkpoint, and ``--resume`` finds what there is."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from ostrdet.apis.build_runner import set_resume
from ostrdet.settings.values import check_values


def config(folder: Path, **values: Any) -> Config:
    return Config({'work_dir': str(folder), **values})


def write(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b'')


@pytest.mark.parametrize('name', ['epoch_1.pth', 'epoch_0_iter_7.pth', 'trajectory.jsonl'])
def test_nothing_starts_over_beside_a_run(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    with pytest.raises(FileExistsError, match='holds a search already: give --resume'):
        set_resume(config(tmp_path), None, 'search')


@pytest.mark.parametrize('name', ['iter_20.pth', 'ep1.pth', 'best_accuracy_top1_epoch_3.pth'])
@pytest.mark.parametrize(
    ('resume', 'message'),
    [
        (None, "holds checkpoints already .'{}'.: give"),
        ('auto', 'do not say how far .* --resume P'),
    ],
)
def test_nothing_starts_over_beside_checkpoints_by_other_names(
    tmp_path: Path, name: str, resume: str | None, message: str
) -> None:
    write(tmp_path, name)
    with pytest.raises(FileExistsError, match=message.format(name)):
        set_resume(config(tmp_path), resume, 'search')
    cfg = config(tmp_path)
    set_resume(cfg, str(tmp_path / name), 'search')
    assert (cfg.resume, cfg.load_from) == (True, str(tmp_path / name))


def test_two_runs_are_not_mixed(tmp_path: Path) -> None:
    write(tmp_path / 'a', 'epoch_1.pth')
    write(tmp_path / 'b', 'epoch_2.pth')
    with pytest.raises(FileExistsError, match="b' holds a training already"):
        set_resume(config(tmp_path / 'b'), str(tmp_path / 'a/epoch_1.pth'), 'training')
    set_resume(config(tmp_path / 'c'), str(tmp_path / 'a/epoch_1.pth'), 'training')


@pytest.mark.parametrize('resume', [None, 'auto'])
def test_the_weights_to_start_from_may_lie_there_and_are_kept(
    tmp_path: Path, resume: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, 'weights.pth')
    cfg = config(tmp_path, load_from=str(tmp_path / 'weights.pth'))
    set_resume(cfg, resume, 'training')
    assert not cfg.get('resume')
    assert cfg.load_from == str(tmp_path / 'weights.pth')
    assert ('weights.pth' in capsys.readouterr().err) == (resume == 'auto')


@pytest.mark.parametrize('kind', ['CheckpointHook', 'ostrdet.SafeCheckpointHook'])
@pytest.mark.parametrize('hooks', ['default_hooks', 'custom_hooks'])
@pytest.mark.parametrize(
    ('option', 'mend'),
    [({'out_dir': '/scratch'}, 'another --work-dir'), ({'filename_tmpl': 'ep{}.pth'}, 'names of')],
)
def test_options_that_hide_checkpoints_are_refused(
    kind: str, hooks: str, option: dict[str, str], mend: str
) -> None:
    hook = {'type': kind, **option}
    cfg = {'model': {'type': 'X'}, hooks: [hook] if hooks[0] == 'c' else {'checkpoint': hook}}
    with pytest.raises(ValueError, match=rf'{hooks}\.\w+\.{next(iter(option))}=.*None.*{mend}'):
        check_values(cfg)


def test_iterations_are_counted_by_our_hook_alone() -> None:
    cfg = {'model': {'type': 'X'}, 'custom_hooks': [{'type': 'CheckpointHook', 'by_epoch': False}]}
    with pytest.raises(ValueError, match=r"custom_hooks\.0\.type=.* expected 'ostrdet\.Safe"):
        check_values(cfg)
    cfg['custom_hooks'][0]['type'] = 'ostrdet.SafeCheckpointHook'  # type: ignore[index]
    check_values(cfg)
