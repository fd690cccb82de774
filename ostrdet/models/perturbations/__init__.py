"""Perturbations: under which mix the weights of the supernet take their step."""

from ostrdet.models.perturbations.base import Perturbation
from ostrdet.models.perturbations.random_smoothing import RandomSmoothing

__all__ = ['Perturbation', 'RandomSmoothing']
