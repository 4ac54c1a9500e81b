# Two commands need nothing before them: make demo, make test. Each makes its own environment.

PYTHON ?= python3
.DEFAULT_GOAL := help
# Two workers that take tests from each other when they run out: no file keeps one of them busy while the other waits.
PYTEST := .venv/bin/pytest -n 2 --dist worksteal
SOURCES := $(shell find src -name '*.py' -o -name '*.j2')

.PHONY: help demo test check soak bench screenshots lock clean

help:
	@echo "make demo    install the core (no torch) and compare three strategies on scikit-learn's digits"
	@echo "make test    install everything and run all tests"
	@echo "make check   format, lint, types, layers, tests, coverage: all that must hold before a commit"
	@echo "make soak    the long tests, an hour (SOAK_PART=50: so many kills, and the next ones another time), and the page's"
	@echo "             speed; what came out is kept in tests/soak/results.json and benchmarks/results/label-speed.json"
	@echo "make bench   the short benchmarks: the digits and, where they are, the flowers"
	@echo "make screenshots  the pictures of docs/label.md, from the page itself (needs the system's Chromium)"
	@echo "make lock    compile requirements.txt anew from pyproject.toml"

demo: .venv-demo/done
	rm -rf runs/demo
	.venv-demo/bin/nextlabel simulate digits --strategies random,margin,badge --out runs/demo
	@echo "And to label something yourself, on a page in the browser: .venv-demo/bin/nextlabel label --demo"

test: .venv/done
	$(PYTEST)

check: .venv/done
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PYTEST) --cov

soak: .venv/done
	.venv/bin/pytest -m soak tests
	.venv/bin/python benchmarks/label_speed.py

bench: .venv/done
	.venv/bin/python benchmarks/run.py

screenshots: .venv/done
	.venv/bin/python benchmarks/screenshots.py

lock: .venv/done
	.venv/bin/pip-compile --all-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras \
		--upgrade-package torch==2.13.0 --output-file requirements.txt pyproject.toml
	sed -i.bak 's/^\(torch==[0-9.]*\)+[a-z0-9]*/\1/' requirements.txt && rm requirements.txt.bak

.venv-demo/done: pyproject.toml requirements.txt $(SOURCES)
	$(PYTHON) -m venv .venv-demo
	.venv-demo/bin/pip install --quiet -c requirements.txt .
	touch $@

.venv/done: pyproject.toml requirements.txt
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet -c requirements.txt -e '.[all,dev]'
	touch $@

clean:
	rm -rf .venv .venv-demo build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
