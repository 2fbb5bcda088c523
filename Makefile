# What a newcomer and a developer do with this checkout. `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help install demo up down reset tenant image unit test chaos chaos-selfcheck bench check format migration messages lock installed developed servers chromium

VENV := .venv
# Processes of `make test`, each with servers of its own. Tests wait more than they compute: three keep two cores busy.
JOBS := 3
BIN := $(VENV)/bin
UV := $(BIN)/uv
# Compiled here once: not every environment lets programs write compiled files at their first start.
INSTALL := $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: installed ## install what a local stack needs into .venv

demo: installed ## start everything with the demo's shop and its customers; DETACH=1 returns when ready
	@$(BIN)/afterword up --demo $(if $(DETACH),--detach)

up: installed ## start everything, empty; DETACH=1 returns when ready
	@$(BIN)/afterword up $(if $(DETACH),--detach)

down: installed ## stop it; the data stays
	@$(BIN)/afterword down

reset: installed ## stop it and forget all data
	@$(BIN)/afterword reset

tenant: installed ## NAME=Acme ADMIN=you@example.com [SHORT=acme]: a company with a key, a sign-in link and a survey
	@: "$${NAME:?make tenant NAME=Acme ADMIN=you@example.com}" "$${ADMIN:?make tenant NAME=Acme ADMIN=you@example.com}"
	@$(BIN)/afterword tenant start --name "$$NAME" --admin "$$ADMIN" $(if $(SHORT),--short-name "$$SHORT")

image: ## build the container image afterword:local
	docker build --file deploy/Dockerfile --tag afterword:local --build-arg REVISION="$$(git rev-parse HEAD)" .

unit: developed ## the tests that need no server and no browser: half a minute on two cores
	$(BIN)/pytest --quiet --numprocesses auto tests/unit

test: developed servers chromium ## every test, against a real Kafka, PostgreSQL, SMTP server and Chromium; JOBS=3
	$(BIN)/pytest --numprocesses $(JOBS) --no-loadscope-reorder --durations=30

chaos: developed servers ## break it on purpose and count; SEED=1 EVENTS=20000 ONLY=broker,smtp
	@PYTHONPATH=tests $(BIN)/python -m chaos

chaos-selfcheck: developed servers ## the same harness must catch each deliberately broken copy
	@PYTHONPATH=tests $(BIN)/python -m chaos.selfcheck

bench: developed servers ## measure it against bare baselines; ROUNDS=5 SCALE=1 ONLY=trigger,scorer
	@PYTHONPATH=tests $(BIN)/python -m bench

check: developed ## format, lint, types, import contracts, then the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

format: developed ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .

migration: developed ## SERVICE=scorer NAME="add a column": a new, empty migration
	@: "$${SERVICE:?make migration SERVICE=scorer NAME=\"add a column\"}" "$${NAME:?make migration SERVICE=scorer NAME=\"add a column\"}"
	@$(BIN)/python -m shared.cli.new_migration "$$SERVICE" "$$NAME"

messages: developed ## bring the catalogues of translations up to date with code and templates
	@$(BIN)/python -m shared.cli.messages

lock: $(VENV)/.build ## renew the locks from pyproject.toml
	printf 'uv\nhatchling\neditables\n' | $(COMPILE) --upgrade --output-file requirements-build.lock -
	$(COMPILE) --upgrade --all-extras --output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --constraint requirements-dev.lock --extra local --output-file requirements-local.lock pyproject.toml
	$(COMPILE) --constraint requirements-dev.lock --extra mailbox --output-file requirements.lock pyproject.toml

# An environment with the developers' tools has all that a stack needs, and is not reduced to it.
installed: $(if $(wildcard $(VENV)/.dev),$(VENV)/.dev,$(VENV)/.local)
developed: $(VENV)/.dev

$(VENV)/.build: requirements-build.lock
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if command -v $$python >/dev/null && $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
			echo "Making $(VENV) with $$($$python --version)"; exec $$python -m venv $(VENV); fi; done; \
	echo "Afterword needs Python 3.11 or newer; python3 here is $$(python3 --version 2>&1)." \
		"Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	@touch $@

$(VENV)/.local $(VENV)/.dev: $(VENV)/.%: requirements-%.lock pyproject.toml $(VENV)/.build
	@echo "Installing what $< names"
	@$(INSTALL) --require-hashes --requirement $<
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# A stack of the tests has a dozen processes, each of which would compile our code anew where the environment forbids
# to keep it compiled; so would each process of pytest compile the tests.
unit test check chaos chaos-selfcheck bench: export PYTHONDONTWRITEBYTECODE :=

# Java and Maven: what is missing is named here, before a test fails for it.
servers: developed
	@$(BIN)/python -m deploy.local.requirements

chromium:
	@for browser in "$$AFTERWORD_CHROMIUM" chromium-headless-shell chromium chromium-browser google-chrome; do \
		if command -v "$$browser" >/dev/null; then exit 0; fi; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium for the browser tests"; \
		apt-get update --quiet=2 && apt-get install --yes --quiet=2 chromium fonts-dejavu-core; \
	else printf '%s\n' "The browser tests need Chromium; one of these brings it:" \
		"  Debian, Ubuntu: sudo apt-get install -y chromium fonts-dejavu-core" \
		"  Fedora: sudo dnf install -y chromium" \
		"  macOS: brew install --cask google-chrome && export AFTERWORD_CHROMIUM='/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'" \
		"AFTERWORD_CHROMIUM names a browser that is elsewhere." >&2; exit 1; fi
