# The commands of this project. `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
.NOTPARALLEL:

PYTHON ?= python3
export PYTHON

bin := .venv/bin
runtime := .venv/installed-runtime
dev := .venv/installed-dev
npm_modules := web_console/node_modules/.package-lock.json
pages := alarmd/console/static/console.html
web_sources := $(shell find web_console alarmd/wording/screens -name node_modules -prune -o -type f -print 2>/dev/null)
say = @printf '\n\033[1m%s\033[0m\n'

.PHONY: help demo test setup check format python-check locks-check web-check pytest oracle simulate mutants killed chaos bench soak simulate-scale browser-test
.PHONY: servers web lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(runtime) $(pages) ## set up what is needed and start the sample office (more words for it: make demo ARGS="...")
	@exec $(bin)/alarmd demo $(ARGS)

test: servers check pytest browser-test ## set up what tests need, run every check and every test

setup: $(dev) $(pages) ## what a developer needs: .venv with the locked tools, the built web pages

# --- checks -----------------------------------------------------------------------------------------------------------

check: python-check locks-check web-check ## format, lint, types, import contracts, laws, scripts, web pages

format: $(dev) ## format the Python code and mend what the linter can mend
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

python-check: $(dev)
	$(say) "format, lint"
	@$(bin)/ruff format --check .
	@$(bin)/ruff check .
	$(say) "types"
	@$(bin)/mypy
	$(say) "import contracts, laws of the house"
	@$(bin)/lint-imports --no-logo
	@$(bin)/python scripts/laws.py
	@$(bin)/shellcheck scripts/*.sh .ci/run

locks-check: $(dev)
	$(say) "locks"
	@$(bin)/python scripts/locks.py

web-check: $(dev) $(npm_modules)
	$(say) "web pages: types, unit tests"
	@scripts/npm.sh run check
	@scripts/npm.sh test

# --- tests ------------------------------------------------------------------------------------------------------------

# Two runs, because the browser's driver keeps an event loop of its own in the process, beside which no other may run.
pytest: $(dev) servers $(pages)
	$(say) "tests; the pure rooms must be covered to the last branch"
	@$(bin)/pytest -n 2 --ignore tests/browser --cov --cov-report term-missing:skip-covered

oracle: $(dev) ## compare who is on call with a plain watch, each minute of two years in five time zones (half an hour)
	@ORACLE=whole $(bin)/pytest -n 2 --timeout 3600 tests/oracle

simulate: $(dev) ## live through simulated worlds (SEEDS=10000), or tell one (SEED=7)
	@$(bin)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000))

mutants: $(dev) ## switch on small wrongs, one after the other: the simulated worlds must find every one
	@$(bin)/python -m tests.simulation.hunt --write

killed: $(dev) servers $(pages) ## kill -9 in a storm (KILLS=50), on SQLite and on PostgreSQL: nothing is lost, nothing goes silent
	@KILLS=$(or $(KILLS),50) $(bin)/pytest -q tests/live/test_killed.py

chaos: $(dev) servers $(pages) ## three nodes, real servers, and whatever can break does (MINUTES=20, SEED=1)
	@$(bin)/python -m tests.chaos --minutes $(or $(MINUTES),20) --seed $(or $(SEED),1)

simulate-scale: $(dev) ## queues of an office, a country, a million devices (WRITE=--write: into docs/scale.md)
	@$(bin)/python -m tests.scale $(WRITE)

bench: $(dev) servers ## alarmd beside the least that must be done, in ten minutes (ROWS="one burst", WRITE=--write: into docs/performance.md)
	@$(bin)/python -m tests.bench $(ROWS) $(WRITE)

soak: $(dev) servers ## a steady storm for an hour (MINUTES=60, RATE=10, STORE=var/soak): memory, files, latencies must be flat
	@$(bin)/python -m tests.soak --minutes $(or $(MINUTES),60) --rate $(or $(RATE),10) --store $(or $(STORE),var/soak)

# A cold browser on a busy machine takes its time to begin.
browser-test: $(dev) servers $(pages)
	$(say) "tests in the browser"
	@$(bin)/pytest --timeout 180 tests/browser

servers:
	@scripts/debian.sh 'mosquitto=/usr/sbin/mosquitto' 'redis-server=/usr/bin/redis-server' \
	    'postgresql=/usr/lib/postgresql/*/bin/initdb' 'chromium=/usr/bin/chromium' \
	    'systemd=/usr/bin/systemd-analyze' 'openssl=/usr/bin/openssl' 'faketime=/usr/bin/faketime' 'caddy=/usr/bin/caddy'

# --- what the commands above need -------------------------------------------------------------------------------------

web: ## build the web pages anew
	@rm -rf alarmd/console/static
	@$(MAKE) $(pages)

lock: $(dev) ## write the locks anew from pyproject.toml (newest versions: make lock UPGRADE=--upgrade)
	@for lock in '' -dev -node; do \
	    case "$$lock" in \
	        '') what="pyproject.toml" ;; \
	        -dev) what="pyproject.toml --group dev --constraints requirements.lock" ;; \
	        -node) what="--group node" ;; \
	    esac; \
	    $(bin)/uv pip compile --quiet --universal --generate-hashes --no-header $(UPGRADE) $$what -o "requirements$$lock.lock"; \
	done
	@$(bin)/python scripts/locks.py

clean: ## remove what was installed and built; what alarmd stored (var/) stays
	rm -rf .venv build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	rm -rf web_console/node_modules alarmd/console/static

$(runtime): requirements.lock pyproject.toml hatch_build.py
	@scripts/venv.sh requirements.lock
	@touch $@

$(dev): requirements-dev.lock pyproject.toml hatch_build.py
	@scripts/venv.sh requirements-dev.lock
	@touch $(runtime) $@

$(npm_modules): web_console/package.json web_console/package-lock.json | $(runtime)
	$(say) "web pages: installing packages"
	@scripts/npm.sh ci
	@touch $@

$(pages): $(npm_modules) $(web_sources)
	$(say) "web pages: building"
	@scripts/npm.sh run build
	@touch $@
