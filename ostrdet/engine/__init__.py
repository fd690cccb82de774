"""What the runner is made of: loops, hooks and optimizers."""

from ostrdet.engine import checkpoint, hooks, loops, optimizers, runner

__all__ = ['checkpoint', 'hooks', 'loops', 'optimizers', 'runner']
