# make run: the page. make test: everything that is checked. make help: the rest.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8050
# Further words for pytest, e.g. make test PYTEST_ARGS="-k gantt --numprocesses 0".
PYTEST_ARGS ?=
# TORCH=0 leaves torch out, which is large: what needs it is skipped.
TORCH ?= 1

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PIP_TOOLS := pip-tools==7.6.2

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint format browser pictures bench lock clean

help: ## what make can do here
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## serve the page on http://127.0.0.1:8050 (HOST=… PORT=… to change that)
	@exec $(BIN)/pdscope serve --host $(HOST) --port $(PORT)

test: lint browser $(if $(filter-out 0,$(TORCH)),$(VENV)/torch.stamp) ## ruff, then the whole test suite, a real browser included (TORCH=0: without torch)
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal $(PYTEST_ARGS)

lint: $(VENV)/tests.stamp ## ruff alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/tests.stamp ## let ruff lay the code out
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pictures: browser ## docs/pictures/*.png anew, from the pages as they are
	$(BIN)/python docs/pictures/make.py

bench: $(VENV)/tests.stamp browser ## every benchmark, one after the other
	@for script in benchmarks/[a-z]*.py; do \
	    echo "== $$script"; $(BIN)/python "$$script" || exit 1; \
	done

# The stamps are as old as the last installation: a newer lock or pyproject.toml installs again.
$(VENV)/run.stamp: requirements.txt pyproject.toml | $(BIN)/python
	$(PIP_INSTALL) --requirement requirements.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/tests.stamp: requirements-tests.txt $(VENV)/run.stamp
	$(PIP_INSTALL) --requirement requirements-tests.txt
	@touch $@

$(VENV)/torch.stamp: requirements-torch.txt $(VENV)/tests.stamp
	$(PIP_INSTALL) --requirement requirements-torch.txt --constraint requirements-tests.txt
	@touch $@

# Debian keeps ensurepip, without which a virtual environment has no pip, in a package of its own.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "pdscope needs Python 3.11 or later: make PYTHON=python3.12, say" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/apt-install \
	    "install the ensurepip module of $(PYTHON) by hand" \
	    "$$($(PYTHON) -c 'import sys; print("python{}.{}-venv".format(*sys.version_info))')"
	$(PYTHON) -m venv $(VENV)

# The tests drive the system's browser; no test tool ever downloads one. Playwright's own program
# needs libatomic, which a small Debian lacks.
browser: $(VENV)/tests.stamp
	@{ $(BIN)/python tests/browser/chromium.py && $(BIN)/python -m playwright --version; } \
	    >/dev/null 2>&1 || .ci/apt-install \
	    "install Chromium or Chrome and set CHROMIUM to its path; playwright needs libatomic" \
	    chromium fonts-dejavu-core libatomic1

lock: $(VENV)/lock/bin/pip-compile ## write the requirements files anew from pyproject.toml (UPGRADE=1: newest)
	$(PIP_COMPILE) --output-file requirements.txt pyproject.toml
	$(PIP_COMPILE) --extra tests --constraint requirements.txt \
	    --output-file requirements-tests.txt pyproject.toml

# To be run on the oldest Python that is supported: what is locked there is there for later ones.
PIP_COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/lock/bin/pip-compile --quiet \
    --allow-unsafe --strip-extras --annotation-style=line $(if $(UPGRADE),--upgrade) \
    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

$(VENV)/lock/bin/pip-compile: | $(BIN)/python
	$(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_TOOLS)

clean: ## remove what make and the tests leave behind
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
