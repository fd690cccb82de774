"""Perturbations: under which mix the weights of the supernet take their step."""

from ostrdet.models.perturbations.adversarial_smoothing import AdversarialSmoothing
from ostrdet.models.perturbations.base import MixLoss, Perturbation, Smoothing
from ostrdet.models.perturbations.random_smoothing import RandomSmoothing
from ostrdet.models.perturbations.uniform_path import UniformPath

__all__ = [
    'AdversarialSmoothing',
    'MixLoss',
    'Perturbation',
    'RandomSmoothing',
    'Smoothing',
    'UniformPath',
]
