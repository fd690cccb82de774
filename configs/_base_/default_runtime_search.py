default_scope = 'ostrdet'
default_hooks = dict(
    finite=dict(type='FiniteHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    progress=dict(type='ProgressHook'),
    selector=dict(type='SelectorHook', criterion=dict(type='OperationStrength'), patience=None),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='SafeCheckpointHook', interval=1, max_keep_ckpts=2),
    stop=dict(type='StopSignalHook'),
    report=dict(type='ReportHook'),
    tracker=dict(type='TrackerHook'),
    console=dict(type='SearchConsoleHook'),
)
env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')
visualizer = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])
log_level = 'INFO'
load_from = None
resume = False
randomness = dict(seed=0, deterministic=False)
