"""Heads of derived networks."""

from ostrdet.models.heads.auxiliary import AuxiliaryHead
from ostrdet.models.heads.classifier import ClassifierHead

__all__ = ['AuxiliaryHead', 'ClassifierHead']
