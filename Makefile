# make demo: set up everything and see networks validated, built, verified, run and trained.
# make test: set up everything and run all tests.   make quick: the inner loop.
# make bench: time archc against torch.onnx.export, side by side.

PYTHON ?= python3
DEMO := .venv/demo
TEST := .venv/test

.PHONY: demo test quick bench clean

demo: $(DEMO)/installed
	PATH="$(CURDIR)/$(DEMO)/bin:$$PATH" sh specs/demo.sh

test: $(TEST)/installed
	$(TEST)/bin/python -m pytest -n 2 tests

quick: $(TEST)/installed
	$(TEST)/bin/python -m pytest -n 2 -m "not slow" tests

bench: $(TEST)/installed
	$(TEST)/bin/python -m bench

$(DEMO)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet --constraint constraints.txt --editable ".[onnxruntime,train,data]"
	$(DEMO)/bin/python -m compileall -q archc
	touch $@

$(TEST)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(TEST)
	$(TEST)/bin/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	$(TEST)/bin/python -m compileall -q archc
	touch $@

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache
