# `make search` and `make test` do everything: both set up .venv first, and take what is there.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
CONFIG ?= configs/search/ostr_nb201_digits.py
WORK_DIR ?= work_dirs/$(basename $(notdir $(CONFIG)))
SEARCH_ARGS ?= --threads auto
PYTEST_ARGS ?= --numprocesses=auto --maxprocesses=4

SHELL := bash
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check -c requirements/constraints.txt

.PHONY: help install search test lint docs clean

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

install: $(VENV)/.installed  ## make .venv, with the versions of requirements/constraints.txt

search: install  ## run the main search, on the embedded digits (CONFIG=, WORK_DIR=, SEARCH_ARGS=)
	@$(BIN)/python tools/search.py $(CONFIG) --work-dir $(WORK_DIR) --resume $(SEARCH_ARGS)

test: lint  ## lint, then run the tests (PYTEST_ARGS=)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.installed-tests  ## run ruff, mypy and codespell, through pre-commit
	@PATH="$(CURDIR)/$(BIN):$$PATH" pre-commit run --all-files

docs: $(VENV)/.installed-docs  ## build the site into build/docs; a warning is an error
	@rm -rf docs/api build/docs  # pages of modules that are gone
	@$(BIN)/python -m sphinx -q -W --keep-going docs build/docs && echo 'build/docs/index.html'

clean:  ## remove .venv, caches and build outputs; work_dirs stays
	rm -rf $(VENV) build dist docs/api *.egg-info .mypy_cache .pytest_cache .ruff_cache

$(VENV)/.installed: setup.py requirements/runtime.txt requirements/constraints.txt
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo 'Installing ostrdet and its requirements into $(VENV): a few minutes, 6 GB'; \
	$(PIP) -e . && touch $@ && echo "Installed in $$SECONDS s"

$(VENV)/.installed-tests: $(VENV)/.installed requirements/tests.txt
	@echo 'Installing the tools of lint and tests into $(VENV)'; \
	$(PIP) -r requirements/tests.txt && touch $@ && echo "Installed in $$SECONDS s"

$(VENV)/.installed-docs: $(VENV)/.installed requirements/docs.txt
	@echo 'Installing the tools of the site into $(VENV)'; \
	$(PIP) -r requirements/docs.txt && touch $@ && echo "Installed in $$SECONDS s"
