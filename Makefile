# Each command does its own set-up: it needs Python 3.11 or newer and nothing else.
PYTHON ?= python3
VENV ?= .venv

# On a CPU, OpenVINO is the fastest engine; a GPU is ONNX Runtime's, with libraries of its own.
GPU := $(wildcard /proc/driver/nvidia/version)
ENGINE_EXTRA := $(if $(GPU),-c docker/constraints-gpu.txt -e '.[gpu]',-e '.[openvino]')

.PHONY: serve test lint clean
.DELETE_ON_ERROR:

serve: $(VENV)/serve.stamp ## Serve the model in models/ on port 8000.
	$(VENV)/bin/python -m service

test: lint ## Check everything: style, types, tests.
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/test.stamp
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/hadolint docker/Dockerfile docker/Dockerfile.train
	$(VENV)/bin/mypy

clean: ## Remove the virtual environment.
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# What is installed follows from these two files: a stamp older than either is out of date.
$(VENV)/serve.stamp: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(ENGINE_EXTRA)
	touch $@

$(VENV)/test.stamp: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,test]'
	touch $@
