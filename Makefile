# The environment sets itself up: every target that needs it depends on .venv/ready.
.DEFAULT_GOAL := help
.PHONY: help health rls test test-slow test-containers image lint browser allure rehearse up down status bench lock clean
PYTHON ?= python3
BIN := .venv/bin
TARGET ?=
# With it, each defect that containers can have is planted once: in processes or in containers, and not in both.
ONCE ?=
# Where it is set, every process compiles its sources anew, and the tests start a thousand.
export PYTHONDONTWRITEBYTECODE :=

help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

health: .venv/ready browser ## Verify the runbook's healthcheck (TARGET=targets/mine.toml for another system)
	@$(BIN)/pytest checks/health $(if $(TARGET),--target $(TARGET))

rls: .venv/ready ## Prove row-level security (TARGET=targets/mine.toml for another system)
	@$(BIN)/pytest checks/rls $(if $(TARGET),--target $(TARGET))

test: .venv/ready browser lint ## Test the suite itself, lint and type check
	@$(BIN)/pytest tests -m "not slow" -n 2 --dist worksteal -W error --ignore tests/containers

test-slow: .venv/ready browser ## The tests that take minutes: every planted defect (ONCE=1: not those of test-containers ONCE=1)
	@$(BIN)/pytest tests -m "slow$(if $(ONCE), and not elsewhere)" -n 2 --dist worksteal -W error --ignore tests/containers

test-containers: .venv/ready browser ## The container target, where an engine and the images are there (ONCE=1: of the defects, one a check)
	@$(BIN)/pytest tests/containers -m "$(if $(ONCE),not elsewhere,slow or not slow)" -n 2 --dist worksteal -W error -rs --no-fold-skipped

image: .venv/ready ## Build the image of the reference system and of the suite (BASE=a Debian with Python 3.11)
	@stack/containers/image.sh $(or $(IMAGE),runbook-checks) $(BASE)

lint: .venv/ready ## Lint and type check
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

browser: .venv/ready ## Find a browser for the Admin checks, or install one
	@$(BIN)/runbook browser

allure: ## Show the newest run with Allure (needs Node.js)
	@command -v npx >/dev/null || { echo "Allure needs Node.js; every run is also one page: runbook evidence page"; exit 1; }
	@run=$$(ls -d reports/*/allure | tail -1) && test -n "$$run" && \
	ALLURE_NO_ANALYTICS=true npx --yes allure@3.18.0 allure2 "$$run" --single-file -o "$$(dirname "$$run").allure" && \
	echo "$$(dirname "$$run").allure/index.html"

up: .venv/ready ## Start the embedded system and leave it running
	@$(BIN)/runbook up

down: .venv/ready ## Stop it again
	@$(BIN)/runbook down

rehearse: .venv/ready browser ## Play the three rehearsals of an incident: P0, P1, P2
	@for one in p0 p1 p2; do bash stack/rehearsals/$$one.sh || exit 1; done

status: .venv/ready ## Say whether it runs
	@$(BIN)/runbook status

bench: .venv/ready browser ## Measure the healthcheck against a bare script
	@$(BIN)/python -m benchmarks.health

lock: ## Pin every dependency anew (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --upgrade -o requirements.lock

clean: ## Remove the environment and everything generated
	rm -rf .venv .runbook .mypy_cache .ruff_cache .hypothesis
	find reports -mindepth 1 ! -name README.md -delete

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; name one: make PYTHON=python3.12")'
	@echo "setting up .venv (once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
