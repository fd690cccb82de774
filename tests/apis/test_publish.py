"""Publishing: what the files hold, that they need no pickle, that their names can be relied on."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from ostrdet.commands.publish import main
from ostrdet.models.networks import DerivedClassifier
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import Layout, load_genotype
from ostrdet.structures.genotype_file import from_json
from ostrdet.version import __version__

Untrained = Callable[..., Any]


@pytest.fixture(scope='module')
def published(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from ostrdet.apis.publish import publish

    return publish(*trained, out_dir=tmp_path_factory.mktemp('published'))


def header(path: Path) -> dict[str, Any]:
    with safe_open(path, 'pt') as file:
        (text,) = file.metadata().values()
    return json.loads(text)


def test_names_end_in_the_hash_of_the_weights(published: Any) -> None:
    digest = hashlib.sha256(published.weights.read_bytes()).hexdigest()
    stem = f'nb201_digits-{digest[:8]}'
    files = {path.name for path in published.weights.parent.iterdir()}
    assert files == {f'{stem}.safetensors', f'{stem}.py', f'{stem}.json'}
    assert [path.suffix for path in published] == ['.safetensors', '.py', '.json']
    assert len({path.stat().st_mode for path in published}) == 1  # readable by whom umask allows


def test_weights_are_those_of_the_checkpoint_and_nothing_else(trained: Any, published: Any) -> None:
    expected = torch.load(trained.checkpoint, weights_only=True)['state_dict']
    found = load_file(published.weights)
    assert set(found) == set(expected)
    for key, value in found.items():
        assert value.dtype == (torch.int64 if key.endswith('_tracked') else torch.float32)
        assert torch.equal(value, expected[key])


def test_header_names_format_versions_genotype_and_config(published: Any) -> None:
    found = header(published.weights)
    assert (found['format'], found['version']) == ('ostrdet.weights', 1)
    assert found['ostrdet'] == __version__
    assert from_json(found['genotype']) == get_genotype('ostr_nb201')
    assert found['config'] == published.config.read_text(encoding='utf-8')


def test_header_tells_classes_normalisation_and_size(published: Any) -> None:
    found = header(published.weights)
    assert found['classes'] == [*'0123456789']
    assert (found['mean'], found['std'], found['to_rgb']) == ([78] * 3, [94] * 3, False)
    assert found['size'] == [8, 8]


def test_genotype_file_names_its_weights(published: Any) -> None:
    genotype = load_genotype(published.genotype)
    assert genotype == get_genotype('ostr_nb201')
    expected = {**get_genotype('ostr_nb201').provenance, 'weights': published.weights.name}
    assert genotype.provenance == expected


def test_config_stands_alone_and_knows_no_folder(trained: Any, published: Any) -> None:
    from mmengine.config import Config

    cfg = Config.fromfile(published.config)
    assert get_genotype(cfg.model.backbone.genotype) == get_genotype('ostr_nb201')
    assert str(trained.config.parent) in trained.config.read_text(encoding='utf-8')
    assert str(trained.config.parent) not in published.config.read_text(encoding='utf-8')


def test_the_same_checkpoint_gives_the_same_files(
    trained: Any, published: Any, tmp_path: Path
) -> None:
    from ostrdet.apis.publish import publish

    moved = tmp_path / 'moved'
    shutil.copytree(trained.config.parent, moved)
    again = publish(moved / trained.config.name, moved / trained.checkpoint.name)
    for first, second in zip(published, again, strict=True):
        assert second.parent == moved
        assert first.name == second.name
        assert first.read_bytes() == second.read_bytes()
    onto = publish(*trained, out_dir=published.weights.parent)
    assert onto == published


@torch.no_grad()
def test_weights_load_without_pickle_into_the_plain_module(
    trained: Any, published: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ostrdet.apis.load_model import load_trained

    images = torch.randn(5, 3, 8, 8)
    expected = load_trained(*trained)[1](images, mode='tensor')
    monkeypatch.delattr('torch.load')
    monkeypatch.delattr('pickle.Unpickler')
    layout = Layout('CIFARStem', 4, 1, 10, image_size=8)
    network = DerivedClassifier(load_genotype(published.genotype), layout, 10, aux=False)
    network.load_state_dict(load_file(published.weights), strict=True)
    torch.testing.assert_close(network.eval()(images), expected, rtol=0, atol=0)


@torch.no_grad()
def test_the_plain_module_with_auxiliary_head_takes_the_weights_too(untrained: Untrained) -> None:
    from ostrdet.apis.load_model import load_trained
    from ostrdet.apis.publish import publish

    config, checkpoint = untrained('darts_c10')
    state = load_file(publish(config, checkpoint).weights)
    layout = Layout('CIFARStem', 4, 3, 10, image_size=32, aux_pool_stride=3)
    network = DerivedClassifier(get_genotype('darts_v2'), layout, 10, aux=True)
    network.load_state_dict(state, strict=True)
    classifier = load_trained(config, checkpoint)[1]
    assert list(network.state_dict()) == list(classifier.state_dict())
    assert sum(key.startswith('head.aux.') for key in state) > 0
    images = torch.randn(3, 3, 32, 32)
    torch.testing.assert_close(
        network.eval()(images), classifier(images, mode='tensor'), rtol=0, atol=0
    )


@torch.no_grad()
def test_without_auxiliary_head_it_is_a_network_without_one(untrained: Untrained) -> None:
    from ostrdet.apis.load_model import load_trained
    from ostrdet.apis.publish import publish

    config, checkpoint = untrained('darts_c10', {'model.backbone.channels_last': True})
    whole = load_trained(config, checkpoint)[1]
    files = publish(config, checkpoint, drop_aux=True, name='small')
    assert files.weights.name.startswith('small-')
    network = load_trained(files.config, files.weights)[1]
    assert network.head.aux is None
    removed = set(whole.state_dict()) - set(load_file(files.weights))
    assert removed == {key for key in whole.state_dict() if key.startswith('head.aux.')}
    images = torch.randn(3, 3, 16, 16)
    torch.testing.assert_close(network(images, mode='tensor'), whole(images, mode='tensor'))


def test_dropping_a_head_that_is_not_there_changes_nothing(trained: Any, published: Any) -> None:
    from ostrdet.apis.publish import publish

    assert (
        publish(*trained, out_dir=published.weights.parent, drop_aux=True).weights
        == published.weights
    )


def test_published_file_tests_as_the_checkpoint_does(
    trained: Any, published: Any, tmp_path: Path
) -> None:
    from ostrdet.apis.evaluate import evaluate

    metrics = evaluate(published.config, published.weights, work_dir=tmp_path / 'published')
    assert metrics == evaluate(*trained, work_dir=tmp_path / 'checkpoint')
    assert metrics['accuracy/top1'] > 0


def test_tool_says_what_it_wrote_and_what_comes_next(
    trained: Any, published: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [*map(str, trained), '--out-dir', str(tmp_path), '--name', 'mine', '--drop-aux']
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert err == ''
    stem = str(tmp_path / published.weights.stem.replace('nb201_digits', 'mine'))
    assert out.splitlines() == [
        f'weights   {stem}.safetensors',
        f'config    {stem}.py',
        f'genotype  {stem}.json',
        f'next: python tools/test.py {stem}.py {stem}.safetensors',
    ]


def test_help_names_every_option_and_needs_nothing_heavy(
    repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(['--help'])
    out = capsys.readouterr().out
    options = ('CONFIG', 'CHECKPOINT', '--genotype', '--out-dir', '--name', '--drop-aux')
    assert all(option in out for option in options)
    assert max(map(len, out.splitlines())) <= 100
    code = (
        'import sys; from ostrdet.commands.publish import build_parser; build_parser().format_help();'
        "sys.exit(bool({'torch', 'mmengine', 'numpy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, '-c', code], check=True, cwd=repo_root)


BAD_INPUT = [
    (['{config}', 'none.pth'], "there is no checkpoint 'none.pth'"),
    (['none.py', '{checkpoint}'], "there is no config file 'none.py'"),
    (['{config}', '{damaged}'], "damaged.safetensors' can't be read as safetensors"),
    (['{config}', '{config}'], "nb201_digits.py' can't be read as a checkpoint"),
    (['{config}', '{checkpoint}', '--genotype', 'darts_v3'], "no genotype 'darts_v3'"),
    (['{config}', '{checkpoint}', '--genotype', 'darts_v2'], 'belongs to'),
    (
        ['{config}', '{checkpoint}', '--genotype', 'nb201_resnet'],
        # 3 convolutions less, each with its BatchNorm 6 tensors, in 3 cells
        "epoch_1.pth' is of another architecture: 54 keys not in this network",
    ),
    (['{config}', '{checkpoint}', '--name', 'a/b'], "'a/b' is no name of a file"),
]


@pytest.mark.parametrize(('argv', 'message'), BAD_INPUT)
def test_bad_input_is_one_line_and_leaves_no_file(
    argv: list[str],
    message: str,
    trained: Any,
    published: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damaged = tmp_path / 'damaged.safetensors'
    damaged.write_bytes(published.weights.read_bytes()[:-100])
    known = {**trained._asdict(), 'damaged': damaged}
    out_dir = tmp_path / 'out'
    status = 3 if "can't be read" in message else 2
    assert main([*(part.format(**known) for part in argv), '--out-dir', str(out_dir)]) == status
    out, err = capsys.readouterr()
    assert out == ''
    assert re.fullmatch(f'error: .*{message}.*\n', err)
    assert not out_dir.exists()


def test_a_network_that_is_not_derived_is_refused(trained: Any, tmp_path: Path) -> None:
    from mmengine.config import Config

    from ostrdet.apis.load_model import build_model
    from ostrdet.apis.publish import publish

    cfg = Config.fromfile(trained.config)
    head = dict(type='LinearClsHead', num_classes=10, in_channels=84)
    backbone = dict(type='LeNet5')
    cfg.model = dict(type='ImageClassifier', backbone=backbone, head=head)
    torch.save({'state_dict': build_model(cfg).state_dict()}, tmp_path / 'epoch_1.pth')
    with pytest.raises(KeyError, match='has no genotype: it is no derived network'):
        publish(cfg, tmp_path / 'epoch_1.pth')
