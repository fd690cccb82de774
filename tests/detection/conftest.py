"""What the tests of detection share: changes to the annotations of a small COCO data set."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

# A conftest can't skip; without mmdet there is nothing here to run
collect_ignore_glob = [] if find_spec('mmdet') else ['test_*.py']


@pytest.fixture
def edit(coco: Path) -> Callable[..., None]:
    """Changes the annotation file of a split."""

    def change(function: Callable[[Any], Any], split: str = 'train2017') -> None:
        path = coco / 'annotations' / f'instances_{split}.json'
        content = json.loads(path.read_text(encoding='utf-8'))
        function(content)
        path.write_text(json.dumps(content), encoding='utf-8')

    return change
