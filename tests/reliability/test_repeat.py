"""One command, run again and again: the same bytes, whatever the work dir and the hash seed.

    python tests/reliability/test_repeat.py --runs 10

runs the long version.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: The digits at 8x8 pixels, with workers, in some iterations.
SMALL = (
    'model.supernet.channels=4',
    'train_cfg.max_epochs=2',
    'train_cfg.portions=(0.05,0.05)',
    'train_dataloader.batch_size=16',
    'train_dataloader.num_workers=1',
    'train_dataloader.dataset.size=8',
    'val_dataloader.dataset.size=8',
)
#: Fields of the trajectory that tell the time.
TIMES = {'seconds'}


def run(folder: Path, hash_seed: int) -> None:
    """The command, in a work dir of its own."""
    command = [sys.executable, 'tools/search.py', 'configs/search/ostr_nb201_digits.py']
    environment = {**os.environ, 'PYTHONHASHSEED': str(hash_seed), 'PYTHONPATH': str(ROOT)}
    subprocess.run(
        [*command, '--work-dir', str(folder), '--cfg-options', *SMALL],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def artefacts(folder: Path) -> dict[str, str]:
    """SHA-256 of what a search leaves: genotypes, trajectory without times, weights and alphas."""
    from ostrdet.engine.checkpoint import read_checkpoint

    lines = (folder / 'trajectory.jsonl').read_text(encoding='utf-8').splitlines()
    records = [json.loads(line) for line in lines]
    kept = [{k: v for k, v in record.items() if k not in TIMES} for record in records]
    found = {'trajectory.jsonl': json.dumps(kept).encode()}
    for path in [folder / 'genotype.json', *sorted(folder.glob('genotypes/*.json'))]:
        found[str(path.relative_to(folder))] = path.read_bytes()
    for path in sorted(folder.glob('epoch_*.pth')):
        for name, tensor in read_checkpoint(path)['state_dict'].items():
            found[f'{path.name}:{name}'] = tensor.numpy().tobytes()
    return {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}


def repeat(folder: Path, runs: int) -> dict[str, str]:
    """So many runs; their artefacts, once they are found to be equal."""
    first: dict[str, str] = {}
    for turn in range(runs):
        work_dir = folder / f'run-{turn}' / ('deeper' * (turn % 3))
        run(work_dir, hash_seed=turn)
        found = artefacts(work_dir)
        first = first or found
        different = [name for name in first if found.get(name) != first[name]]
        assert found.keys() == first.keys(), found.keys() ^ first.keys()
        assert not different, f'run {turn} differs in {different}'
    return first


def test_runs_of_one_command_leave_the_same_bytes(tmp_path: Path) -> None:
    found = repeat(tmp_path, runs=2)
    expected = {
        'genotype.json',
        'trajectory.jsonl',
        'epoch_1.pth:alpha_cell',
        'epoch_2.pth:alpha_cell',
    }
    assert expected <= set(found)
    assert found['epoch_1.pth:alpha_cell'] != found['epoch_2.pth:alpha_cell']


def test_a_different_bit_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the test above would say nothing."""

    def fake(folder: Path, hash_seed: int) -> None:
        folder.mkdir(parents=True)
        (folder / 'trajectory.jsonl').write_text(f'{{"seconds": {hash_seed}, "alphas": [1]}}\n')
        (folder / 'genotype.json').write_text(f'{hash_seed // 2}')

    monkeypatch.setitem(globals(), 'run', fake)
    assert set(repeat(tmp_path / 'same', runs=2)) == {'genotype.json', 'trajectory.jsonl'}
    with pytest.raises(AssertionError, match=r"run 2 differs in \['genotype\.json'\]"):
        repeat(tmp_path / 'other', runs=3)


def main() -> None:
    """The long version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--runs', type=int, default=10)
    runs = parser.parse_args().runs
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as folder:
        found = repeat(Path(folder), runs)
    print(f'{runs} runs: {len(found)} artefacts each, all equal')


if __name__ == '__main__':
    main()
