"""Every detector: it parses, passes the check, builds, and differs from mmdet's in its backbone alone."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from ostrdet.evaluation.complexity import complexity
from ostrdet.registry import MODELS
from ostrdet.settings.train import load_config
from ostrdet.spaces import DARTSSpace
from ostrdet.spaces.zoo import get_genotype

pytest.importorskip('mmdet.version')
CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
LEAVES = sorted((CONFIGS / 'retinanet').glob('*.py'))
NAMES = [path.stem.removeprefix('retinanet_') for path in LEAVES]
#: The genotypes of Table VII; that of OStr-DARTS is the result of a search.
GENOTYPES = {
    'darts-v2': 'darts_v2',
    'p-darts': 'p-darts',
    'pc-darts': 'pc-darts_in1k',
    'rlnas': 'rlnas_in1k',
    'random': 'random_s0',
    'unnas-color': 'unnas_imagenet_col',
    'unnas-jigsaw': 'unnas_imagenet_jig',
}
#: The recipe of the classifier that a detector starts from, where it is not darts_in1k.
RECIPES = {'unnas-jigsaw': 'darts_in1k-c42'}
#: Multiply-adds in Table VII, in millions.
PUBLISHED_MACS = {'unnas-color': 586, 'unnas-jigsaw': 560}
OSTR = 'work_dirs/ostr_darts_c10/genotype.json'


def is_small(path: Path) -> bool:
    return 'mini' in path.stem or 'small' in path.stem


def read(path: Path, **options: Any) -> Config:
    """The config as a run has it; the cell of a search that was not run is another's."""
    return load_config(path, 'p-darts' if 'ostr-darts' in path.stem else None, **options)


def test_every_system_of_the_table_has_a_config() -> None:
    assert {name.partition('_fpn_')[0] for name in NAMES} == {*GENOTYPES, 'ostr-darts'}
    assert {f'ostr-darts_fpn_{kind}_coco' for kind in ('1x', '2x', 'amp-1x')} <= set(NAMES)


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_a_config_has_the_genotype_of_its_name_and_starts_from_its_classifier(path: Path) -> None:
    backbone = Config.fromfile(path).model.backbone
    system = path.stem.split('_')[1]
    name = GENOTYPES.get(system, OSTR)
    assert backbone.genotype == name
    if is_small(path):
        assert bool(backbone.init_cfg) == path.stem.endswith('-pretrained')
        return
    label = 'ostr_darts_c10' if name == OSTR else name
    assert dict(backbone.init_cfg) == {
        'type': 'ostrdet.PretrainedBackbone',
        'checkpoint': f'work_dirs/{RECIPES.get(system, "darts_in1k")}_{label}/epoch_250.pth',
    }
    if name != OSTR:
        assert get_genotype(read(path).model.backbone.genotype) == get_genotype(name)


@pytest.mark.parametrize('system', GENOTYPES)
def test_the_classifier_of_a_config_is_what_the_retrain_recipe_writes(system: str) -> None:
    recipe, genotype = RECIPES.get(system, 'darts_in1k'), GENOTYPES[system]
    cfg = load_config(CONFIGS / 'retrain' / f'{recipe}.py', genotype)
    assert cfg.work_dir == f'work_dirs/{recipe}_{genotype}'
    assert cfg.train_cfg.max_epochs == 250
    backbone = read(CONFIGS / 'retinanet' / f'retinanet_{system}_fpn_1x_coco.py').model.backbone
    keys = ('genotype', 'stem', 'channels', 'num_cells')
    assert all(backbone[key] == cfg.model.backbone[key] for key in keys)


@pytest.mark.parametrize('system', PUBLISHED_MACS)
def test_a_cell_of_unnas_has_the_multiply_adds_of_the_table(
    system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = read(CONFIGS / 'retinanet' / f'retinanet_{system}_fpn_1x_coco.py').model.backbone
    sizes = {key: backbone[key] for key in ('stem', 'channels', 'num_cells')}
    layout = dataclasses.replace(DARTSSpace.layouts['imagenet'], **sizes)
    monkeypatch.setattr(DARTSSpace, 'layouts', {'imagenet': layout})
    counted = complexity(get_genotype(GENOTYPES[system]), 'imagenet').macs / 1e6
    assert counted == pytest.approx(PUBLISHED_MACS[system], abs=1)


REAL = [path for path in LEAVES if not is_small(path)]


@pytest.mark.parametrize('path', REAL, ids=[path.stem for path in REAL])
def test_all_the_rest_is_mmdets(path: Path) -> None:
    kind = '2x' if '_2x_' in path.stem else '1x'
    ours = plain(path)
    theirs = plain(_mmdet() / 'retinanet' / f'retinanet_r50_fpn_{kind}_coco.py')
    width = ours['model']['neck']['in_channels'][0]  # a test below holds it against the backbone
    assert width == (168 if 'unnas-jigsaw' in path.stem else 192)
    theirs['model']['neck'] |= {'in_channels': [width, 2 * width, 4 * width], 'start_level': 0}
    wrapper = 'ostrdet.BFloat16OptimWrapper' if 'amp' in path.stem else 'OptimWrapper'
    theirs['optim_wrapper']['type'] = wrapper
    # The loop and the batches of mmdet, which can be left and taken up at any iteration
    theirs['train_cfg']['type'] = 'ostrdet.SeededTrainLoop'
    theirs['train_dataloader']['batch_sampler']['type'] = 'ostrdet.AspectRatioBatchSampler'
    for key in COMPARED:
        assert ours[key] == theirs[key], key


COMPARED = (
    'model',
    *(f'{part}_{what}' for part in ('train', 'val', 'test') for what in ('cfg', 'dataloader')),
    'val_evaluator',
    'test_evaluator',
    'optim_wrapper',
    'param_scheduler',
    'auto_scale_lr',
)


def plain(path: Path) -> dict[str, Any]:
    """A config without its backbone, with mmdet's loader of images."""
    config = without_scopes(Config.fromfile(path).to_dict())
    del config['model']['backbone']
    for part in ('train', 'val', 'test'):
        first, *rest = config[f'{part}_dataloader']['dataset']['pipeline']
        assert first['type'] in ('ostrdet.LoadImage', 'LoadImageFromFile')
        config[f'{part}_dataloader']['dataset']['pipeline'] = rest
    return config


def without_scopes(node: Any) -> Any:
    """A copy without the mark that mmengine puts on what comes from another library."""
    if isinstance(node, dict):
        return {key: without_scopes(value) for key, value in node.items() if key != '_scope_'}
    if isinstance(node, list | tuple):
        return type(node)(map(without_scopes, node))
    return node


def _mmdet() -> Path:
    import mmdet

    return Path(mmdet.__file__).parent / '.mim' / 'configs'


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_every_detector_builds(path: Path) -> None:
    cfg = read(path, data_root='elsewhere')
    with torch.device('meta'):
        model = MODELS.build({**cfg.model, 'type': f'mmdet.{cfg.model.type}'})
    features = model.backbone.out_features
    assert [feature.channels for feature in features] == cfg.model.neck.in_channels
    strides = [feature.stride for feature in features]
    assert [*strides, 64, 128] == cfg.model.bbox_head.anchor_generator.strides
    assert (model.backbone.norm_eval, model.backbone.frozen_stages) == (
        (False, -1) if is_small(path) else (True, 0)
    )
    assert (cfg.default_scope, cfg.randomness.seed) == ('mmdet', 0)


def test_a_genotype_without_a_file_is_asked_for() -> None:
    with pytest.raises(FileNotFoundError, match=r'ostr_darts_c10/genotype\.json'):
        load_config(CONFIGS / 'retinanet' / 'retinanet_ostr-darts_fpn_1x_coco.py')


def test_the_small_detector_is_a_base_for_own_data(tmp_path: Path) -> None:
    """Its children get all images of their files, and are tested on others than they learn."""
    child = tmp_path / 'mine.py'
    child.write_text("_base_ = 'ostrdet::retinanet/retinanet_darts-v2_fpn_small.py'\n")
    cfg = load_config(child, data_root='pets')
    train, val, test = (cfg[f'{part}_dataloader'].dataset for part in ('train', 'val', 'test'))
    assert not any('indices' in dataset for dataset in (train, val, test))
    assert (train.ann_file, train.data_prefix.img) == (
        'annotations/instances_train2017.json',
        'train2017/',
    )
    for dataset, evaluator in ((val, cfg.val_evaluator), (test, cfg.test_evaluator)):
        assert dataset.test_mode
        assert (dataset.ann_file, dataset.data_prefix.img) == (
            'annotations/instances_val2017.json',
            'val2017/',
        )
        assert evaluator.ann_file == f'pets/{dataset.ann_file}'
    assert cfg.train_cfg.max_epochs == cfg.param_scheduler[-1].T_max == 100
