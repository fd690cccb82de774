"""Scores that are means over several epochs."""

from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.engine.hooks import SelectorHook
from ostrdet.selection import PAPER_CRITERIA
from ostrdet.structures import load_genotype


@pytest.mark.parametrize('window', [0, -1, 1.5, True, None])
def test_window_out_of_range(window: Any) -> None:
    with pytest.raises(
        ValueError, match=rf'selector\.window={window!r}, expected a number of epochs'
    ):
        SelectorHook(window=window)


def test_scores_of_a_window_are_means_over_its_epochs(run_search: Any, tmp_path: Path) -> None:
    short = {'train_cfg.max_epochs': 3, 'train_cfg.portions': (0.015, 0.015)}
    single = run_search('single', short).lines
    window = {**short, 'default_hooks.selector.window': 2}
    double = run_search('double', window)
    for name in PAPER_CRITERIA:
        before, last = (torch.tensor(line['scores'][name]['cell']) for line in single[1:])
        expected = last if name == 'Magnitude' else (before + last) / 2
        found = torch.tensor(double.lines[2]['scores'][name]['cell'])
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)
    assert load_genotype(double.folder / 'genotype.json').provenance['window'] == 2
    assert 'window' not in load_genotype(tmp_path / 'single' / 'genotype.json').provenance
