# One word a chore. `demo` and `test` set everything up by themselves: they need Python 3.11+, git, make and a package
# index. All paths are relative, so the folder may have spaces in its name.

SHELL := /bin/sh
VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/.ready
CODE  := actors supervisors bench examples tests
SCENARIO ?=

# A .venv that was moved, or whose Python is gone or too old, cannot be mended: it is made anew.
USABLE := $(shell grep -qF "$$(pwd -P)/$(VENV)" $(BIN)/activate 2>/dev/null \
	&& $(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo yes)

help: ## Say what there is to make (the default)
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

demo: $(READY) ## Crash a live tree of workers on purpose and watch it heal
	@$(BIN)/planaria demo

test: lint ## Check everything: format, lint, types, layers, tests, documents, examples, wheel
	@printf 'tests     '; $(BIN)/python -m pytest --numprocesses=$$(( $$(nproc 2>/dev/null || echo 1) + 1 )) --max-worker-restart=0 --no-header

lint: $(READY) ## Check format, style and types; changes nothing
	@printf 'format    '; $(BIN)/ruff format --check --output-format=concise
	@printf 'style     '; $(BIN)/ruff check --output-format=concise
	@printf 'types     '; $(BIN)/mypy $(CODE)

format: $(READY) ## Format the code and mend what can be mended
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

bench: $(READY) ## Run the benchmark scenarios, or one: make bench SCENARIO=ask
	@$(BIN)/planaria bench run $(SCENARIO)

clean: ## Remove all that make has made, .venv included
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Any change of pyproject.toml is installed; a usable .venv is kept and brought up to date.
$(READY): pyproject.toml $(if $(USABLE),,renew)
	@printf 'install   planaria and its tools into $(VENV)\n'
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

renew:
	@python=; for each in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
		if "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python=$$each; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'planaria needs Python 3.11 or newer and found none.' >&2; \
		echo 'Install it (https://www.python.org/downloads/), or name yours: make PYTHON=/path/to/python3.11 ...' >&2; \
		exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
		echo "$$python lacks its venv module. On Debian and Ubuntu: apt install python3-venv" >&2; \
		exit 1; \
	fi; \
	printf 'python    %s\n' "$$("$$python" -c 'import platform, sys; print(platform.python_version(), sys.executable)')"; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV)

.PHONY: help demo test lint format bench clean renew
.DELETE_ON_ERROR:
