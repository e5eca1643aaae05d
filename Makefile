# The commands of this project; `make help` lists them. PYTHON names another Python (3.11 or newer), STACK another stack.
PYTHON ?= python3
STACK ?= embedded
export STACK
# Every process of every stack would compile all of our modules again, which takes a fifth of its start.
unexport PYTHONDONTWRITEBYTECODE

LOCAL := $(or $(CARE_CONNECT_LOCAL),.local)
BIN := .venv/bin
INSTALLED := .venv/.installed
FETCHED := $(LOCAL)/.fetched
BROWSER := $(LOCAL)/.browser
READY := $(INSTALLED) $(if $(filter embedded,$(STACK)),$(FETCHED))
COMPOSE = $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)
APT := DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends
LOCK := $(BIN)/uv pip compile -q --universal --generate-hashes --no-header pyproject.toml

# Where docker-compose.yml publishes its ports.
ifeq ($(STACK),compose)
export CARE_CONNECT_ISSUER_URL := http://127.0.0.1:18000
export CARE_CONNECT_CONSENT_URL := http://127.0.0.1:18001
export CARE_CONNECT_SCHEDULING_URL := http://127.0.0.1:18002
export CARE_CONNECT_ASSESSMENTS_URL := http://127.0.0.1:18003
export CARE_CONNECT_REPORTING_URL := http://127.0.0.1:18004
export CARE_CONNECT_POSTGRES := postgresql://postgres:local-stack-only@127.0.0.1:15432/postgres
export CARE_CONNECT_KAFKA := 127.0.0.1:19092
export CARE_CONNECT_MAILBOX_URL := http://127.0.0.1:18005
export CARE_CONNECT_SMTP := 127.0.0.1:18025
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo run browser test test-containers verify-ledger lint fmt types generate lock bench soak-assessments soak-gate soak-outage attacks up down clean ci

##@ Start
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY) browser ## Install everything into .venv/ and .local/ (needs Python 3.11+ only)

demo: $(READY) ## Play the main job from end to end, explained on the terminal
	@$(BIN)/python -m demo $(ARGS)

run: $(READY) ## Keep the stack up and print its addresses; Ctrl-C stops it
	@$(BIN)/python -m deploy.local.run $(ARGS)

##@ Check
test: $(READY) browser ## Run all tests (STACK=embedded, containers or external; ARGS for pytest)
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=15 $(ARGS)

# Without one the tests that need it skip and say so: that is no reason to fail here. Looked for once, where one is found.
browser: $(BROWSER) ## Install the browser of the page tests (Debian's Chromium), where that can be done

test-containers: ## Run all tests on containers; needs a Docker engine
	@$(MAKE) --no-print-directory test STACK=containers

lint: $(INSTALLED) ## Check style, types, import rules, and that generated files are true
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m deploy.generate --check

types: $(INSTALLED) ## Check the types
	$(BIN)/mypy

LEDGER ?= out/demo/evidence/ledger.ndjson
RECEIPTS ?= $(wildcard out/demo/evidence/*.jws)
KEYS ?= $(wildcard out/demo/evidence/keys.json)
verify-ledger: $(INSTALLED) ## Verify a ledger: chain, checkpoints and receipts (LEDGER=…, RECEIPTS=…; else what the last demo left)
	@$(BIN)/python -m consent.ledger --export $(LEDGER) $(addprefix --receipt ,$(RECEIPTS)) $(addprefix --keys ,$(KEYS))

ci: setup lint test ## What continuous integration runs

bench: $(READY) ## Measure the opt-out beside its floor and other relays
	@$(BIN)/python -m bench $(ARGS)

soak-gate: $(READY) ## Race opt-outs against a gate that is broken on purpose: the checker must see it (two minutes)
	@$(BIN)/python -m pytest -q tests/faults/the_checker_sees_a_broken_gate.py

soak-outage: $(READY) ## Take servers and services away, one after the other, while people decide (four minutes)
	@$(BIN)/python -m pytest -q tests/faults/defects_under_outage.py

attacks: $(READY) ## Attack the aggregate reports in full depth, and with each rule switched off (ARGS="--seeds 2")
	@$(BIN)/python -m tests.attacks $(ARGS)

soak-assessments: $(READY) ## Send to 2,000 clients for half a year, with outages and kills (a quarter of an hour; ARGS=--seed=8)
	@$(BIN)/python -m pytest -q tests/simulation/half_year_in_small.py
	@timeout 1800 $(BIN)/python -m tests.simulation $(ARGS)

##@ Change
fmt: $(INSTALLED) ## Format the code and repair what can be repaired
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(INSTALLED) ## Write the generated files (OpenAPI, AsyncAPI) anew
	$(BIN)/python -m deploy.generate

lock: $(INSTALLED) ## Lock the dependencies of pyproject.toml (ARGS=--upgrade for newer ones)
	$(LOCK) --group local --group build --group dev -o requirements.txt $(ARGS)
	$(LOCK) -c requirements.txt -o deploy/requirements.txt $(ARGS)

##@ Containers
up: ## Start the stack from images
	$(COMPOSE) up --detach --build

down: ## Stop the stack from images; its volumes stay
	$(COMPOSE) down

##@ Clean
clean: ## Remove all that was installed, fetched and written
	@$(PYTHON) -m deploy.local.clean
	rm -rf .venv out bench/out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# uv installs in seconds what takes pip a minute; where it does not work, pip does. Both take what the lock names only.
$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3'; exit 1; }
	$(PYTHON) -m venv .venv
	@awk '/^[^ #]/ { on = /^uv==/ } on' requirements.txt >.venv/uv.txt
	{ $(BIN)/python -m pip install -q --require-hashes -r .venv/uv.txt && \
	  $(BIN)/uv pip sync --compile-bytecode --python $(BIN)/python --require-hashes requirements.txt; } || \
	  $(BIN)/python -m pip install --require-hashes -r requirements.txt
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(BROWSER):
	@command -v chromium-headless-shell >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  { apt-get update -qq; $(APT) chromium-headless-shell || command -v chromium || $(APT) chromium; }; } \
	  >/dev/null 2>&1 || true
	@mkdir -p $(@D); { command -v chromium-headless-shell || command -v chromium; } >/dev/null && touch $@ || true

$(FETCHED): $(INSTALLED) $(wildcard deploy/local/pins/*.txt)
	@$(BIN)/python -m deploy.local.fetch
	@touch $@
