"""Supernets."""

from ostrdet.models.supernets.supernet import Supernet

__all__ = ['Supernet']
