# Every target installs its own requirements. Python 3.11 or newer, a shell and make are enough.
#
#   make demo     run the main job on real answers, in about two minutes
#   make test     run all tests but the proofs           make test ARGS='tests/qa -k coin'
#   make proofs   run the short forms of the proofs (docs/contributor.md)
#   make check    check style, types, layers and locked dependencies
#   make up       run the whole gateway on this machine, with a simulated phone
#   make bench    run the benchmarks                     make bench ARGS=ussd
#   make fmt      format the code
#   make payout-proof   pay a million times with faults  make payout-proof PAYOUTS=20000 SEED=7
#   make failpoints     kill the process, PostgreSQL and Redis at every failpoint
#   make guard-proof    remove each guard of the money: an attack must succeed (docs/payout-guards.md)
#   make failover       kill and cut off hosts (docs/operators/many-machines.md)
#   make setup    only install (into .venv, never into the system's Python)

SHELL = /bin/sh
BIN = .venv/bin
ARGS =
PAYOUTS = 1000000
SEED = 1
SEEDS = 1,2,3,4,5
# Byte code is kept even where the shell forbids it. Tests start hundreds of processes, and each would
# compile every module.
export PYTHONDONTWRITEBYTECODE =
# Each process has its own servers. A file's tests run in one process, since some share servers. There are four processes
# on two cores too, because many tests wait. The order of the files is that of tests/conftest.py: the longest first.
PROCESSES = 4
PYTEST_SPREAD = -n $(PROCESSES) --dist loadfile --no-loadscope-reorder
# The tests that are the short form of a proof. Each of them also has a long form with a command of its own (docs/contributor.md).
# `.ci/run` runs both targets.
PROOFS = tests/system/e2e tests/system/faults/test_failpoints.py tests/system/fuzz tests/system/guards tests/system/proof

.PHONY: help setup demo test proofs check up bench payout-proof failpoints guard-proof failover fmt

help:
	@sed -n '3,14s/^# *//p' Makefile

setup:
	@sh scripts/bootstrap.sh

demo: setup
	@$(BIN)/gateway demo $(ARGS)

test: setup
	@sh scripts/browser.sh
	@sh scripts/kannel.sh
	@sh scripts/proxies.sh
	@$(BIN)/python -m pytest $(PYTEST_SPREAD) $(if $(ARGS),$(ARGS),$(PROOFS:%=--ignore=%))

proofs: setup
	@$(BIN)/python -m pytest $(PYTEST_SPREAD) $(if $(ARGS),$(ARGS),$(PROOFS))

check: setup
	@sh scripts/check.sh

up: setup
	@$(BIN)/gateway up $(ARGS)

bench: setup
	@$(BIN)/gateway bench $(ARGS)

payout-proof: setup
	@$(BIN)/python -m tests.system.proof --payouts $(PAYOUTS) --seed $(SEED) $(ARGS)

failpoints: setup
	@FAILPOINTS=all $(BIN)/python -m pytest tests/system/faults/test_failpoints.py $(ARGS)

guard-proof: setup
	@$(BIN)/python -m tests.system.guards.table
	@$(BIN)/python -m pytest tests/system/guards tests/system/proof/test_policies.py -v $(ARGS)

failover: setup
	@sh scripts/machines.sh
	@$(BIN)/python -m tests.system.failover --seeds $(SEEDS) $(ARGS)

fmt: setup
	@$(BIN)/ruff check --fix --exit-zero --quiet .
	@$(BIN)/ruff format .
