"""Analyses of finished searches: mathematics, figure and table of each in one file."""
