# Every verb sets up what it needs: .venv grows from the lock files in .ci/ and nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help preprocess train test check fix bench doctor lock clean

PYTHON ?= python3
UV_VERSION := 0.13.8
BIN := .venv/bin
UV := VIRTUAL_ENV=.venv $(BIN)/uv
INSTALL := $(UV) pip install --quiet --no-deps

# The sample lies as KsponSpeech does, and is not KsponSpeech.
SAMPLE := --title "malsori's bundled sample, spoken by espeak-ng" --licence Apache-2.0
CORPUS ?= $(if $(RAW),auto,kspon:sample)
RAW ?=
NAME ?= $(if $(RAW),$(notdir $(RAW:%/=%)),sample)
OUT ?= data/shards/$(NAME)
JOBS ?=
MANIFEST ?= manifests/$(NAME).json
OF_SAMPLE := $(filter manifests/sample.json,$(MANIFEST))
PRESET ?= $(if $(OF_SAMPLE),tiny,small)
RUN ?= data/runs/$(basename $(notdir $(MANIFEST)))
ARGS ?=
BENCH_CORPUS := $(or $(RAW),../shared/corpora/tedxkr-mini)

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# Creating the environment: one stamp a lock file, so that a changed lock installs itself.
$(BIN)/uv:
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "malsori needs Python 3.11 or newer; say which with PYTHON=python3.x")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/%.stamp: .ci/lock-%.txt pyproject.toml | $(BIN)/uv
	$(INSTALL) --require-hashes -r $<
	$(INSTALL) --editable .
	@touch $@

# Without RAW, the bundled sample is made first (if it is not there) and is what the verb works on.
preprocess: .venv/preprocess.stamp ## raw recordings -> shards and a manifest [CORPUS= RAW= NAME= JOBS= ARGS=]; alone: the bundled sample
	$(if $(RAW),,$(BIN)/python data/sample/make_sample.py)
	$(BIN)/malsori preprocess "$(or $(RAW),data/sample/raw)" --corpus $(CORPUS) $(if $(RAW),,$(SAMPLE)) \
		--out "$(OUT)" --manifest "$(MANIFEST)" $(if $(JOBS),--jobs $(JOBS)) $(ARGS)

# Without MANIFEST, the sample is preprocessed first; what is finished is not done again. ARGS are fit's.
train: .venv/train.stamp ## shards -> a recogniser [MANIFEST= PRESET= RUN= ARGS=options of fit]; alone: the bundled sample, tiny preset
	$(if $(OF_SAMPLE),$(MAKE) --no-print-directory preprocess ARGS=)
	$(BIN)/malsori-train fit "$(MANIFEST)" --run "$(RUN)" --preset $(PRESET) --resume $(ARGS)

test: .venv/test.stamp ## the whole test suite
	$(BIN)/python -m pytest

check: .venv/test.stamp ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: .venv/test.stamp ## format and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/test.stamp ## the whole job and the phonology against named baselines [RAW=corpus folder]; tests/bench/ holds more
	$(BIN)/python -W ignore tests/bench/engine.py $(BENCH_CORPUS)
	$(BIN)/python -W ignore tests/bench/pronunciation_speed.py $(BENCH_CORPUS)

doctor: .venv/preprocess.stamp ## is all there that this machine needs?
	$(BIN)/malsori doctor

lock: $(BIN)/uv ## pin the newest versions that fit pyproject.toml
	for name in test train preprocess; do .ci/lock $$name; done

clean: ## remove .venv and all that was made of the bundled sample; your own shards and runs stay
	rm -rf data/shards/sample data/runs/sample manifests/sample.json data/sample/raw .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
