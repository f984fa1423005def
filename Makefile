# Everything that a fresh machine needs: Python 3.11 or newer with pip, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The system's pip installs into the environment, so that Debian's python3-venv is not needed.
PIP := $(PYTHON) -m pip --python $(BIN)/python --quiet --disable-pip-version-check

.PHONY: demo serve test lint types imports unit bench clean

demo: $(VENV)/.installed  ## Run a load test of 20 seconds against a demo site, through the REST API
	$(BIN)/headrace demo

serve: $(VENV)/.installed  ## The same, and leave service and site running
	$(BIN)/headrace demo --keep-running

test: lint types imports unit  ## All that CI checks

lint: $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.installed-test
	$(BIN)/mypy

imports: $(VENV)/.installed-test
	$(BIN)/lint-imports

unit: $(VENV)/.installed-test
	scripts/install-test-services
	PYTHON=$(PYTHON) scripts/install-old-clients
	scripts/install-azurite
	$(BIN)/pytest --numprocesses auto --dist loadfile -m 'not long and not alone'
	$(BIN)/pytest -m 'alone and not long'

bench: $(VENV)/.installed-test  ## The table of benchmarks/RESULTS.md, measured on this machine
	$(PIP) install -e '.[bench]'
	scripts/install-bench-peers
	$(BIN)/python benchmarks/table.py

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Headrace needs Python 3.11 or newer; name one with make PYTHON=python3.11")'
	$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(PIP) install -e .
	touch $@

$(VENV)/.installed-test: pyproject.toml | $(VENV)/bin/python
	$(PIP) install -e '.[test]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .venv-old-clients .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
