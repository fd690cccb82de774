# python tools/search.py configs/search/ostr_nb201_digits.py
_base_ = [
    '../_base_/supernets/nb201.py',
    '../_base_/datasets/digits_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
model = dict(supernet=dict(channels=8, num_cells=1), channels_last=True)
train_cfg = dict(max_epochs=10)
default_hooks = dict(report=dict(train_config='configs/retrain/nb201_digits.py'))
