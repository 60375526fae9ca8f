# `make run` starts the application, `make test` runs every check and test.
# A virtual environment in .venv is made and kept up to date on the way.

PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3 python; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && echo $$name && break; done)
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run test test-quick test-slow test-thorough test-offline e2e faults check format clean bench bench-epoch bench-tasks bench-architectures bench-peak bench-study bench-storage bench-scaling bench-memory bench-dashboard bench-csv bench-pruners bench-throughput bench-quality bench-accuracy

help: ## show this list
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

run: $(RUN_STAMP) ## start the application on http://127.0.0.1:8501
	$(BIN)/streamlit run app.py

test: check test-quick test-slow ## every check and every test; what CI runs

# A process for each processor core; the tests of a file share what they prepare.
test-quick: $(DEV_STAMP) ## tests that take seconds
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow and not e2e and not faults"

test-slow: $(DEV_STAMP) ## tests that train for longer, and the browser test
	$(BIN)/python -m pytest -n auto --dist loadfile \
		-m "(slow or e2e) and not faults and not thorough"

test-thorough: $(DEV_STAMP) ## the slow tests with every cell
	$(BIN)/python -m pytest -n auto --dist loadfile -m thorough

test-offline: $(DEV_STAMP) ## the quick tests without any network; Linux only
	unshare --map-root-user --net sh -c 'ip link set lo up && exec "$$@"' sh \
		$(BIN)/python -m pytest -m "not slow and not e2e and not faults"

e2e: $(DEV_STAMP) ## the browser test alone; needs Chromium
	$(BIN)/python -m pytest -m e2e

# The short ones first.
bench: bench-epoch bench-tasks bench-architectures bench-peak bench-study bench-storage bench-csv bench-dashboard bench-scaling bench-memory bench-throughput bench-quality bench-accuracy bench-pruners ## every benchmark, one after the other; takes hours

bench-epoch: $(RUN_STAMP) ## one epoch: the training engine against Keras
	$(BIN)/python -m benchmarks.epoch

bench-tasks: $(RUN_STAMP) ## one epoch over padded sequences: the engine against Keras
	$(BIN)/python -m benchmarks.tasks

bench-architectures: $(RUN_STAMP) ## one epoch of each architecture against Keras
	$(BIN)/python -m benchmarks.architectures

bench-peak: $(RUN_STAMP) ## the engine against the speed of one processor core
	$(BIN)/python -m benchmarks.peak

bench-study: $(RUN_STAMP) ## where the time of a 60-trial study goes
	$(BIN)/python -m benchmarks.study_time

bench-storage: $(RUN_STAMP) ## sampler and storage at 500 and 2,000 trials
	$(BIN)/python -m benchmarks.study_time --storage --trials 500
	$(BIN)/python -m benchmarks.study_time --storage --trials 2000

bench-scaling: $(RUN_STAMP) ## two workers; rows, folds, epochs, memory
	$(BIN)/python -m benchmarks.scaling

bench-memory: $(RUN_STAMP) ## 300 trials: memory of every process
	$(BIN)/python -m benchmarks.memory

bench-dashboard: $(DEV_STAMP) ## pages with 10 and with 5,000 trials; needs Chromium
	$(BIN)/python -m benchmarks.dashboard

bench-csv: $(RUN_STAMP) ## a million rows: reading and checking against pandas
	$(BIN)/python -m benchmarks.csv_reading

bench-pruners: $(RUN_STAMP) ## what each pruner gains and loses
	$(BIN)/python -m benchmarks.pruners

bench-throughput: $(RUN_STAMP) ## the search against scripts on the same configurations
	$(BIN)/python -m benchmarks.throughput --points 2000 --keras-epochs 3
	$(BIN)/python -m benchmarks.throughput --points 10000 --keras-epochs 2 --scripts keras --short

bench-accuracy: $(RUN_STAMP) ## models of five-minute searches on public series
	$(BIN)/python -m benchmarks.accuracy

bench-quality: $(RUN_STAMP) ## time until the search is as good as a script
	$(BIN)/python -m benchmarks.quality

faults: $(DEV_STAMP) ## every fault case, with a table at the end; takes long
	$(BIN)/python -m pytest -m case --cases

check: $(DEV_STAMP) ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(DEV_STAMP) ## format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove the virtual environment and caches; studies stay
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { \
		echo "Python 3.11, 3.12 or 3.13 was not found; name one: make PYTHON=/path/to/python"; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)

# A stamp is written only after pip succeeded, so a broken installation is repeated.
$(RUN_STAMP): requirements.txt | $(BIN)/python
	$(PIP) -r requirements.txt
	@touch $@

$(DEV_STAMP): requirements.txt requirements-dev.txt | $(BIN)/python
	$(PIP) -r requirements-dev.txt
	@touch $@ $(RUN_STAMP)
