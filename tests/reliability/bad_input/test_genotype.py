"""Genotypes that are none, as files, as texts and as options of the tools."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures.genotype_file import to_json

Edit = Callable[[dict[str, Any]], Any]


def node(*edges: list[Any]) -> Edit:
    """Puts other edges on the first node of the normal cell."""

    def edit(content: dict[str, Any]) -> None:
        content['cells']['normal']['nodes'][0] = list(edges)

    return edit


#: By what is changed in the file of a good genotype, and what the message holds besides the file.
EDITS: dict[str, tuple[Edit, tuple[str, ...]]] = {
    'newer version': (lambda g: g.update(version=99), ("'version' is 99", 'a newer release')),
    'other format': (lambda g: g.update(format='x'), ("'format' is 'x'", "'ostrdet.genotype'")),
    'other checksum': (lambda g: g.update(checksum='sha256:0'), ("'checksum' is", 'restore it')),
    'unknown operation': (
        node(['sep_conv_9x9', 0], ['skip_connect', 1]),
        ("cell 'normal', node 2: 'sep_conv_9x9'", "mean 'sep_conv_"),
    ),
    'none': (
        node(['none', 0], ['skip_connect', 1]),
        ("cell 'normal', node 2: 'none' is never selected",),
    ),
    'one edge': (node(['skip_connect', 0]), ('node 2 has 1 edges, expected 2',)),
    'loop': (
        node(['skip_connect', 0], ['skip_connect', 2]),
        (r'node 2 reads node 2, expected one of 0\.\.1',),
    ),
    'node that is not there': (
        node(['skip_connect', 0], ['skip_connect', 7]),
        (r'node 2 reads node 7, expected one of 0\.\.1',),
    ),
    'negative node': (node(['skip_connect', 0], ['skip_connect', -1]), (r'cells\.normal\.nodes',)),
    'one input twice': (node(['skip_connect', 0], ['sep_conv_3x3', 0]), ('reads a node twice',)),
    'a cell is missing': (
        lambda g: g['cells'].pop('reduce'),
        (r"\['normal'\], DARTSSpace has \['normal', 'reduce'\]",),
    ),
    'no cells': (lambda g: g['cells'].clear(), ("'cells' is empty",)),
    'unknown space': (lambda g: g['space'].update(type='DARTSpace'), ("mean 'DARTSSpace'",)),
    'unknown key of the space': (lambda g: g['space'].update(steps=4), ("no argument 'steps'",)),
}

#: By the content of the file.
CONTENTS: dict[str, tuple[bytes, str]] = {
    'cut off': (b'{"format": ', 'not a JSON file'),
    'empty': (b'', 'not a JSON file'),
    'a list': (b'[]', 'expected a JSON object'),
    'a pickle': (b'\x80\x04.', 'not a JSON file'),
    'too deep': (b'[' * 100_000, 'not a JSON file'),
}

#: By the text in the place of a name.
TEXTS: dict[str, tuple[str, str]] = {
    'typo': ('dartsv2', "no genotype 'dartsv2'.*mean 'darts_v2'"),
    'nothing': ('', "no genotype ''"),
    'no such file': ('lost.json', r'lost\.json: No such file'),
    'code in a namedtuple': ('Genotype(normal=[(exit(7), 0)], normal_concat=[2])', 'genotype text'),
    'a call': (
        'Genotype(normal=exit(7), normal_concat=[], reduce=[], reduce_concat=[])',
        "'normal'",
    ),
    'code in a string': (
        '|exit(7)~0|+|none~0|none~1|+|none~0|none~1|none~2|',
        'malformed genotype',
    ),
    'a cell of one node': ('|none~0|', 'NASBench201Space'),
    'unknown operation': ('|conv~0|+|none~0|none~1|+|none~0|none~1|none~2|', "'conv'"),
}


@pytest.mark.parametrize('case', EDITS)
def test_files_of_which_a_part_is_wrong(refused: Any, tmp_path: Path, case: str) -> None:
    edit, patterns = EDITS[case]
    content = to_json(get_genotype('darts_v2'))
    body = {key: content[key] for key in ('space', 'cells', 'provenance')}
    edit(content)
    if case != 'other checksum':
        text = json.dumps(body, sort_keys=True, separators=(',', ':'))
        content['checksum'] = 'sha256:' + hashlib.sha256(text.encode()).hexdigest()
    (tmp_path / 'mine.json').write_text(json.dumps(content), encoding='utf-8')
    refused('genotype', ['validate', tmp_path / 'mine.json'], r'mine\.json', *patterns)


@pytest.mark.parametrize('case', CONTENTS)
def test_files_that_are_no_genotype(refused: Any, tmp_path: Path, case: str) -> None:
    content, pattern = CONTENTS[case]
    (tmp_path / 'mine.json').write_bytes(content)
    refused('genotype', ['show', tmp_path / 'mine.json'], r'mine\.json', pattern)


@pytest.mark.parametrize('case', TEXTS)
def test_texts(refused: Any, case: str) -> None:
    text, pattern = TEXTS[case]
    refused('genotype', ['show', text], pattern)


def test_a_genotype_of_another_space(refused: Any, train_config: Path) -> None:
    argv = [train_config, '--genotype', 'nb201_resnet']
    refused('train', argv, 'belongs to NASBench201Space', 'give a genotype of that space')


def test_a_genotype_for_a_search(refused: Any, search_config: Path) -> None:
    refused(
        'search', [search_config, '--genotype', 'darts_v2'], 'unrecognized .*--genotype', '--help'
    )
    refused('check', [search_config, '--genotype', 'darts_v2'], '--genotype: a search finds one')
