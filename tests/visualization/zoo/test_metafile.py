"""The index of models, as mmpretrain reads it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mmpretrain.apis.model import ModelHub
from modelindex.load_model_index import load

from ostrdet.visualization.zoo.pages import read_zoo

ROOT = Path(__file__).resolve().parents[3]
ZOO = read_zoo(ROOT)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The models that mmpretrain's hub registers from the index alone."""
    monkeypatch.setattr(ModelHub, '_models_dict', {})
    ModelHub.register_model_index(ROOT / 'model-index.yml', config_prefix=ROOT)
    return ModelHub._models_dict


def test_the_index_is_valid() -> None:
    index = load(str(ROOT / 'model-index.yml'))
    assert index.check(silent=True) == []


def test_names_are_unique_and_every_collection_is_used() -> None:
    index = load(str(ROOT / 'configs/retrain/metafile.yml'))
    names = [model.name for model in index.models]
    collections = [collection.name for collection in index.collections]
    assert len(set(names)) == len(names)
    assert len(set(collections)) == len(collections)
    assert {model.in_collection for model in index.models} == set(collections)


def test_there_is_one_model_for_each_published_accuracy(hub: dict[str, Any]) -> None:
    expected = sum(
        not key.endswith('_top5')
        for genotype in ZOO.values()
        for key in genotype.provenance.get('published_accuracy', {})
    )
    assert len(hub) == expected > 25


def test_a_model_has_the_size_and_the_results_of_its_genotype(hub: dict[str, Any]) -> None:
    model = hub['darts_v2_retrain-in1k']
    assert model.metadata.parameters == 4_718_752
    assert model.metadata.flops == 529_911_552
    assert model.metadata.data['Genotype'] == 'darts_v2'
    (result,) = model.results
    assert (result.task, result.dataset) == ('Image Classification', 'ImageNet-1k')
    assert result.metrics == {'Top 1 Accuracy': 73.3, 'Top 5 Accuracy': 91.3}
    assert model.full_model.paper['URL'] == 'https://arxiv.org/abs/1806.09055'


def test_no_model_claims_weights(hub: dict[str, Any]) -> None:
    assert all(model.weights is None for model in hub.values())


@pytest.mark.parametrize(
    ('model', 'config'),
    [
        ('darts_v1_retrain-c10', 'darts_c10'),
        ('nasnet-a_retrain-in1k', 'darts_in1k'),
        ('fairdarts_b_retrain-in1k', 'darts_in1k'),
        ('sgas_cri2_cifar_4_retrain-in1k', 'darts_in1k'),
        ('pc-darts_c10_retrain-c10', 'pc-darts_c10'),
        ('pc-darts_c10_retrain-in1k', 'darts_in1k'),
        ('ostr_nb201_retrain-c10', 'nb201_c10'),
        ('ostr_nb201_retrain-c100', 'nb201_c100'),
        ('ostr_nb201_retrain-in16-120', 'nb201_in16-120'),
    ],
)
def test_a_model_names_the_config_that_retrains_it(
    model: str, config: str, hub: dict[str, Any]
) -> None:
    assert hub[model].config == str(ROOT / 'configs' / 'retrain' / f'{config}.py')


def test_the_genotypes_of_the_index_are_there(hub: dict[str, Any]) -> None:
    assert {model.metadata.data['Genotype'] for model in hub.values()} <= set(ZOO)
