"""Untrained networks of a config: what they are scored on, and the search among them."""
