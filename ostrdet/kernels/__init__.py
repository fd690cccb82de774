"""Functions of tensors with gradients of their own, on which operations and the fast engine stand."""
