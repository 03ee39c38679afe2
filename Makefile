# Everything here is one plain command behind it; the README shows them once.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin
SERVE := $(BIN)/uvicorn majorops.asgi.app:app --http majorops.asgi.app:Protocol --host $(HOST) --port $(PORT) --proxy-headers --no-server-header --no-access-log --timeout-graceful-shutdown 5
TESTS_AT_ONCE ?= 4
RECORDINGS ?= $(wildcard tests/replays/*.yaml ../shared/replays/*.yaml)
DEMO := MAJOROPS_DATABASE_URL=sqlite:///$(CURDIR)/instance/demo.db

# Where it is set (many containers do) each process compiles every file anew: 6 s of each start of the tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run demo test test-dates fuzz packages bench bench-short eval-ai eval-similar lint format picture fields roles browser

run: .venv/runtime
	@mkdir -p instance
	@$(BIN)/flask --app app db upgrade
	@exec $(SERVE)

demo: .venv/runtime
	@mkdir -p instance
	@$(DEMO) $(BIN)/flask --app app db upgrade
	@test -e instance/demo.filled || { $(DEMO) $(BIN)/flask --app app demo > instance/demo.filled.part && mv instance/demo.filled.part instance/demo.filled; }
	@cat instance/demo.filled
	@$(DEMO) exec $(SERVE)

# Everything on SQLite; on PostgreSQL what differs there: operations, projections, delivery, searches. Migrations and wires
# run on both in the first.
ON_POSTGRES := tests/operations tests/publishing tests/notifications tests/admin/test_reading.py tests/test_replay.py \
  tests/public/test_canary.py tests/public/test_intake.py tests/public/test_languages.py \
  tests/public/test_statuspage_api.py tests/public/test_metrics.py tests/admin/test_health.py tests/api \
  tests/test_history.py tests/web/test_fuzz.py \
  tests/web/test_health.py::TestClocks::test_the_clock_of_postgresql_is_compared \
  tests/web/test_health.py::test_postgresql_that_takes_no_writes

test: .venv/dev browser
	$(BIN)/pytest -n $(TESTS_AT_ONCE) --dist worksteal --cov
	FUZZ_ANSWERS=600 $(BIN)/pytest -n $(TESTS_AT_ONCE) --dist worksteal --postgres $(ON_POSTGRES)

# The tests that start processes or compute days, at other dates and in other time zones. DATES=--short takes a minute.
test-dates: .venv/dev packages
	$(BIN)/python -m tests.at_dates $(DATES)

fuzz: .venv/dev
	FUZZ_ANSWERS=5000 $(BIN)/pytest -n 3 tests/web/test_fuzz.py tests/api/test_schemathesis.py tests/api/test_stateful.py
	FUZZ_ANSWERS=5000 $(BIN)/pytest -n 3 --postgres tests/web/test_fuzz.py tests/api/test_schemathesis.py tests/api/test_stateful.py

bench: .venv/dev
	$(BIN)/python -m bench

bench-short: .venv/dev
	$(BIN)/python -m bench --short $(PARTS)

eval-ai: .venv/dev
	$(BIN)/python -m bench.evaluation $(RECORDINGS)

# How often the right earlier incident is among the three that are offered.
eval-similar: .venv/dev
	$(BIN)/python -m bench.alike $(RECORDINGS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/biome check --error-on-warnings .

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/biome check --write .

# Who imports whom, from the code into docs/architecture.md.
picture: .venv/dev
	$(BIN)/python -m tests.draw_architecture

# The data dictionary, from the registry of fields into docs/fields.md.
fields: .venv/dev
	$(BIN)/python -m tests.list_fields

# Which role may use which route, and which scope of a token, as the application has it, into tests/web/role_matrix.txt
# and tests/api/permission_matrix.txt. Read what changed.
roles: .venv/dev
	ROLE_MATRIX=write $(BIN)/pytest -q tests/web/test_role_matrix.py tests/api/test_permissions.py

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "MajorOps needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv

.venv/runtime: requirements.txt | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/dev: requirements.txt requirements-dev.txt | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/runtime

browser:
	@for name in chromium-headless-shell chromium chromium-browser google-chrome; do \
	  command -v $$name >/dev/null && exit 0; done; $(MAKE) --no-print-directory packages

# What the tests need of Debian: a browser, the proxies whose files we ship, a clock that can be set, and a system that
# sends alerts, with the tool that checks ours.
PACKAGES := chromium-headless-shell nginx caddy faketime prometheus prometheus-alertmanager
packages:
	@dpkg -s $(PACKAGES) >/dev/null 2>&1 || { \
	  test "$$(id -u)" = 0 && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PACKAGES) >/dev/null; } || \
	  { echo "The tests need the packages $(PACKAGES)."; exit 1; }
