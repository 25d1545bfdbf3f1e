# Every command here sets itself up: it makes .venv (or .venv-bench) and installs what it needs, once.

VENV   ?= .venv
PEERS  ?= .venv-bench
JOBS   ?= 2
SAMPLE ?= 120
PYTEST ?= $(VENV)/bin/python -m pytest -n $(JOBS)
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo test test-long mutate bench lint types sizes setup clean

help:
	@echo "make demo       compile, differentiate and train H2"
	@echo "make test       every test (make test-long: ten times the random programs)"
	@echo "make mutate     small faults in the differentiation passes, and whether the tests see them (SAMPLE=120)"
	@echo "make bench      qcompile beside other libraries: values, then times, on docs/performance.md (BENCH='--only W1 --qubits 12')"
	@echo "make lint types sizes"
	@echo "make clean      remove the virtual environments, caches and builds"

demo: $(VENV)/core
	@$(VENV)/bin/python examples/demo.py

test: setup
	@HYPOTHESIS_PROFILE=ci $(PYTEST)

test-long: setup
	@HYPOTHESIS_PROFILE=long $(PYTEST)

mutate: setup
	@$(VENV)/bin/python tests/house/mutate.py --jobs $(JOBS) --sample $(SAMPLE)

bench: $(PEERS)/peers
	@$(PEERS)/bin/python benchmarks/compare.py $(BENCH)

lint: setup
	@$(VENV)/bin/python -m ruff check .
	@$(VENV)/bin/python -m ruff format --check .

types: setup
	@$(VENV)/bin/python -m mypy
	@$(VENV)/bin/basedpyright --pythonpath $(VENV)/bin/python

sizes: setup
	@$(VENV)/bin/python tests/house/sizes.py

setup: $(VENV)/test

clean:
	rm -rf $(VENV) $(PEERS) build dist *.egg-info .coverage .coverage.* htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find qcompile grammar passes targets tests examples -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/core: pyproject.toml setup.py | $(VENV)/bin/pip
	@echo "Installing qcompile and its core dependencies (about 350 MB) ..."
	@$(VENV)/bin/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/test: pyproject.toml setup.py | $(VENV)/bin/pip
	@echo "Installing the clients and the test tools (about 1.6 GB, some minutes) ..."
	@$(VENV)/bin/python -m pip install --quiet --editable '.[test]'
	@# Strawberry Fields brings lark-parser, which installs itself over lark; put the newer files back.
	@$(VENV)/bin/python -m pip install --quiet --force-reinstall --no-deps 'lark>=1.2'
	@touch $(VENV)/core $@

$(PEERS)/peers: benchmarks/requirements.txt pyproject.toml setup.py
	@$(MAKE) --no-print-directory VENV=$(PEERS) $(PEERS)/bin/pip
	@echo "Installing the libraries that qcompile is compared with (about 1.6 GB, some minutes) ..."
	@$(PEERS)/bin/python -m pip install --quiet --requirement benchmarks/requirements.txt --editable .
	@touch $@

# The first Python that is new enough and not too new. Where Debian's python3-venv is missing, pip is brought in from outside.
$(VENV)/bin/pip:
	@for python in $(PYTHON) python3.11 python3.12 python3 python; do \
		"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null || continue; \
		echo "Making $(VENV) with $$("$$python" --version) ..."; \
		if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then exec "$$python" -m venv $(VENV); fi; \
		"$$python" -m venv --without-pip $(VENV) \
			&& "$$python" -m pip --python $(VENV)/bin/python install --quiet pip && exit 0; \
		rm -rf $(VENV); \
		echo "$$python can make no virtual environment: install the packages python3-venv and python3-pip." >&2; exit 1; \
	done; \
	echo "qcompile needs Python 3.11 or 3.12: install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1
