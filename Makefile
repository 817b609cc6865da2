# Every target runs in the environment that bootstrap.py builds from uv.lock.
BOOTSTRAP ?= python3 bootstrap.py
BIN := .venv/bin
PYTHON := $(BIN)/python
STAMP := .venv/.synced
CODE := agent drivers tests benchmarks bootstrap.py .ci
MINUTES ?= 30

unexport PYTHONDONTWRITEBYTECODE  # each of a thousand processes would compile everything anew

.DEFAULT_GOAL := check
.PHONY: format lint types imports cover covered test check acceptance bench soak demo clean

$(STAMP): pyproject.toml uv.lock bootstrap.py
	$(BOOTSTRAP) sync
	@touch $@

format: $(STAMP)
	$(BIN)/ruff check --fix --quiet $(CODE)
	$(BIN)/ruff format $(CODE)

lint: $(STAMP)
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports --no-logo

cover: $(STAMP)  ## branch coverage of the pure modules; the list is in pyproject.toml
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -m pure -n auto --dist worksteal
	$(MAKE) covered

covered:  ## what the last measured run of the pure tests covered
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/coverage json --quiet -o - | $(PYTHON) .ci/coverage_of_each.py

test:
	$(BOOTSTRAP) test

check: lint types imports
	$(BIN)/coverage erase
	LINESIDE_COVERAGE=1 $(BOOTSTRAP) test
	$(MAKE) covered

acceptance: $(STAMP)  ## what is long or heavy; before an issue is called resolved
	$(PYTHON) -m pytest -m acceptance --timeout=3600

soak: $(STAMP)  ## all faults at random with a seed; MINUTES=10 for a shorter one
	$(PYTHON) -m pytest -m acceptance -s --timeout=7200 --minutes=$(MINUTES) tests/system/test_soak.py

bench: $(STAMP)
	$(PYTHON) -m benchmarks

demo:
	$(BOOTSTRAP) demo

clean:
	rm -rf dist build .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
