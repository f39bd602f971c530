# Only Python 3.11+ and make are assumed. Everything else comes pinned from the lock files.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.bench-ready
LOCKS := requirements/runtime.txt requirements/otel.txt requirements/embedded.txt requirements/dev.txt

.PHONY: run demo test check fix faults takeover soak crashes bench bench-quick bench-rules alerts-check setup lock schemas clean fuzz manifests contract-check contract-release
.DELETE_ON_ERROR:

run: setup ## every role on real servers, with a simulator; Ctrl-C ends all of it
	$(BIN)/python -m worker dev

demo: setup ## one round of the same, checked; exits 0
	$(BIN)/python -m worker dev --once

test: check ## everything: lint, types, import contracts, all tests on real parts
	$(BIN)/python -m pytest

check: setup ## never writes
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fix: setup ## format and repair what can be repaired
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

ROUNDS ?= 200
SEED ?= 1
faults: setup ## strike every part of a fleet, ROUNDS times; 0 only if nothing was lost, doubled or disordered
	$(BIN)/python -m tests.faults --rounds $(ROUNDS) --seed $(SEED)

takeover: setup ## how long partitions stand still when an owner is killed, and when it is stopped; medians of 20
	$(BIN)/python -m tests.faults.takeover

MINUTES ?= 30
soak: setup ## needs Linux; steady traffic for MINUTES; 0 only if no process grew and nothing was told wrongly
	$(BIN)/python -m tests.faults.soak --minutes $(MINUTES)

ORDERS ?= 4
PAIRS ?= 500
crashes: setup ## stop owners at every step, on the parts in memory; 0 only if no step made a difference
	$(BIN)/python -m tests.faults.crashes --orders $(ORDERS) --pairs $(PAIRS) --seed $(SEED)

bench: $(BENCH_READY) ## this system beside its peers, its latency, scale and memory: three quarters of an hour; docs/performance.md says how to read it
	$(BIN)/python -m tests.bench

bench-quick: $(BENCH_READY) ## a taste of each, in one round: four minutes
	$(BIN)/python -m tests.bench --quick

$(BENCH_READY): $(READY) requirements/bench.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	touch $@

SECONDS ?= 600
fuzz: setup ## hostile clients against a real ingress for SECONDS; 0 only if no answer was wrong and nothing was lost
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) --seed $(SEED)

bench-rules: setup ## what one decision of the rules costs
	$(BIN)/python -m tests.bench.rules

alerts-check: setup ## needs promtool; every alert fires on its own trouble only, and every query of the dashboard finds something
	$(BIN)/python -m tests.deploy.promtool
	$(BIN)/python -m tests.deploy.executed

manifests: setup ## needs kubectl; renders the Kubernetes manifests anew, for the tests to read
	$(BIN)/python -m tests.deploy.manifests

schemas: setup ## write the generated schemas, examples and contract anew
	$(BIN)/python -m tests.schemas.examples
	$(BIN)/python -m schemas

contract-check: setup ## needs node; AsyncAPI's own parser reads the contract
	npm install --silent --no-save --prefix .cache/node @asyncapi/parser@3.6.3
	NODE_PATH=.cache/node/node_modules node tests/schemas/parse.cjs schemas/asyncapi.json

contract-release: schemas ## keep the contract as the released one, from which later releases take nothing away
	$(BIN)/python -m schemas release

setup: $(READY)

$(READY): pyproject.toml $(LOCKS)
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes $(LOCKS:%=-r %)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

lock: ## needs uv; pins every dependency with hashes and names no index
	uv pip compile pyproject.toml --output-file requirements/runtime.txt $(UV_LOCK)
	uv pip compile pyproject.toml --extra otel --output-file requirements/otel.txt -c requirements/runtime.txt $(UV_LOCK)
	uv pip compile pyproject.toml --extra embedded --output-file requirements/embedded.txt -c requirements/otel.txt $(UV_LOCK)
	uv pip compile pyproject.toml --extra dev --output-file requirements/dev.txt -c requirements/otel.txt -c requirements/embedded.txt $(UV_LOCK)
	uv pip compile pyproject.toml --extra bench --output-file requirements/bench.txt -c requirements/otel.txt -c requirements/embedded.txt -c requirements/dev.txt $(UV_LOCK)
UV_LOCK := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" --quiet

clean:
	rm -rf $(VENV) .cache build dist *.egg-info
