"""The file of a study: what it may say, and how it becomes runs."""

from pathlib import Path
from typing import Any

import pytest

from ostrdet.commands.search import build_parser
from ostrdet.studies.file import CHECKS, NO_OVERRIDES, Parallel, read_study
from ostrdet.studies.metrics import METRICS
from ostrdet.studies.plan import DONE, FAILED, OPEN, Mark, plan, read_mark, state_of, write_mark


def test_what_is_left_out_has_a_default(write_study: Any) -> None:
    study = read_study(write_study(configs=['configs/search/a.py', 'b.py']))
    assert study.configs == {'a': 'configs/search/a.py', 'b': 'b.py'}
    assert (study.name, study.tool, study.retries) == ('digits', 'search', 1)
    assert (study.overrides, study.parallel) == (NO_OVERRIDES, Parallel(None, 1, None))


def test_options_are_those_of_the_command_line(write_study: Any) -> None:
    nested = {
        'train_cfg': {'max_epochs': 3, 'portions': [0.1, 0.2]},
        'model.autocast': None,
        'model.channels_last': False,
    }
    study = read_study(write_study(overrides={'plain': None, 'small': nested}))
    assert study.overrides == {
        'plain': (),
        'small': (
            'train_cfg.max_epochs=3',
            'train_cfg.portions=[0.1,0.2]',
            'model.autocast=None',
            'model.channels_last=False',
        ),
    }


@pytest.mark.parametrize(
    ('keys', 'message'),
    [
        ({'seed': [0]}, "digits.yaml: key 'seed' is unknown. Did you mean 'seeds'"),
        ({'parallel': {'worker': 2}}, "parallel: key 'worker' is unknown. Did you mean 'workers'"),
        ({'parallel': {'threads': 0}}, 'parallel.threads: got 0, expected a whole number from 1'),
        ({'parallel': {'memory_gib': -1}}, 'memory_gib: got -1, expected a number from 0.01'),
        ({'parallel': 2}, 'parallel: got 2, expected the keys workers, threads, memory_gib'),
        ({'tool': 'serch'}, "tool: 'serch' is unknown. Did you mean 'search'"),
        ({'seeds': None}, "the key 'seeds' is missing"),
        ({'seeds': []}, r'seeds: got \[\], expected a list'),
        ({'seeds': [0, -1]}, r'seeds\[1\]: got -1, expected a whole number from 0'),
        ({'seeds': [True]}, r'seeds\[0\]: got True, expected a whole number'),
        ({'seeds': [1, 2, 1]}, "seeds: '1' stands there twice"),
        ({'configs': ['x/a.py', 'y/a.py']}, "configs: 'a' stands there twice"),
        ({'configs': {'a/b': 'a.py'}}, "configs: got 'a/b', expected a name of letters"),
        ({'name': '..'}, "name: got '..', expected a name"),
        ({'overrides': {'a': [1]}}, r'overrides.a: got \[1\], expected config keys'),
        ({'cfg_options': ['a=1']}, r"cfg_options: got \['a=1'\], expected config keys"),
        ({'retries': 1.5}, 'retries: got 1.5, expected a whole number from 0'),
        ({'metrics': 'loss'}, "metrics: got 'loss', expected a list"),
        ({'genotype': 'darts_v2'}, "'genotype' says nothing to tool: search"),
        ({'tool': 'train', 'benchmark': 'a.csv'}, "'benchmark' says nothing to tool: train"),
    ],
)
def test_what_is_wrong_is_named(write_study: Any, keys: dict[str, Any], message: str) -> None:
    with pytest.raises((KeyError, ValueError), match=message):
        read_study(write_study(**keys))


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('seeds: [0', 'no YAML of a study'),
        ('- 1\n', 'expected keys and values'),
        ('seeds: [0]\nseeds: [1]\n', "the key 'seeds' stands there twice"),
        ('seeds: !!python/name:os.system\n', 'no YAML of a study'),
    ],
)
def test_a_file_that_is_no_study_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / 'study.yaml'
    path.write_text(text, encoding='utf-8')
    with pytest.raises(ValueError, match=message):
        read_study(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no study '.*lost\.yaml'"):
        read_study(tmp_path / 'lost.yaml')


def test_runs_are_the_product(write_study: Any, tmp_path: Path) -> None:
    overrides = {'short': {'train_cfg.max_epochs': 3}, 'long': {'train_cfg.max_epochs': 4}}
    options = {'model.supernet.channels': 4}
    study = read_study(write_study(seeds=[5, 7], overrides=overrides, cfg_options=options))
    runs = plan(study, tmp_path)
    assert [run.name for run in runs] == [
        f'{config}_{name}_s{seed}'
        for config in ('first', 'second')
        for name in ('short', 'long')
        for seed in (5, 7)
    ]
    assert [run.epochs for run in runs] == 2 * [3, 3, 4, 4]
    assert len({run.digest for run in runs}) == len(runs)
    args = build_parser().parse_args(runs[-1].arguments)
    assert (args.config, args.seed, args.resume) == (study.configs['second'], 7, 'auto')
    assert args.work_dir == str(tmp_path / 'second_long_s7')
    assert args.cfg_options == ['model.supernet.channels=4', 'train_cfg.max_epochs=4']


def test_a_training_takes_the_genotype(write_study: Any, tmp_path: Path) -> None:
    config = Path(__file__).resolve().parents[2] / 'configs' / 'retrain' / 'nb201_digits.py'
    keys = {'tool': 'train', 'configs': [str(config)], 'genotype': 'nb201_resnet', 'seeds': [1]}
    (run,) = plan(read_study(write_study(**keys)), tmp_path)
    assert (run.tool, run.name) == ('train', 'nb201_digits_s1')
    assert run.arguments[-2:] == ('--genotype', 'nb201_resnet')


def test_a_wrong_override_is_found_before_anything_runs(write_study: Any, tmp_path: Path) -> None:
    study = read_study(write_study(overrides={'odd': {'model.supernet.chanels': 4}}))
    with pytest.raises(ValueError, match=r"first_odd_s0: .*'channels'"):
        plan(study, tmp_path)


def test_a_mark_holds_for_the_config_that_ran(write_study: Any, tmp_path: Path) -> None:
    run = plan(read_study(write_study(seeds=[0])), tmp_path)[0]
    assert state_of(run) == OPEN
    write_mark(run, Mark(FAILED, run.digest, 2, 'it broke'))
    assert read_mark(run) == Mark(FAILED, run.digest, 2, 'it broke')
    write_mark(run, Mark(DONE, run.digest, 1))
    assert state_of(run) == DONE
    longer = read_study(write_study(seeds=[0], cfg_options={'train_cfg.max_epochs': 20}))
    assert state_of(plan(longer, tmp_path)[0]) == OPEN
    (run.work_dir / 'study.json').write_text('{"state"', encoding='utf-8')
    assert state_of(run) == OPEN


def test_the_docs_show_the_study_of_the_digits(
    monkeypatch: pytest.MonkeyPatch, repo_root: Path, tmp_path: Path
) -> None:
    text = (repo_root / 'configs' / 'studies' / 'digits.yaml').read_text(encoding='utf-8')
    shown = ''.join(f'    {line}\n' for line in text.splitlines() if not line.startswith('#'))
    page = (repo_root / 'docs' / 'study.md').read_text(encoding='utf-8')
    assert shown in page
    monkeypatch.chdir(repo_root)
    runs = plan(read_study('configs/studies/digits.yaml'), tmp_path)
    assert [run.epochs for run in runs] == 6 * [5]
    assert all(f'`{key}`' in page or f'`{key}.' in page for key in CHECKS)
    assert all(f'`{name}`' in page for name in METRICS)
