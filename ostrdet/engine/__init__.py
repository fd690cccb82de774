"""What the runner is made of: loops, hooks and optimizers."""

from ostrdet.engine import checkpoint, hooks, isolated_backend, loops, optimizers, runner

__all__ = ['checkpoint', 'hooks', 'isolated_backend', 'loops', 'optimizers', 'runner']
