# python tools/search.py configs/search/ostr_dropnas_darts_c10.py --data-root DIR
# DropNAS, and operation strength decides, of the training loss and of the steps that kept a candidate
_base_ = './dropnas_darts_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))
