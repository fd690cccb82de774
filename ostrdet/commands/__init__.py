"""Commands: ``NAME.py`` is what ``tools/NAME.py`` and ``ostrdet NAME`` run."""
