"""The way from a search to a deployed network in ``docs/training.md``, run in a small version."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ostrdet.spaces.zoo import get_genotype

HEADING = '## From a search to a deployed network'
#: What makes a command of the page take seconds.
SMALL = {
    'search': ['train_cfg.max_epochs=1', 'train_cfg.portions=(0.05,0.05)'],
    'train': [f'train_dataloader.dataset.indices=[{",".join(map(str, range(0, 1437, 24)))}]'],
    'test': [],
    'export': [],
}


def commands(page: str) -> list[list[str]]:
    """The commands of the section, as arguments without the interpreter."""
    section = page.split(HEADING)[1].split('\n## ')[0]
    return [
        shlex.split(line)[1:] for line in re.findall(r'^ {4}(python .+)$', section, re.MULTILINE)
    ]


@pytest.fixture(scope='module')
def outputs(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What every command printed, by tool; work dirs lie in a folder of their own."""
    folder = tmp_path_factory.mktemp('walkthrough')
    (folder / 'tools').symlink_to(repo_root / 'tools')
    (folder / 'configs').symlink_to(repo_root / 'configs')
    printed = {'folder': str(folder)}
    for tool, *arguments in commands((repo_root / 'docs/training.md').read_text(encoding='utf-8')):
        name = Path(tool).stem
        small = ['--cfg-options', *SMALL[name]] if SMALL[name] else []
        done = subprocess.run(
            [sys.executable, tool, *arguments, *small],
            cwd=folder,
            env={**os.environ, 'PYTHONPATH': str(repo_root)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f'{name}: {done.stderr}'
        printed[name] = done.stdout
    return printed


def test_the_page_walks_from_search_to_export(outputs: dict[str, str]) -> None:
    assert list(outputs) == ['folder', 'search', 'train', 'test', 'export']


def test_the_genotype_that_was_found_is_what_was_trained(outputs: dict[str, str]) -> None:
    from mmengine.config import Config

    folder = Path(outputs['folder']) / 'work_dirs'
    found = get_genotype(folder / 'search' / 'genotype.json')
    config = Config.fromfile(folder / 'train' / 'nb201_digits.py')
    assert get_genotype(config.model.backbone.genotype.to_dict()) == found


def test_the_test_gives_the_accuracy_of_the_last_epoch(outputs: dict[str, str]) -> None:
    said = re.findall(r'accuracy/top1 +([\d.]+)', outputs['train'])[-1]
    assert re.search(rf'^accuracy/top1 +{re.escape(said)}$', outputs['test'], re.MULTILINE)


def test_the_exported_network_is_the_trained_one(outputs: dict[str, str]) -> None:
    import onnxruntime
    import torch

    from ostrdet.engine.checkpoint import read_state
    from ostrdet.models.networks import DerivedClassifier
    from ostrdet.structures import Layout

    folder = Path(outputs['folder']) / 'work_dirs'
    genotype = get_genotype(folder / 'search' / 'genotype.json')
    network = DerivedClassifier(genotype, Layout('CIFARStem', 8, 1, 10, 16), 10, aux=False).eval()
    network.load_state_dict(read_state(folder / 'train' / 'epoch_10.pth'))
    session = onnxruntime.InferenceSession(folder / 'digits.onnx')
    images = torch.randn(3, 3, 16, 16)
    (logits,) = session.run(None, {session.get_inputs()[0].name: images.numpy()})
    torch.testing.assert_close(torch.from_numpy(logits), network(images), rtol=0, atol=1e-4)
