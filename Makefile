# Every target brings uv by itself where it is missing; nothing else has to be installed by hand.
# uv goes into .tools/: that needs neither root rights nor a system Python open to packages.

UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .tools/bin/uv)

.DEFAULT_GOAL := help
.PHONY: help run test lint bench sync

help: ## Say what there is to do
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: sync ## Start everything; Ctrl-C stops it in order
	@$(UV) run --no-sync igw up

test: sync ## Run all tests
	@$(UV) run --no-sync pytest

lint: sync ## Check style, types and the layers
	@$(UV) run --no-sync ruff check
	@$(UV) run --no-sync ruff format --check
	@$(UV) run --no-sync ty check
	@$(UV) run --no-sync lint-imports

bench: sync ## Measure against the numbers that the gateway should reach
	@$(UV) run --no-sync python -m bench

sync: $(filter .tools/bin/uv,$(UV))
	@$(UV) sync --frozen --compile-bytecode $(if $(wildcard .venv),--quiet)

.tools/bin/uv:
	python3 -m pip install --quiet --disable-pip-version-check --target .tools uv
