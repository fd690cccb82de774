"""Stages of a search: checked as a whole before the first one runs."""

from pathlib import Path
from typing import Any

import pytest

from ostrdet.apis.search import search
from ostrdet.errors import UserError
from ostrdet.settings.search import load_config

OPS = ('none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3')
STAGES: list[dict[str, Any]] = [{}, {'keep': 3}]
BAD: dict[str, tuple[Any, str]] = {
    'no list': ({'keep': 3}, r"stages=\{'keep': 3\}, expected a list of dicts"),
    'no dicts': ([{}, 3], r'stages=\[\{\}, 3\], expected a list of dicts'),
    'an empty list': ([], r'stages=\[\], expected a dict of overrides per stage; leave the key'),
    'an empty stage': ([{}, {}], r'stages\.1: this stage is empty.*give it keep=K or overrides'),
    'keep in the first': ([{'keep': 3}], r'stages\.0: keep=3, but the first stage has none before'),
    'keep none': ([{}, {'keep': 0}], r'stages\.1: keep=0, expected 1 to 5'),
    'keep too many': ([{}, {'keep': 6}], r'stages\.1: keep=6, expected 1 to 5'),
    'keep more than are left': (
        [{}, {'keep': 3}, {'keep': 4}],
        r'stages\.2: keep=4, expected 1 to 3, the candidates that the stage before leaves',
    ),
    'keep a text': ([{}, {'keep': 'three'}], r"stages\.1: keep='three', expected 1 to 5"),
    'keep a group less': (
        [{}, {'keep': [['none', 'skip_connect'], ['nor_conv_1x1', 'nor_conv_3x3']]}],
        r'stages\.1: keep=.*expected every candidate in one group: avg_pool_3x3, none, ',
    ),
    'keep of two groups': (
        [{}, {'keep': [[*OPS], ['none']]}],
        r'stages\.1: keep=.*expected every candidate in one group',
    ),
    'keep an unknown name': (
        [{}, {'keep': [['none'], ['nor_conv_3x4']]}],
        r"stages\.1: keep: 'nor_conv_3x4' is no candidate\. Did you mean 'nor_conv_3x3'",
    ),
    'keep two groups': (
        [{}, {'keep': [[*OPS[:2]], [*OPS[2:]]]}],
        r"stages\.1: .*'OperationStrength': edge 1<-0 of cell 'cell' has the candidates none and",
    ),
    'keep True': ([{}, {'keep': True}], r'stages\.1: keep=True, expected 1 to 5'),
    'keep two': ([{}, {'keep': 2}], r"stages\.1: keep=2, but .*'OperationStrength' can't tell two"),
    'keep of another space': (
        [{}, {'keep': 3, 'model.supernet.space.num_nodes': 2}],
        r'stages\.1: keep=3 beside another model\.supernet\.space',
    ),
    'carry in the first': (
        [{'carry': True}],
        r'stages\.0: carry=True, but the first stage has none',
    ),
    'carry nothing known': (
        [{}, {'carry': ['weight']}],
        r"stages\.1: carry: 'weight' is unknown\. Did you mean 'weights'\?",
    ),
    'carry into another network': (
        [{}, {'carry': True, 'model.supernet.num_cells': 2}],
        r'stages\.1: carry beside another model\.supernet\.num_cells, but what is carried on must fit',
    ),
    'carry into a narrower network': (
        [
            {
                'model.supernet.mixed_op': {
                    '_delete_': True,
                    'type': 'PartialChannelMixedOp',
                    'k': 2,
                }
            },
            {'carry': True, 'model.supernet.mixed_op.k': 4},
        ],
        r'stages\.1: carry beside model\.supernet\.mixed_op\.k=4, but the stage before has 2',
    ),
    'another data set': (
        [{}, {'train_dataloader': {'dataset': {'_delete_': True, 'type': 'CIFAR10'}}}],
        r"stages\.1: train_dataloader\.dataset\.type='CIFAR10', but the stage before has 'Digits'",
    ),
    'other classes': (
        [{}, {'model': {'supernet': {'num_classes': 5}}}],
        r'stages\.1: model\.supernet\.num_classes=5, but the stage before has 10; all stages search',
    ),
    'no scores': (
        [{'train_cfg': {'arch_start_epoch': 2}}, {'keep': 3}],
        r'stages\.1: keep=3, but alpha does not move .*arch_start_epoch=2 of max_epochs=2',
    ),
    'an unknown key': (
        [{}, {'keeps': 3}],
        r"stages\.1: config key 'keeps' is unknown\. Did you mean 'keep'\?",
    ),
    'a key of the whole': (
        [{}, {'work_dir': 'elsewhere'}],
        r"stages\.1: 'work_dir' is of the whole search; set it beside stages",
    ),
    'a wrong key below': (
        [{}, {'train_cfg': {'max_epoch': 3}}],
        r"stages\.1: config key 'train_cfg\.max_epoch': .*Did you mean 'max_epochs'\?",
    ),
    'a wrong type': (
        [{}, {'default_hooks': {'selector': {'criterion': {'type': 'Magnitud'}}}}],
        r"stages\.1: config key 'default_hooks\.selector\.criterion\.type'.*mean 'Magnitude'\?",
    ),
    'a wrong value': (
        [{'train_cfg': {'max_epochs': 0}}],
        r'stages\.0: train_cfg\.max_epochs=0, expected an integer',
    ),
    'a dict in the place of a number': (
        [{}, {'train_cfg': {'max_epochs': {'a': 1}}}],
        r'stages\.1: max_epochs=.*cannot inherit',
    ),
    'a derivation that weights can not feed': (
        [{}, {'default_hooks': {'selector': {'derivation': {'type': 'Threshold'}}}}],
        r'stages\.1: .*derivation',
    ),
}


@pytest.mark.parametrize('case', BAD)
def test_bad_stages_are_refused_before_anything_runs(
    tiny_config: Any, tmp_path: Path, case: str
) -> None:
    stages, message = BAD[case]
    config = tiny_config()
    config.stages = stages
    with pytest.raises(UserError, match=message) as caught:
        search(config, work_dir=tmp_path / 'run')
    assert '\n' not in str(caught.value)
    assert not (tmp_path / 'run').exists()


def test_a_stage_can_be_changed_from_the_command_line(tiny_config: Any) -> None:
    config = tiny_config({'stages': STAGES})
    assert load_config(config, cfg_options=['stages.1.keep=4']).stages[1].keep == 4
    assert load_config(config, cfg_options=['stages=None']).stages is None
    with pytest.raises(ValueError, match=r'stages\.1: keep=7, expected 1 to 5'):
        load_config(config, cfg_options=['stages.1.keep=7'])


def test_a_part_of_a_config_can_be_replaced(tiny_config: Any) -> None:
    new = {'_delete_': True, 'type': 'PartialChannelMixedOp', 'k': 2}
    stages = [{}, {'model': {'supernet': {'mixed_op': new}}}]
    config = load_config(tiny_config({'stages': stages}))
    assert load_config(config).stages == config.stages  # a check leaves them as they are
