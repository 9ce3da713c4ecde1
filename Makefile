# `make serve` and `make test` need Python 3.11+ and make; they set up the rest themselves.
.DEFAULT_GOAL := help
.PHONY: serve build test quick lint bench lock clean help
.SILENT:

PYTHON ?= python3
PORT ?= 8000
WORKERS ?= 2
COVER ?= quiz
TOGETHER := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
FOUND := command -v $(PYTHON) >/dev/null || { echo "setup: no $(PYTHON); install Python 3.11 or later" >&2; exit 2; }
SETUP := $(FOUND); $(PYTHON) scripts/bootstrap.py
RUN := PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/python

serve: ## build the site and serve it on 127.0.0.1, again on every change (PORT=8000)
	$(SETUP) python node
	$(RUN) -m scripts.serve --port $(PORT)

build: ## write the site to site/ (SITE_URL=https://... for canonical links)
	$(SETUP) python node
	$(RUN) -m scripts.build

test: ## everything CI runs: lint, then all tests, fast ones first
	$(SETUP) python node browsers model successor
	$(RUN) -m ruff check
	$(RUN) -m scripts.runtime # before several processes need it
	rm -f .coverage
	$(RUN) -m pytest $(TOGETHER) $(addprefix --cov=,$(COVER)) --cov-report=term:skip-covered $(ARGS)
	[ ! -f .coverage ] || $(RUN) -m coverage report --include='quiz/*' --fail-under=100 -m >build/coverage.txt || \
	  { cat build/coverage.txt >&2; exit 2; } # nothing is said when the quiz is covered: pytest has the last word

quick: ## lint, and every test that needs no browser, torch or Pyodide: under a minute
	$(SETUP) python node
	$(RUN) -m ruff check
	$(RUN) -m pytest $(TOGETHER) --quick $(ARGS)

lint: ## check the code's style
	$(SETUP) python
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check

bench: ## measure the time to the first verdict, in pairs, into results/
	$(SETUP) python node browsers
	mkdir -p build && if [ -f results/first-verdict-cpu.json ]; then mv results/first-verdict-cpu.json build/; fi
	$(RUN) -m scripts.build # without the old result: a stale one would stop it
	$(RUN) -m scripts.bench_first_verdict

lock: ## compile requirements*.in into requirements*.txt, hashes included, torch left out
	$(SETUP) python
	$(RUN) -m pip install -q uv
	for name in requirements requirements-node requirements-successor; do $(RUN) -m uv pip compile --universal --python-version 3.11 \
	  --excludes requirements-torch.txt --generate-hashes --no-emit-index-url --no-header -q $$name.in -o $$name.txt; done

clean: ## remove everything that the other commands made
	rm -rf .venv node_modules build site .pytest_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## show this
	sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 16
