# `make demo` and `make test` do all their own set-up.
PYTHON ?= python3
BIN := .venv/bin
SPEED ?= 1

.PHONY: demo test check bench torture lock translations clean

.venv/.run: requirements/run.lock
	@echo "Making .venv and installing packages: a few minutes the first time"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	touch $@

.venv/.test: .venv/.run requirements/test.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.lock
	touch $@

translations: .venv/.run
	$(BIN)/python manage.py compile_translations

demo: .venv/.run translations
	$(BIN)/python manage.py demo --speed $(SPEED) $(if $(HANDS_ON),--hands-on)

test: .venv/.test translations
	$(BIN)/python -m tests.run

check: .venv/.test translations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check_translations
	set -a; . ./tests/production.env; $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: .venv/.test translations
	$(BIN)/python -m bench $(ONLY)

torture: .venv/.test translations
	$(BIN)/python -m tests.torture

lock: .venv/.test
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header -o requirements/run.lock requirements/run.in
	$(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header -c requirements/run.lock -o requirements/test.lock requirements/test.in

clean:
	rm -rf .venv var
