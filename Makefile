# make demo                set up, build two example scenes to playable files, and a page about them: no weights, no GPU
# make setup-audiocraft    set up what MusicGen and AudioGen need, torch included
# make test                set up all of it, and run the tests
# The environment is .venv; exact versions are in constraints.txt.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
PYTEST_ARGS ?= -n auto
# Folders with nothing but slow tests are not even read.
FAST := $(addprefix --ignore=tests/,backends e2e faults hostile random)

.PHONY: demo setup-audiocraft test test-fast lint format imports types bench mutants docs site clean
.DEFAULT_GOAL := demo

demo: .venv/.base
	$(BIN)/soundgraph build --draft rainy_forest foley/gravel_walk
	$(BIN)/soundgraph report --draft rainy_forest foley/gravel_walk

# Where torch comes from is pip's business: see docs/installing-audiocraft.md for the build without CUDA, a tenth as large.
setup-audiocraft: .venv/.audiocraft

test: .venv/.dev .venv/.audiocraft
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# For after each edit: what takes long is left out (tests/slow.py), and torch is not needed.
test-fast: .venv/.dev
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m "not slow" $(FAST)

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/.dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

imports: .venv/.dev
	$(BIN)/lint-imports

# On Linux, which is tested, and as it would be elsewhere, which is not.
types: .venv/.dev
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --package soundgraph
	$(BIN)/mypy --platform darwin --package soundgraph

# Figures for docs/benchmarks.md; a quarter of an hour, best on a machine with nothing else to do.
bench: .venv/.dev
	$(BIN)/python -m tests.bench

# Mistakes planted one at a time, and which of them no test notices: minutes to hours a module, so never in CI.
# make mutants MODULES="planning/schedule project/build_state"; all modules that tests/mutants.py names without. It goes on where it was stopped.
# make mutants MODULES=cache/store SAMPLE=20 SEED=1 plants 20 of them, drawn by the seed; WITHOUT="ffmpeg or opus" leaves tests out.
mutants: .venv/.dev .venv/.audiocraft
	$(PIP) --editable '.[mutants]'
	$(BIN)/python -m tests.mutants $(MODULES) \
	  $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) $(if $(WITHOUT),--without "$(WITHOUT)")

# What in docs/ is made from the code: tables, and what commands print.
docs: .venv/.dev
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/transcripts.py --write

# The docs as pages to read in a browser: build/site/index.html. A link that leads nowhere ends it.
site: .venv/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --config-file docs/site/mkdocs.yml

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "soundgraph needs Python 3.11 or later: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	@# Commands that an older pip installs import `re` before anything else, a tenth of a build with nothing to do.
	$(PIP) --upgrade 'pip>=25.2'

.venv/.base: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

.venv/.dev: .venv/.base
	$(PIP) --editable '.[dev]'
	@touch $@

.venv/.docs: .venv/.base
	$(PIP) --editable '.[docs]'
	@touch $@

# audiocraft pins a torch, and more, that cannot be had for a current Python: hence without what it says it depends on.
.venv/.audiocraft: .venv/.base
	$(PIP) --editable '.[audiocraft]'
	$(PIP) --no-deps audiocraft==1.3.0
	@touch $@

clean:
	rm -rf .venv build mutants .soundgraph .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
