# python tools/search.py configs/search/ostr_nb201_c10-proxy.py --data-root DIR --benchmark TABLE
# OStr-DARTS on a laptop: CIFAR-10 as an image folder, averaged to 16x16, 6,400 + 6,400 images
_base_ = [
    '../_base_/supernets/nb201.py',
    '../_base_/datasets/cifar10_folder16_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
model = dict(supernet=dict(channels=8, num_cells=1), channels_last=True)
train_cfg = dict(max_epochs=20, portions=(0.128, 0.128))
default_hooks = dict(report=dict(train_config='configs/retrain/nb201_c10-folder.py'))
