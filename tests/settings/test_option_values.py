"""What a text on the command line stands for."""

import random
from typing import Any

import pytest

from ostrdet.settings.option_values import parse_value

VALUES: dict[str, Any] = {
    '1': 1,
    '-1': -1,
    '1e-3': 0.001,
    'true': True,
    'False': False,
    'None': None,
    'null': None,
    'none': 'none',
    'SGD': 'SGD',
    "'5'": '5',
    '"a, b"': 'a, b',
    '': '',
    '[]': [],
    '()': (),
    '1,5': [1, 5],
    '[1,5]': [1, 5],
    '(1, 5)': (1, 5),
    '(1,)': (1,),
    '[(1, 2, 3), [a, b], c]': [(1, 2, 3), ['a', 'b'], 'c'],
    '[none, skip_connect, nor_conv_3x3]': ['none', 'skip_connect', 'nor_conv_3x3'],
    "{'max_norm': 5, 'norm_type': 2.0}": {'max_norm': 5, 'norm_type': 2.0},
    'dict(max_norm=5)': {'max_norm': 5},
    'dict()': {},
    "[dict(type='X', of=dict(a=(1, 2))), {type: Y}]": [
        {'type': 'X', 'of': {'a': (1, 2)}},
        {'type': 'Y'},
    ],
    'range(0,100,10)': range(0, 100, 10),
    'range(5)': range(5),
    'out (1)': 'out (1)',
    'out(1)': 'out(1)',
    'Resize(224, 224)': 'Resize(224, 224)',
    'f(x, y)(z)': 'f(x, y)(z)',
    '(a)(b)': '(a)(b)',
    "it's": "it's",
    'a b': 'a b',
}


@pytest.mark.parametrize('text', VALUES)
def test_values(text: str) -> None:
    found = parse_value(text)
    assert (found, type(found)) == (VALUES[text], type(VALUES[text]))


@pytest.mark.parametrize(
    ('key', 'text', 'expected'),
    [
        ('work_dir', 'out (1)', 'out (1)'),
        ('work_dir', '(1)', '(1)'),
        ('work_dir', "'a b'", 'a b'),
        ('train_dataloader.dataset.data_root', 'a, b', 'a, b'),
        ('train_dataloader.dataset.data_root', '2024', '2024'),
        ('load_from', 'None', None),
    ],
)
def test_paths_are_taken_as_they_are(key: str, text: str, expected: Any) -> None:
    assert parse_value(text, key) == expected


def test_commas_make_no_list_of_a_text() -> None:
    assert parse_value('a, b', 'experiment_name', 'name') == 'a, b'
    assert parse_value('[a, b]', 'val_evaluator.metric', 'bbox') == ['a', 'b']
    assert parse_value('3', 'x', 'name') == 3


@pytest.mark.parametrize('text', ['(0.1,0.1', '[1, (2, 3]', '0.1,(2', '[(1, 2])', '{a: (1}'])
def test_brackets_that_do_not_match(text: str) -> None:
    with pytest.raises(ValueError, match='do not match'):
        parse_value(text)


@pytest.mark.parametrize('text', ['{a}', 'dict(3)', 'dict(a=1, b)'])
def test_a_dict_without_values(text: str) -> None:
    with pytest.raises(ValueError, match=r"do not hold key[:=]value: '"):
        parse_value(text)


def test_a_range_without_an_end() -> None:
    with pytest.raises(ValueError, match=r'hold no range: .*zero'):
        parse_value('range(1, 9, 0)')


def test_every_text_ends_somewhere() -> None:
    draw = random.Random(0)
    texts = (''.join(draw.choices('ab1 ,.()[]{}=:\'"', k=draw.randrange(30))) for _ in range(3000))
    said = set()
    for text in texts:
        try:
            parse_value(text)
        except ValueError as error:
            said.add(str(error)[:12])
    assert said == {'do not match', 'do not hold '}


@pytest.mark.parametrize(
    'text',
    ['[' * 3000 + ']' * 3000, '{a:' * 900 + '1' + '}' * 900, 'dict(a=' * 900 + '1' + ')' * 900],
)
def test_brackets_within_brackets_without_end(text: str) -> None:
    with pytest.raises(ValueError, match='are nested more than 30 deep'):
        parse_value(text)


def test_a_range_without_a_step() -> None:
    with pytest.raises(ValueError, match=r'hold no range: .* must not be zero'):
        parse_value('range(0,10,0)')
