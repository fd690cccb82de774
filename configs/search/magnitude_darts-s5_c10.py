# python tools/search.py configs/search/magnitude_darts-s5_c10.py --data-root DIR
# S5 of SmoothDARTS: the space of DARTS without 'none'; the magnitude decides
_base_ = './ostr_darts-s5_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude', _delete_=True)))
