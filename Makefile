# Everything a newcomer needs: Python 3.11 or later and make. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
SECONDS ?= 60
WHEEL := $$(ls build/wheel/*.whl)

.PHONY: help env demo test lint unit real-bizon installed bench proofs mutants fuzz audit clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

env: .venv/ready ## make the environment in .venv: the package with every extra, and the tools

.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "bizon-singer needs Python 3.11 or later; set PYTHON, as in: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[all]' --group dev
	touch $@

.venv-target/bin/target-jsonl:  # its pins (jsonschema 2.6) clash with the Singer SDK's
	$(PYTHON) -m venv .venv-target
	.venv-target/bin/python -m pip install --quiet target-jsonl

.venv-meltano/bin/meltano:
	$(PYTHON) -m venv .venv-meltano
	.venv-meltano/bin/python -m pip install --quiet meltano virtualenv

.venv-singer-tools/bin/singer-check-tap:  # it needs pkg_resources, gone from new setuptools
	$(PYTHON) -m venv .venv-singer-tools
	.venv-singer-tools/bin/python -m pip install --quiet 'setuptools<70' singer-tools

.venv-peer/bin/tap-hubspot:  # what tap-hubspot is measured against
	$(PYTHON) -m venv .venv-peer
	.venv-peer/bin/python -m pip install --quiet meltano-tap-hubspot

# Another tap-kafka, to measure ours against. Its pins of 2021 have no wheels for the Pythons of today,
# so that what it depends on is named here, in newer versions.
.venv-peer-kafka/bin/tap-kafka:
	$(PYTHON) -m venv .venv-peer-kafka
	.venv-peer-kafka/bin/python -m pip install --quiet 'confluent-kafka[protobuf,schemaregistry]' \
	  'orjson<4' 'dpath<3' filelock grpcio-tools jsonschema python-dateutil pytz ciso8601 backoff
	.venv-peer-kafka/bin/python -m pip install --quiet --no-deps pipelinewise-tap-kafka \
	  pipelinewise-singer-python

.venv-fuzz/ready: pyproject.toml  # atheris has no wheel for some Pythons the package runs on
	$(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/python -m pip install --quiet --editable . atheris
	touch $@

.venv-audit/ready:
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --upgrade pip
	.venv-audit/bin/python -m pip install --quiet pip-audit
	touch $@

.venv-mutants/ready: pyproject.toml
	$(PYTHON) -m venv .venv-mutants
	.venv-mutants/bin/python -m pip install --quiet --upgrade pip
	.venv-mutants/bin/python -m pip install --quiet --editable '.[all]' --group dev 'mutmut>=3.8'
	touch $@

demo: .venv/ready .venv-target/bin/target-jsonl ## run tap-dummy into target-jsonl, and once more from its STATE
	@rm -rf build/demo && mkdir -p build/demo/loaded
	@echo '{"count": 250, "page_size": 100}' > build/demo/config.json
	@echo '{"destination_path": "build/demo/loaded", "do_timestamp_file": false}' > build/demo/target.json
	@echo; echo '$$ tap-dummy --config config.json | target-jsonl --config target.json > states.jsonl'
	@$(BIN)/tap-dummy --config build/demo/config.json 2> build/demo/first.log \
	  | .venv-target/bin/target-jsonl --config build/demo/target.json > build/demo/states.jsonl
	@echo; echo 'Loaded:'; wc -l build/demo/loaded/*.jsonl
	@echo; echo 'The first event:'; head -n 1 build/demo/loaded/events.jsonl
	@tail -n 1 build/demo/states.jsonl > build/demo/state.json
	@echo; echo 'The saved STATE:'; $(BIN)/python -m json.tool build/demo/state.json
	@echo '{"count": 260, "page_size": 100}' > build/demo/config.json
	@echo; echo 'Ten more events happen. Once more, from that STATE:'
	@echo '$$ tap-dummy --config config.json --state state.json | target-jsonl --config target.json'
	@$(BIN)/tap-dummy --config build/demo/config.json --state build/demo/state.json 2> build/demo/second.log \
	  | .venv-target/bin/target-jsonl --config build/demo/target.json > build/demo/states.jsonl
	@echo; echo 'Read by the second run (full tables again, of the events what is new and the last one once more):'
	@grep -h record_count build/demo/second.log | sed -E 's/.*"value":([0-9]+).*"stream":"([a-z]+)".*/  \2 \1/'

# What unit needs. Four at a time: pip waits for the network and the disk most of the time.
ENVIRONMENTS := .venv-test/done .venv-meltano/bin/meltano .venv-bizon/done \
  .venv-singer-tools/bin/singer-check-tap

test: ## everything that proves the project
	@$(MAKE) --no-print-directory --jobs=4 lint $(ENVIRONMENTS)
	@$(MAKE) --no-print-directory --jobs=2 unit installed
	@echo "make test: everything passed"

lint: .venv/ready ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

build/wheel/done: $(shell find bizon_singer taps -type f -not -name '*.pyc') pyproject.toml README.md | .venv/ready
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m build --quiet --wheel --outdir build/wheel .
	touch $@

.venv-test/done: build/wheel/done
	$(PYTHON) -m venv .venv-test
	.venv-test/bin/python -m pip install --quiet --upgrade pip
	.venv-test/bin/python -m pip install --quiet "$(WHEEL)[all]" --group dev
	.venv-test/bin/python -m pip install --quiet --force-reinstall --no-deps "$(WHEEL)"
	touch $@

# The real package bizon beside this one. Of what it depends on only what its sources import: the
# whole weighs 500 MB. What both need comes from .venv-test; the package backoff covers the files of
# python-backoff, as it does for anyone who installs bizon.
.venv-bizon/done: .venv-test/done
	rm -rf .venv-bizon && $(PYTHON) -m venv .venv-bizon
	.venv-test/bin/python -c 'import site; print(site.getsitepackages()[0])' \
	  > "$$(.venv-bizon/bin/python -c 'import site; print(site.getsitepackages()[0])')/beside.pth"
	.venv-bizon/bin/python -m pip install --quiet dpath loguru pendulum polars psycopg2-binary \
	  pydantic-extra-types pytz sqlalchemy tenacity
	.venv-bizon/bin/python -m pip install --quiet --no-deps --ignore-installed bizon backoff "$(WHEEL)"
	touch $@

unit: $(ENVIRONMENTS) ## all tests, against the installed wheel
	@rm -rf build/tests && mkdir -p build/tests && cp -R tests pyproject.toml build/tests/
	cd build/tests && CHECKOUT="$(CURDIR)" PATH="$(CURDIR)/.venv-test/bin:$$PATH" \
	  ../../.venv-test/bin/python -m pytest -n $(WORKERS) --dist worksteal

real-bizon: .venv-bizon/done ## the tests of unit that need the real package bizon, alone
	PATH="$(CURDIR)/.venv-test/bin:$$PATH" .venv-test/bin/python -m pytest tests/real_bizon

installed: build/wheel/done ## the wheel without any extra, with the newest and the oldest Singer SDK
	rm -rf .venv-bare && $(PYTHON) -m venv .venv-bare
	.venv-bare/bin/python -m pip install --quiet "$(WHEEL)"
	.venv-bare/bin/python -m pip check
	tests/installed.sh .venv-bare/bin
	.venv-bare/bin/python -m pip install --quiet "$$(grep -oE 'singer-sdk>=[0-9.]+' pyproject.toml | sed 's/>=/==/')"
	tests/installed.sh .venv-bare/bin

bench: .venv/ready .venv-peer/bin/tap-hubspot .venv-peer-kafka/bin/tap-kafka ## the benchmarks, as tables
	PYTHONPATH=. $(BIN)/python -m tests.benchmarks

proofs: .venv/ready ## each tap killed 200 times, the fuzz targets with 10,000 new examples each, for a night
	KILLS_PER_TAP=200 PATH="$(CURDIR)/$(BIN):$$PATH" \
	  $(BIN)/python -m pytest tests/proofs/test_kill.py tests/proofs/test_*_kill.py \
	  tests/brokers/test_broker_kill.py -n $(WORKERS) --dist worksteal
	FUZZ_PROFILE=nightly PATH="$(CURDIR)/$(BIN):$$PATH" \
	  $(BIN)/python -m pytest tests/fuzz -n $(WORKERS) --dist worksteal

fuzz: .venv-fuzz/ready ## coverage-guided fuzzing of bodies and of STATE, SECONDS=60 each; keeps a corpus
	.venv-fuzz/bin/python -m tests.fuzz.coverage.seeds .corpus
	for target in body state; do \
	  .venv-fuzz/bin/python -m tests.fuzz.coverage $$target -max_total_time=$(SECONDS) \
	    -timeout=10 -rss_limit_mb=1024 -artifact_prefix=.corpus/$$target- .corpus/$$target; \
	done

mutants: .venv-mutants/ready ## mutation testing of the writer, bookmarks and iteration; 85 % must be noticed
	rm -rf build/mutants && mkdir -p build/mutants
	cp -R bizon_singer taps tests pyproject.toml tests/mutants/setup.cfg build/mutants/
	cd build/mutants && ../../.venv-mutants/bin/mutmut run --max-children 1 > mutmut.log 2>&1 || { \
	  tail -n 40 mutmut.log; exit 1; }
	cd build/mutants && ../../.venv-mutants/bin/python -m tests.mutants

audit: build/wheel/done .venv-audit/ready ## known vulnerabilities in what the wheel brings along
	rm -rf build/audit
	.venv-audit/bin/python -m pip install --quiet --target build/audit "$(WHEEL)[all]"
	.venv-audit/bin/python -m tests.audit build/audit

clean: ## remove what the targets made
	rm -rf .venv .venv-* build
