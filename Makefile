# The two commands that matter are `make demo` and `make test`; both set everything up in .venv first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO := runs/demo
JOBS := 2

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types unit notebooks docs setup clean

help:  ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(STAMP)  ## a small search on simulated jets, to a verified HLS project (ten minutes)
	@if [ -e $(DEMO)/run.yaml ]; then resume=--resume; else resume=; fi; \
	$(BIN)/nac run jets --preset demo --out $(DEMO) $$resume

test: check unit notebooks docs  ## everything that CI runs

check: lint types  ## what needs no test to run

lint: $(STAMP)  ## ruff
	$(BIN)/ruff check

types: $(STAMP)  ## mypy
	$(BIN)/mypy

unit: $(STAMP)  ## the test suite, slow tests included
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

notebooks: $(STAMP)  ## every notebook, executed in its short mode
	NAC_SHORT=1 $(BIN)/python -m pytest --nbmake --nbmake-timeout=600 notebooks

docs: $(STAMP)  ## the site, into docs/_build/html; any warning is an error
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -b html docs docs/_build/html

setup: $(STAMP)  ## the environment that all of this runs in

$(STAMP): pyproject.toml .ci/setup
	@PYTHON=$(PYTHON) .ci/setup $(VENV)
	@touch $@

clean:  ## remove the environment and caches, keep runs
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
