# Everything runs in a virtual environment made here. Needs only Python 3.11+ and make.
PYTHON ?= python3
PORT ?= 8001
VENV := .venv
BIN := $(VENV)/bin
SERVE ?= yes

.PHONY: demo test lint bench clean

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=…") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

# Runs the real spiders over the embedded sample, publishes, and serves http://127.0.0.1:$(PORT)/ (SERVE=no: stops before).
demo: $(VENV)/.installed
	$(BIN)/spheres demo --port $(PORT) $(if $(filter no,$(SERVE)),--no-serve)

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet '.[lint]'
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# BENCH_ARCHIVE names a folder of kept responses; without it the embedded sample is measured.
bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks $(if $(BENCH_ARCHIVE),--archive $(BENCH_ARCHIVE))

clean:
	rm -rf $(VENV) build demo.db* published
