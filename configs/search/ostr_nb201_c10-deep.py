# python tools/search.py configs/search/ostr_nb201_c10-deep.py --data-root DIR --benchmark TABLE
# The proxy search at the depth of the paper (Table V): N 5, batches of 16, scores of the last 3 epochs
_base_ = './ostr_nb201_c10-proxy.py'
model = dict(supernet=dict(num_cells=5))
train_dataloader = dict(batch_size=16)
train_cfg = dict(max_epochs=9)
default_hooks = dict(selector=dict(window=3))
