# Every target brings uv by itself where it is missing; nothing else has to be installed by hand.
# uv goes into .tools/: that needs neither root rights nor a system Python open to packages.

UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .tools/bin/uv)

# The dashboard's packages come by npm. Where there is none, or one of a Node too old for the tests'
# checks of HTML, the Node of a wheel brings it, as uv.lock pins it.
NPM := $(shell node -e 'process.exit(parseInt(process.versions.node) < 20)' >/dev/null 2>&1 \
	&& npm --version >/dev/null 2>&1 && echo npm \
	|| echo $(UV) run --frozen --isolated --only-group node npm)
FRONTEND := gateway/frontend

.DEFAULT_GOAL := help
.PHONY: help run test lint bench chaos screenshots sync

help: ## Say what there is to do
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: sync ## Start everything; Ctrl-C stops it in order
	@$(UV) run --no-sync igw up

# File by file, on as many workers as tests/conftest.py says. In the order of collection, so that the
# slow files of tests/e2e do not come last.
test: sync ## Run all tests
	@$(UV) run --no-sync pytest -n auto --dist loadfile --no-loadscope-reorder

lint: sync ## Check style, types, the layers and the files for containers
	@$(UV) run --no-sync ruff check
	@$(UV) run --no-sync ruff format --check
	@$(UV) run --no-sync ty check
	@$(UV) run --no-sync lint-imports
	@$(UV) run --no-sync hadolint Dockerfile
	@$(UV) run --no-sync check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

bench: sync ## Measure against the numbers that the gateway should reach
	@$(UV) run --no-sync python -m bench --write docs/performance.md

chaos: sync ## Kill it in all ways and count what is lost: SEED=1-10 MINUTES=60 STEP='sync: *' BROKER=rabbitmq
	@$(UV) run --no-sync python -m tests.chaos --seeds $(or $(SEED),1) --minutes $(or $(MINUTES),60) \
		$(if $(STEP),--step "$(STEP)") $(if $(BROKEN),--broken "$(BROKEN)") \
		$(if $(BROKER),--broker $(BROKER))

screenshots: sync ## Take a picture of every page: empty, as usual, after years
	@$(UV) run --no-sync python -m tests.browser.screenshots

sync: $(filter .tools/bin/uv,$(UV)) $(FRONTEND)/node_modules/.package-lock.json
	@$(UV) sync --frozen --compile-bytecode $(if $(wildcard .venv),--quiet)

# npm writes this file last, so it says that all packages are there.
$(FRONTEND)/node_modules/.package-lock.json: $(FRONTEND)/package-lock.json $(filter .tools/bin/uv,$(UV))
	@$(NPM) ci --prefix $(FRONTEND) --silent
	@touch $@

.tools/bin/uv:
	python3 -m pip install --quiet --disable-pip-version-check --target .tools uv
