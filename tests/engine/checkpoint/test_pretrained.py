"""A backbone takes all of a classifier's weights, or none."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.registry import MODELS as ROOT_MODELS
from safetensors.torch import save_file
from torch import Tensor

from ostrdet.models.networks import DerivedCellBackbone
from ostrdet.networks import build_derived
from ostrdet.spaces.zoo import get_genotype

OPTIONS: dict[str, Any] = {
    'type': 'ostrdet.DerivedCellBackbone',
    'genotype': 'darts_v2',
    'stem': 'ImageNetStem',
    'channels': 4,
    'num_cells': 3,
}


def backbone(path: Path | None, **options: Any) -> DerivedCellBackbone:
    """Built as mmdet builds it: from the root registry, which knows nothing of ostrdet's."""
    init_cfg = path and {'type': 'ostrdet.PretrainedBackbone', 'checkpoint': str(path)}
    return ROOT_MODELS.build({**OPTIONS, 'init_cfg': init_cfg, **options})


def classifier(prefix: str = 'backbone.') -> dict[str, Tensor]:
    """The weights of a classifier, none of which a fresh network would have."""
    torch.manual_seed(1)
    state = backbone(None).state_dict()
    weights = {prefix + name: torch.rand(value.shape) for name, value in state.items()}
    return {**weights, 'head.fc.weight': torch.rand(10, 64), 'head.aux.bias': torch.rand(10)}


def save(state: dict[str, Tensor], path: Path) -> Path:
    if path.suffix == '.safetensors':
        save_file(state, path)
    else:
        torch.save({'state_dict': state, 'meta': {'epoch': 1}}, path)
    return path


@pytest.mark.parametrize('name', ['a.pth', 'a.safetensors'])
def test_every_weight_is_taken(tmp_path: Path, name: str) -> None:
    state = classifier()
    network = backbone(save(state, tmp_path / name), out_indices=(0, 1, 2), frozen_stages=0)
    network.init_weights()
    own = network.state_dict()
    assert len(own) == len(state) - 2
    for key, value in own.items():
        assert torch.equal(value, state[f'backbone.{key}'].to(value.dtype)), key


def test_weights_of_the_published_size_fit() -> None:
    """What ``build_derived`` and the retrain recipe save has the names that the detector asks for."""
    with torch.device('meta'):
        found = build_derived(get_genotype('p-darts'), 'imagenet', aux=True).state_dict()
        size = {'genotype': 'p-darts', 'channels': 48, 'num_cells': 14}
        wanted = backbone(None, **size, out_indices=(0, 1, 2)).state_dict()
    shapes = {
        name.removeprefix('backbone.'): value.shape
        for name, value in found.items()
        if name.startswith('backbone.')
    }
    assert shapes == {name: value.shape for name, value in wanted.items()}


def spoil(state: dict[str, Tensor], case: str) -> None:
    first = next(name for name, value in state.items() if value.dim() == 4)
    if case == 'missing':
        del state[first]
    elif case == 'unknown':
        state['backbone.skeleton.more'] = torch.ones(1)
    else:
        state[first] = state[first][:1]


@pytest.mark.parametrize('case', ['missing', 'unknown', 'shape'])
def test_what_does_not_fit_is_refused_and_nothing_is_changed(tmp_path: Path, case: str) -> None:
    state = classifier()
    spoil(state, case)
    network = backbone(save(state, tmp_path / 'a.pth'))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    message = {
        'missing': r'1 keys missing \(skeleton\.stem',
        'unknown': r'1 keys not in this network \(skeleton\.more\)',
        'shape': r'1 keys of another shape \(skeleton\.stem.* instead of ',
    }
    with pytest.raises(ValueError, match=message[case]):
        network.init_weights()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_another_genotype_is_refused(tmp_path: Path) -> None:
    network = backbone(save(classifier(), tmp_path / 'a.pth'), genotype='p-darts')
    with pytest.raises(ValueError, match=r'of another architecture: .* keys missing'):
        network.init_weights()


def test_other_prefixes(tmp_path: Path) -> None:
    path = save(classifier('encoder.'), tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=r"prefix 'backbone\.', they are named like 'encoder\."):
        backbone(path).init_weights()
    init_cfg = {'type': 'ostrdet.PretrainedBackbone', 'checkpoint': str(path), 'prefix': 'encoder.'}
    network = backbone(None, init_cfg=init_cfg)
    network.init_weights()
    state = classifier('')
    assert torch.equal(network.state_dict()[next(iter(state))], next(iter(state.values())))


def test_a_missing_classifier_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"'.*lost\.pth' to start from: train it"):
        backbone(tmp_path / 'lost.pth').init_weights()


def test_a_damaged_classifier_is_named(tmp_path: Path) -> None:
    (tmp_path / 'a.pth').write_bytes(b'weights')
    with pytest.raises(ValueError, match=r'a\.pth'):
        backbone(tmp_path / 'a.pth').init_weights()
