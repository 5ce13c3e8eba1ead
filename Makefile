# Prepaid Minutes. `make help` lists the targets; docs/running.md explains them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY = var/venv/bin/python
# exec: Ctrl-C and exit codes reach the program itself
BOOT = python=$$(scripts/python.sh) && "$$python" -m scripts.bootstrap

.PHONY: help run stop test lint contract bench-catalogue bench-ledger bench-topup bench-payments bench-portal test-odoo chaos chaos-ledger demo screenshots shell logs clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Install what is missing, start everything, print addresses and logins (Ctrl-C stops)
	@$(BOOT) run && exec $(PY) -m scripts.run start

stop: ## Stop what `make run` started
	@if [ -x $(PY) ]; then exec $(PY) -m scripts.run stop; else echo "Nothing was running."; fi

test: ## Lint, install, upgrade and all tests on own ports and data; ADDON=pg_topup for one
	@$(BOOT) test && exec $(PY) -m scripts.run_tests $(ADDON)

lint: ## ruff and pylint-odoo only
	@$(BOOT) test && exec $(PY) -m scripts.lint

contract: ## The sandbox against the vendors' OpenAPI files, Prism and localstripe
	@$(BOOT) test && exec $(PY) -m scripts.contract

bench-catalogue: ## Measure the sync of a full-size catalogue and the look-up of numbers
	@$(BOOT) test && exec $(PY) -m tests.bench.bench_catalogue

bench-ledger: ## Measure the ledger: chain, mirror, verify a million entries, cost of a sale
	@$(BOOT) test && exec $(PY) -m tests.bench.bench_ledger $(ARGS)

bench-topup: ## Measure sales and sends, beside Odoo's own sale; what 200 calls in flight cost pages
	@$(BOOT) test && exec $(PY) -m tests.bench.bench_topup $(ARGS)

bench-payments: ## Measure webhooks, from their first byte to the committed answer, beside payment_stripe
	@$(BOOT) test && exec $(PY) -m tests.bench.bench_payments $(ARGS)

test-odoo: ## Odoo's own tests of payment, portal, product …: without our addons, then with them
	@$(BOOT) test && exec $(PY) -m scripts.test_odoo

bench-portal: ## Measure the customer's pages with the full catalogue, beside Odoo's own shop
	@$(BOOT) test && exec $(PY) -m tests.bench.bench_portal $(ARGS)

chaos: ## Sell 5,000 top-ups while everything fails and dies, then count; TOPUPS=, SEED=
	@$(BOOT) test && exec $(PY) -m tests.chaos.run $(if $(TOPUPS),--topups $(TOPUPS)) $(if $(SEED),--seed $(SEED))

chaos-ledger: ## Post while MongoDB, PostgreSQL and workers die 100 times, then a replica set; KILLS=, SEED=
	@$(BOOT) test && exec $(PY) -m tests.chaos.ledger $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

demo: ## Buy one top-up through the running platform and print its story
	@$(BOOT) run && exec $(PY) -m scripts.run demo

screenshots: ## Take the README's screenshots from the running platform
	@$(BOOT) test && exec $(PY) -m scripts.run screenshots

shell: ## Odoo's shell on the running platform's database
	@$(BOOT) run && exec $(PY) -m scripts.run shell

logs: ## Follow the logs of the running platform
	@$(BOOT) run && exec $(PY) -m scripts.run logs

clean: ## Remove the running platform's data after a question (YES=1: unasked)
	@$(BOOT) run && exec $(PY) -m scripts.run clean
