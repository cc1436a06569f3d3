# make build: everything from nothing. make test: lint and all tests. make help: the rest.
PYTHON ?= python3
BIN := .venv/bin
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DO_NOT_TRACK := 1
export DBT_PROFILES_DIR := .
# The simulated shop shows its audiences; of a real one they go out when seeds/audiences.csv says so.
LIVE = $(shell test ! -d "$${PERENNIAL_RAW:-data/raw}/truth" || echo audiences_live: true)
COMMA := ,
WITH_VARS = $(if $(LIVE)$(VARS),--vars '{$(LIVE)$(if $(LIVE),$(if $(VARS),$(COMMA) ))$(VARS)}')
PAGE = DBT_PROFILES_DIR=charts PERENNIAL_PAGE_DB=$$(realpath --relative-to=. "$${PERENNIAL_DB:-perennial.duckdb}")

.PHONY: help build preview sample test lint format spark dashboard docs bench clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/'

.venv/.build: requirements/build.txt
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Perennial needs Python 3.11 or later; set PYTHON=python3.x"'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing what the build needs (once, about a minute)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/build.txt
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.build
	@echo "installing what the tests need (once, about three minutes)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

sample: .venv/.build  ## a simulated shop of 2,000 people in data/raw, if that is missing and PERENNIAL_RAW names no other folder
	@test -n "$$PERENNIAL_RAW" || test -e data/raw || $(BIN)/python -m simulator --out data/raw

build: sample  ## the warehouse: dbt build on the raw data; make build VARS='as_of: 2025-06-30' passes vars
	@$(BIN)/dbt build $(WITH_VARS)

preview: .venv/.build  ## what the seeds as they are now would move in the warehouse; VARS as in make build
	@$(BIN)/python -m preview $(WITH_VARS)

test: sample .venv/.dev  ## lint and every test
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest

lint: .venv/.dev  ## sqlfluff and ruff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/sqlfluff lint --processes 0 models tests analyses

format: .venv/.dev  ## mend what lint can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/sqlfluff fix --processes 0 models tests analyses

spark: sample .venv/.dev  ## the same warehouse on a local Spark session (needs Java 17)
	@$(BIN)/dbt build --target spark $(WITH_VARS)

dashboard: build .venv/.dev  ## one static page: dashboard/retention.html
	@$(PAGE) $(BIN)/dct validate charts/retention.yml --strict
	@$(PAGE) $(BIN)/dct render charts/retention.yml --format html --no-cache --output dashboard/retention.html
	@sed -i 's/ data-rendered-at="[^"]*"//' dashboard/retention.html
	@echo "open dashboard/retention.html"

docs: .venv/.dev  ## what the data looks like, as pages: data_docs/
	@$(BIN)/python -m tests.expectations --out data_docs

bench: .venv/.build  ## measure and write BENCHMARKS.md; make bench SIZES=1000000, ONLY='ledger audiences'
	@$(BIN)/python -m benchmarks $(if $(SIZES),--customers $(SIZES)) $(if $(ONLY),--only $(ONLY))

clean:  ## remove what the commands made, but no raw data
	@rm -rf target logs perennial.duckdb spark-warehouse dashboard data_docs .cache/benchmarks .cache/preview
