# Everything starts here: `make` says what there is. Needs python3 (3.11 or newer), make and apt; brings the rest.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
ROOT   := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT    := $(ROOT) env DEBIAN_FRONTEND=noninteractive apt-get -q -y

# command:package, for what is not a Python package
SYSTEM := tshark:tshark dumpcap:wireshark-common sharkd:wireshark-common gphoto2:gphoto2 tmux:tmux tcpdump:tcpdump ip:iproute2 \
          tcpreplay:tcpreplay luac5.1:lua5.1 luac5.2:lua5.2 luac5.3:lua5.3 luac5.4:lua5.4 \
          chromium:chromium chromedriver:chromium-driver pdftotext:poppler-utils

EVERY := 1

DEMO         := build/demo
DEMO_CAPTURE := captures/list-and-get.pcapng

.DEFAULT_GOAL := help
.PHONY: help setup system demo docs lint test bench mutants clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP)  ## a virtual environment in .venv with the package and its tools

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(APT) update && $(APT) install --no-install-recommends python3-venv; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat --editable '.[dev]'
	@$(BIN)/python -m compileall -q ptpip_analyze  # even where PYTHONDONTWRITEBYTECODE is set: starting is half of a short run
	@touch $@

system:  ## the programs that tests run: tshark, gphoto2, tmux, ... (installs what is missing)
	@missing=; for pair in $(SYSTEM); do \
	  PATH="$$PATH:/usr/sbin:/sbin" command -v "$${pair%%:*}" >/dev/null || missing="$$missing $${pair##*:}"; \
	done; \
	[ -z "$$missing" ] || { $(APT) update && $(APT) install --no-install-recommends $$missing; }

demo: setup  ## the main job on the shipped captures: summary, transactions, export
	$(BIN)/ptpip-analyze summary captures
	$(BIN)/ptpip-analyze transactions $(DEMO_CAPTURE) --format table
	$(BIN)/ptpip-analyze export captures -o $(DEMO)
	@echo "The tables of all captures are in $(DEMO)/"

docs: setup  ## the documentation as a site in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lint: setup  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup system lint  ## all checks and all tests
	CI=true $(BIN)/pytest -n auto --dist worksteal

bench: setup system  ## speed and memory, beside tshark
	$(BIN)/python -m tests.bench.run
	$(BIN)/python -m tests.bench.terminal
	$(BIN)/python -m tests.bench.scrub
	$(BIN)/python -m tests.bench.report
	$(BIN)/python -m tests.bench.fleet --memory
	$(BIN)/python -m tests.bench.tiny
	$(ROOT) $(BIN)/python -m tests.bench.live
	$(BIN)/python -m tests.bench.dissector

mutants: setup  ## do tests notice broken rules? Takes an hour or two; EVERY=20 takes each twentieth
	$(BIN)/python -m tests.rules.mutants --every $(EVERY)

clean:  ## remove what was built; .venv stays
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find ptpip_analyze tests captures -name __pycache__ -type d -prune -exec rm -rf {} +
