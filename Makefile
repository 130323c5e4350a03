# `make run` and `make test` do their own set-up; nothing else has to be installed but Python 3.11+ and pip.
PYTHON ?= python3
VENV ?= .venv
# Two for each core: tests wait for browsers, servers and processes. A worker takes 2 GB; WORKERS=2 where that is too much.
WORKERS ?= 4
BIN := $(VENV)/bin
# Without its warnings setuptools does not advise at length on every installation.
PIP := PYTHONWARNINGS=ignore $(BIN)/python -m pip --disable-pip-version-check --quiet
CODE := renglon.py rag index api eval tests

# Tests start many processes, which need not compile the same modules again.
test coverage: export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help run test coverage lint hashes wheel bench torture eval screenshots clean

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.run: pyproject.toml constraints.txt requirements.txt
	@echo "Making $(VENV) and installing the pinned packages (about a minute, 2 GB)..."
	@# Debian keeps ensurepip in a package of its own; pip can fill an environment that has none.
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
	  $(PYTHON) -m venv --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	@$(PIP) install --require-hashes --no-deps -r requirements.txt
	@# By version alone: which build of PyTorch there is differs from machine to machine.
	@$(PIP) install -c constraints.txt torch==2.13.0
	@$(PIP) install -c constraints.txt --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@echo "Installing what the tests need..."
	@$(PIP) install --require-hashes --no-deps -r requirements-dev.txt
	@$(PIP) install -c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $@

run: $(VENV)/.run  ## Set up, index seeds/ and answer on http://127.0.0.1:8000
	@mkdir -p .renglon  # where it is, data is kept in it, unless a setting says otherwise
	@$(BIN)/renglon serve

test: $(VENV)/.dev  ## Set up and run every test, a file to each core
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

coverage: $(VENV)/.dev  ## The same, and the lines that no test runs
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term-missing:skip-covered

lint: $(VENV)/.dev  ## Check style and types
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/mypy

hashes: $(VENV)/.dev  ## After a pin of constraints.txt has changed: the hashes of requirements*.txt
	@$(BIN)/python packaging/hashes.py

wheel: $(VENV)/.run  ## Build dist/renglon-….whl from what is in the checkout now
	@rm -rf build dist renglon.egg-info  # what an earlier build left would be packed again
	@$(PIP) wheel --no-deps --wheel-dir dist .
	@rm -rf build renglon.egg-info && ls dist/*.whl

bench: $(VENV)/.dev  ## Measure speed and memory against the bare encoder; writes bench.json
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench.store
	@$(BIN)/python -m tests.bench.formats
	@$(BIN)/python -m tests.bench.database 10000 --answers

torture: $(VENV)/.dev  ## Kill, damage, fill up and fuzz it at length (half an hour); figures in docs/reliability.md
	@$(BIN)/python -m tests.torture
	@$(BIN)/python -m tests.torture.text --seconds 600
	@$(BIN)/python -m tests.torture.nodes
	@$(BIN)/python -m tests.torture.printed

eval: $(VENV)/.dev  ## Measure answers and citations on the gold questions
	@$(BIN)/renglon eval --baselines

screenshots: $(VENV)/.dev  ## Make the pictures of docs/screenshots from the running page
	@$(BIN)/python -m tests.page.screenshots

clean:  ## Remove the environment, the index and all caches
	rm -rf $(VENV) .renglon build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
