default_scope = 'mmpretrain'
default_hooks = dict(
    finite=dict(type='ostrdet.FiniteHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    progress=dict(type='ostrdet.ProgressHook'),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='ostrdet.SafeCheckpointHook', interval=1, max_keep_ckpts=2),
    stop=dict(type='ostrdet.StopSignalHook'),
    console=dict(type='ostrdet.TrainConsoleHook'),
)
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])
log_level = 'INFO'
load_from = None
resume = False
randomness = dict(seed=0, deterministic=False)
