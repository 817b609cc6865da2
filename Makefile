# Every target runs in the environment that bootstrap.py builds from uv.lock.
BOOTSTRAP ?= python3 bootstrap.py
BIN := .venv/bin
PYTHON := $(BIN)/python
STAMP := .venv/.synced
CODE := agent drivers tests benchmarks bootstrap.py .ci
MINUTES ?= 30
IMPURE := agent/app agent/cli agent/demo agent/test_mqtt.py agent/test_mqtt_over_websocket.py agent/test_mqtt_reach.py \
    agent/test_poll.py agent/test_publish.py drivers/simulated/test_contract.py \
    drivers/modbus/test_contract.py drivers/modbus/test_link.py drivers/modbus/test_lookup.py \
    drivers/modbus/test_listening.py drivers/modbus/test_simulate.py
# Two comparisons of speed and of parsers are long and touch no line that others do not; `make test` runs them.
PURE := tests/agent tests/drivers $(IMPURE:%=--ignore=tests/%) -k "not take_about_ten_times and not both_parsers_read"

.DEFAULT_GOAL := check
.PHONY: format lint types imports cover test check acceptance bench soak demo clean

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
	$(BIN)/coverage run -m pytest -q -m "not acceptance" $(PURE)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/coverage json --quiet -o - | $(PYTHON) .ci/coverage_of_each.py

test:
	$(BOOTSTRAP) test

check: lint types imports cover test

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
