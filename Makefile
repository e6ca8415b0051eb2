# Two commands matter: `make run` and `make test`. Both set up what they need.

VENV   := .venv
PYTHON ?= python3
BIN    := $(VENV)/bin
READY  := $(VENV)/.montauk-runs
STAMP  := $(VENV)/.montauk-installed
PAGES  := $(VENV)/.montauk-pages
FLEET  := $(VENV)/.montauk-fleet

KERNELS ?= 5.10 6.1 6.12 7.2

SUITES  ?= bookworm trixie

SHELL_SCRIPTS := .ci/run scripts/bcc.sh scripts/dots.sh scripts/install-service.sh scripts/setup.sh \
                 scripts/deb/postinst scripts/deb/postrm scripts/deb/prerm scripts/deb/rtupdate \
                 tests/kernels/guest/checks.sh tests/kernels/guest/prepare.sh

CHECKS := check-format check-lint check-types check-imports check-shell check-probes check-docs \
          check-site

.PHONY: $(CHECKS) help run test test-deb test-exporter test-fleet test-kernels check docs format \
        dist deb deb-pins site setup bcc install-probes install-recorder bench bench-accuracy \
        bench-peers bench-recorder snapshots pictures clean

help:  ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: $(READY) bcc  ## set up what running needs, and start the monitor
	@$(BIN)/montauk

test: setup  ## set up, run the tests and print the coverage
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report $$([ "$$(id -u)" = 0 ] || echo --fail-under=0)

test-kernels: setup  ## run checks on other kernels, in virtual machines: KERNELS="6.1 7.2"
	@$(BIN)/python -m tests.kernels $(KERNELS)

test-deb: setup  ## try the Debian package in fresh Debians, as root: SUITES="bookworm trixie"
	@$(BIN)/python -m tests.deb $(SUITES)

test-exporter: setup  ## let a real Prometheus scrape the exporter for a minute
	@$(BIN)/python -m tests.exporter

test-fleet: $(FLEET)  ## ask Spark and ClickHouse what DuckDB is asked; needs Java 17
	@$(BIN)/python -m tests.engines $(ARGS)

check: setup  ## check formatting, lint, types, import rules, documents and their links
	@$(MAKE) --no-print-directory --keep-going $(CHECKS)

check-format:
	$(BIN)/ruff format --check . || { echo "remedy: make format"; exit 1; }

check-lint:
	$(BIN)/ruff check .

check-types:
	$(BIN)/mypy

check-imports:
	$(BIN)/lint-imports

check-shell:
	$(BIN)/shellcheck $(SHELL_SCRIPTS)

check-probes:
	$(BIN)/clang-format --dry-run -Werror probes/*.c probes/*.h || \
		{ echo "remedy: make format"; exit 1; }

check-docs:
	$(BIN)/python -m scripts.docs --check

check-site: site

docs: setup  ## generate the parts of documents that come from tables
	$(BIN)/python -m scripts.docs

format: setup  ## format the code
	$(BIN)/ruff format .
	$(BIN)/clang-format -i probes/*.c probes/*.h
	$(BIN)/ruff check --fix .

dist: setup  ## build the source archive and the wheel, and try the wheel in a new environment
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/python -m scripts.try_wheel dist/*.whl

deb: setup  ## build a Debian package in dist
	@$(BIN)/python -m scripts.deb

deb-pins: setup  ## take the newest libraries into the Debian package
	@$(BIN)/python -m scripts.deb.libraries

site: $(PAGES)  ## build the documents as a site in build/site, and check its links
	$(BIN)/python -m scripts.site

snapshots: setup  ## redraw the reference screens; look at them before committing: ARGS="-k setup"
	$(BIN)/python -m pytest tests/ui/test_snapshots.py --snapshot-update $(ARGS)

pictures: setup bcc  ## take the pictures of docs/screens.md; needs root
	$(BIN)/python -m bench.pictures

bench: setup  ## run the benchmarks
	$(BIN)/python -m bench

bench-accuracy: setup bcc  ## print how much of known workloads each collector explains
	$(BIN)/python -m bench.accuracy

bench-peers: setup bcc  ## install other monitors and print what each costs: ARGS="--help"
	$(BIN)/python -m bench.peers $(ARGS)

bench-recorder: setup bcc  ## print what recording costs, beside atop, and how it is read
	$(BIN)/python -m bench.recorder kernel
	$(BIN)/python -m bench.recorders
	$(BIN)/python -m bench.day
	$(BIN)/python -m bench.report

setup: $(STAMP)  ## create the environment, with what tests and checks need

bcc:  ## install BCC for the kernel collector, or print the command
	@sh scripts/bcc.sh

install-probes:  ## install montauk for all users, and the service that loads its probes
	@PYTHON="$(PYTHON)" sh scripts/install-service.sh probes

install-recorder:  ## install montauk for all users, and the service that records
	@PYTHON="$(PYTHON)" sh scripts/install-service.sh recorder

$(READY): pyproject.toml
	@sh scripts/setup.sh run $(VENV) $(PYTHON)
	@touch $@

$(STAMP): $(READY)
	@sh scripts/setup.sh dev $(VENV) $(PYTHON)
	@touch $@

$(PAGES): $(STAMP)
	@sh scripts/setup.sh site $(VENV) $(PYTHON)
	@touch $@

$(FLEET): $(STAMP)
	@sh scripts/setup.sh fleet $(VENV) $(PYTHON)
	@touch $@

clean:  ## remove the environment and caches
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .coverage .import_linter_cache
