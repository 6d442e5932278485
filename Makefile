# Two commands are for everybody: `make run` and `make test`. Each does all its own set-up from nothing.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := $(shell find maild rules settings.toml pyproject.toml -type f -not -name '*.pyc' 2>/dev/null)

.PHONY: run test check faults faults-long bombs fuzz properties lock clean help

help:
	@echo "make run    install into .venv and start the desk on 127.0.0.1:8025"
	@echo "make test   install everything the tests need, check the house, run the tests on the built wheel"
	@echo "make check  style, types and floors only"
	@echo "make faults       the core set of docs/guarantees.md, under 5 minutes; make test runs it, too"
	@echo "make faults-long  every case with the published figures: an hour or two; the figures go to build/faults.txt"
	@echo "make bombs  what mails made to cost do cost, up to 25 MB (some minutes)"
	@echo "make fuzz   20,000 damaged mails; FOLDERS=... for other ones than those of the tests"
	@echo "make properties   the property tests on new examples; make test tries the same ones every time"
	@echo "make lock   renew requirements.txt and requirements-dev.txt"

run: .venv/installed
	@$(BIN)/maild run

test: .venv/installed-dev .venv/wheel
	$(MAKE) --no-print-directory check
	$(BIN)/pytest -n 2 --dist loadgroup

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

faults: .venv/installed-dev .venv/wheel
	$(BIN)/pytest -n 2 --dist loadgroup --faults core

faults-long: .venv/installed-dev .venv/wheel
	@mkdir -p build
	$(BIN)/pytest -n 2 --dist loadgroup --faults long --figures build/faults.txt

bombs: .venv/installed-dev
	PYTHONPATH=. $(BIN)/python tests/bombs.py

fuzz: .venv/installed-dev
	PYTHONPATH=. $(BIN)/python tests/fuzz.py $(FOLDERS)

properties: .venv/installed-dev
	$(BIN)/pytest tests/core -m hypothesis --hypothesis-profile fresh

.venv/made:
	$(PYTHON) -c 'import sys; sys.exit("maild needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/requirements: .venv/made requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/installed: .venv/requirements $(SOURCES)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall .
	@touch $@

.venv/installed-dev: .venv/made requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# The tests run on what users install: the wheel, with its templates, rules and settings.
.venv/wheel: .venv/installed-dev $(SOURCES)
	@rm -rf build/wheel
	$(BIN)/python -m hatchling build --target wheel --directory build/wheel >/dev/null
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall build/wheel/*.whl
	@touch $@

lock:
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --extra postgres --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:
	rm -rf .venv build dist
