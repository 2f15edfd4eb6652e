# Every target sets up what it needs; the first run downloads packages.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STARS ?= 200000
DATA ?= ../shared/data
FOLDS ?= build/folds
MINUTES ?= 5
SEED ?= 1
MUTANTS ?= 200

.PHONY: help demo test test-all soak mutants lint mypy imports sqlfluff hooks test-oldest dist docs bench bench-peers models-photometry models-distmass models-red-clump \
  models-tracks train-full clean

help:                                   ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(VENV)/.core                     ## the main job on the embedded mock sky, without PyTorch
	$(BIN)/candlesql demo sky --stars $(STARS)

# Two processes share the cores, so NumPy gets one thread in each.
test test-all: export OMP_NUM_THREADS = 1
test test-all: export OPENBLAS_NUM_THREADS = 1

test: $(VENV)/.dev lint                 ## lint, types and tests
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

test-all: $(VENV)/.dev lint             ## the heavy tests too
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m ""
	$(BIN)/python tests/soak/soak.py --minutes 5
	$(MAKE) docs

soak: $(VENV)/.dev                      ## kill commands, mutate files, and print what came of it (MINUTES, SEED)
	$(BIN)/python tests/soak/soak.py --minutes $(MINUTES) --seed $(SEED)

mutants: $(VENV)/.dev                   ## plant faults in sql/ and count those that no test notices (tests/mutants/run.py)
	$(BIN)/python tests/mutants/run.py --number $(MUTANTS)

lint: $(VENV)/.dev                      ## ruff, mypy, import contracts, sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) --no-print-directory --jobs 2 --output-sync mypy imports sqlfluff

mypy: $(VENV)/.dev .types/candlesql
	MYPYPATH=.types $(BIN)/mypy -p candlesql

imports: $(VENV)/.dev .types/candlesql
	cd .types && ../$(BIN)/lint-imports ../pyproject.toml --no-cache

sqlfluff: $(VENV)/.dev
	$(BIN)/sqlfluff lint --disable-progress-bar sql

.types/candlesql:
	mkdir -p .types && ln -sfn .. $@

hooks: $(VENV)/.dev                     ## let git run the lint of what is committed (pre-commit)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt pre-commit
	$(BIN)/pre-commit install

test-oldest:                            ## install the oldest dependencies that pyproject.toml allows, run the demo and a core of the tests
	packaging/test_oldest.sh

dist: $(VENV)/.dev                      ## the source distribution and the wheel, in dist
	rm -rf dist
	$(BIN)/python -m build --outdir dist .

docs: $(VENV)/.docs                     ## the site in build/site, tutorials run; any dead link or undocumented name is an error
	$(BIN)/python docs/make_reference.py --check
	$(BIN)/python -m sphinx -q -W --keep-going -E -b html -d build/doctrees docs build/site

bench: $(VENV)/.dev                     ## ratios against peers and limits, alternating in one run
	for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

bench-peers: $(VENV)/.dev               ## the crossmatch against STILTS, PostgreSQL with Q3C, LSDB and pyacid, those that are there
	$(BIN)/pip install --quiet --disable-pip-version-check pyacid lsdb || true
	$(BIN)/python benchmarks/peers/crossmatch.py

models-photometry: $(VENV)/.dev         ## train the shipped networks of photometry again (DATA: the folder of tables)
	for step in listed train density train_infer; do \
	  $(BIN)/python -m candlesql.training.photometry.$$step --data $(DATA)/green2020/stars_13band.parquet || exit 1; done

models-distmass: $(VENV)/.dev           ## train the shipped networks of distmass again
	$(BIN)/python -m candlesql.training.distmass.train --kepler $(DATA)/kepler/kepler_giants.parquet \
	  --parsec $(DATA)/isochrones/parsec.parquet

models-red-clump: $(VENV)/.dev          ## train the shipped network for any bands again, and those without each fold (FOLDS)
	$(BIN)/python -m candlesql.training.any_bands.train $(DATA) udfs/models --folds $(FOLDS)

models-tracks: $(VENV)/.dev             ## train the mock sky's emulator of the tracks again
	$(BIN)/python -m candlesql.training.tracks $(DATA)/isochrones/parsec.parquet

train-full: $(VENV)/.dev                ## train the shipped red clump networks again (60 million mock stars, 6 GB of disk)
	$(BIN)/python -m candlesql.training.full build/full
	cp build/full/red_clump.onnx build/full/red_clump_*.onnx build/full/red_clump_*.npz udfs/models/

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[train,fetch,regions,scale,dev]"
	touch $@ $(VENV)/.core

$(VENV)/.docs: $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	touch $@

clean:                                  ## remove what make made
	rm -rf $(VENV) build dist sky *.egg-info
