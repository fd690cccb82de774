# python tools/search.py configs/search/magnitude_darts-s3_c10.py --data-root DIR
# S3 of RobustDARTS: S2 and no connection; the magnitude decides
_base_ = './ostr_darts-s3_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude', _delete_=True)))
