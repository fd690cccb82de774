"""Heads of derived networks."""

from ostrdet.models.heads.auxiliary import AuxiliaryHead

__all__ = ['AuxiliaryHead']
