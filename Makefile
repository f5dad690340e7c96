# Everything a person does with the project. Each target sets up what it needs; nothing has to be run before.
#
#   make run          the whole portal with a demo on this machine (RUN="--port 9000" passes options)
#   make test         every test (PYTEST="tests/unit -k money" runs some)
#   make check        lint, types, import contracts, spelling, catalogues
#   make bench        what is measured, as ratios in one table (BENCH="exports_coda" measures one)
#   make fuzz         fuzz the readers of files (FUZZ="coda_read --seconds 600")
#   make lock         the locks of Python and npm packages anew, with the newest allowed versions
#   make messages     collect the texts into the catalogues and compile them
#   make screenshots  pictures of the main pages, into docs/screenshots

.DEFAULT_GOAL := help
.PHONY: help run test check bench fuzz lock messages screenshots setup clean
.NOTPARALLEL:

PYTHON_IN := .venv/bin/python

help:
	@sed -n 's/^#   //p' Makefile

setup:
	@scripts/setup run

run:
	@scripts/setup run && exec $(PYTHON_IN) -m portal run $(RUN)

test:
	@scripts/setup test && exec $(PYTHON_IN) -m pytest -n 2 --dist loadfile $(PYTEST)

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
