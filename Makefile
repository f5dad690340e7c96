# Everything a person does with the project. Each target sets up what it needs; nothing has to be run before.
#
#   make run          the whole portal with a demo on this machine (RUN="--port 9000" passes options)
#   make dev          the same for developers: changed files are seen at the next request, statements told in the log (RUN=…)
#   make test         every test (PYTEST="tests/unit -k money" runs some)
#   make test T=…     one file or test, quickly: on servers that are kept running between runs (T=tests/unit/test_money.py)
#   make coverage     every test, and which lines none of them walks; fails below 90 %
#   make hooks        once per clone: quick checks before each commit
#   make check        lint, types, import contracts, spelling, catalogues
#   make bench        what is measured, as ratios in one table (BENCH="exports_coda" measures one)
#   make fuzz         fuzz the readers of files (FUZZ="coda_read --seconds 600")
#   make lock         the locks of Python and npm packages anew, with the newest allowed versions
#   make messages     collect the texts into the catalogues and compile them
#   make screenshots  pictures of the main pages, into docs/screenshots

.DEFAULT_GOAL := help
.PHONY: help run dev test coverage hooks check bench fuzz lock messages screenshots setup clean
.NOTPARALLEL:

PYTHON_IN := .venv/bin/python

help:
	@sed -n 's/^#   //p' Makefile

setup:
	@scripts/setup run

run:
	@scripts/setup run && exec $(PYTHON_IN) -m portal run $(RUN)

dev:
	@scripts/setup test && exec $(PYTHON_IN) -m portal dev $(RUN)

test:
	@scripts/setup test && exec $(PYTHON_IN) -m pytest $(if $(T),--kept-servers $(T),-n 2 --dist loadfile) $(PYTEST)

coverage:
	@scripts/setup test && exec $(PYTHON_IN) -m pytest -n 2 --dist loadfile --cov --cov-report=term --cov-fail-under=90 $(PYTEST)

hooks:
	@scripts/setup check && exec .venv/bin/pre-commit install

check:
	@scripts/setup check && exec scripts/check

bench:
	@scripts/setup test && exec $(PYTHON_IN) -m benchmarks $(BENCH)

fuzz:
	@scripts/setup check && exec $(PYTHON_IN) -m fuzz $(FUZZ)

lock:
	@exec scripts/lock

messages:
	@scripts/setup check && $(PYTHON_IN) scripts/messages.py update compile

screenshots:
	@scripts/setup test && PORTAL_SCREENSHOTS=docs/screenshots exec $(PYTHON_IN) -m pytest tests/e2e $(PYTEST)

clean:
	rm -rf .venv node_modules themes/static/dist build *.egg-info .ruff_cache .import_linter_cache
