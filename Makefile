# make demo and make test each set up all they need on a fresh machine.
VENV    ?= .venv
PY      := $(VENV)/bin/python
PIP     := $(PY) -m pip
STAMP   := $(VENV)/.installed
# The servers that prove the rules, the browser that looks at the pages, and what
# makes writes fail and names turn private in the crawler's tests.
DEBS    := nginx-light apache2 apache2-utils caddy haproxy lighttpd lighttpd-modules-lua \
           varnish gcc libc6-dev chromium libcurl4 ca-certificates strace iproute2
WORKERS ?= 2

.PHONY: demo test check soak bench install servers node clean
.DEFAULT_GOAL := test

demo: install servers
	$(VENV)/bin/redirectmap demo --out demo-out

test: check
	$(PY) -m pytest -q -n $(WORKERS) --dist loadfile

check: install servers node
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/lint-imports --no-cache
	$(VENV)/bin/mypy

# The office that edits the workbook is large; only the long tests need it.
soak: DEBS += libreoffice-calc-nogui python3-uno
soak: install servers node
	$(PY) -m pytest -q -m soak --timeout 7200

install: $(STAMP)

# torch first and by its version: a plain torch brings gigabytes of GPU code.
# pip is upgraded next: the one that ships with Python 3.11 cannot resolve the rest.
$(STAMP): pyproject.toml constraints.txt
	test -x $(PY) || python3 -m venv $(VENV)
	$(PY) -c "import torch" 2>/dev/null || $(PIP) install -q torch==2.13.0
	$(PIP) install -q --upgrade pip
	$(PIP) install -q -c constraints.txt -e ".[embeddings,dev]"
	touch $(STAMP)

# Debian and its children only; elsewhere the tests say which server is missing.
servers:
	@missing=""; for p in $(DEBS); do \
	  dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null; then \
	  sudo=""; [ "$$(id -u)" = 0 ] || sudo="sudo"; \
	  echo "installing$$missing"; \
	  $$sudo apt-get update -qq && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

# Netlify, Cloudflare Pages and Vercel prove their rules by their own packages. They
# need Node 20 or newer; where there is none, their tests say so.
NODE := tests/node/node_modules/.package-lock.json
node: $(NODE)
$(NODE): tests/node/package-lock.json
	@if command -v npm >/dev/null; then \
	  npm ci --prefix tests/node --ignore-scripts --no-audit --no-fund --silent; \
	else echo "npm is not installed: Netlify, Cloudflare and Vercel are not proven"; fi

clean:
	rm -rf demo-out .mypy_cache .ruff_cache .pytest_cache .hypothesis
