# python tools/train.py configs/retinanet/retinanet_ostr-darts_fpn_amp-1x_coco.py --data-root DIR
# bfloat16 autocast, which needs no loss scale; `--amp float16` for GPUs that have none
_base_ = './retinanet_ostr-darts_fpn_1x_coco.py'
optim_wrapper = dict(type='ostrdet.BFloat16OptimWrapper')
