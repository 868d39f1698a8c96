# `make up` runs the product, `make test` proves it. Everything lands in .tools, .venv, node_modules, dist and var.
# Recipes of long-running programs begin with `exec`, so that Ctrl-C and TERM reach our supervisor and not a shell.
SHELL := /bin/sh
.DELETE_ON_ERROR:
# What is imported is compiled once and not at every start: that takes seconds of each process.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: up build dev planning link test test-fast test-browser check bench soak shots openapi catalogue locks clean

export UV_PYTHON_DOWNLOADS := never
PYTHON3 ?= python3
UV := .tools/bin/uv
PY := .venv/bin/python
NODE := PATH="$(CURDIR)/.venv/bin:$$PATH"

up: build
	@exec .venv/bin/shuzheng up

# What running needs: locked packages, the command, the islands, the catalogues.
build: .venv/.base .venv/bin/shuzheng dist/manifest.json shuzheng/locale/en/LC_MESSAGES/django.mo
dev: build .venv/.dev

.tools/bin/uv:
	@echo "准备 uv（只需一次）… / preparing uv (once) …"
	@$(PYTHON3) -m venv .tools && .tools/bin/pip -q install --disable-pip-version-check uv==0.13.9

# `install` and not `sync`: a `make up` after a `make test` keeps the test tools.
.venv/.base: requirements/base.lock | $(UV)
	@echo "安装依赖（版本与摘要锁定）… / installing locked packages …"
	@$(UV) venv -q --allow-existing --python $(PYTHON3) .venv
	@$(UV) pip install -q --compile-bytecode --python $(PY) --require-hashes -r requirements/base.lock
	@touch $@

.venv/.dev: requirements/dev.lock .venv/.base
	@$(UV) pip sync -q --python $(PY) --require-hashes requirements/dev.lock
	@touch $@

# What plans trips and fleets (OR-Tools): for workers; the product runs without it. docs/adr/0013-planning.md
planning: .venv/.base requirements/planning.lock
	@$(UV) pip install -q --compile-bytecode --python $(PY) --require-hashes -r requirements/planning.lock

# Editable without a build: the checkout on the path, and the command. (`pip sync` leaves both alone.)
.venv/bin/shuzheng: .venv/.base
	@echo "$(CURDIR)" > "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/shuzheng.pth"
	@printf '#!/bin/sh\nexec "%s/.venv/bin/python" -m shuzheng.ops "$$@"\n' "$(CURDIR)" > $@
	@chmod +x $@

node_modules/.done: package-lock.json .venv/.base
	@echo "安装前端依赖… / installing front-end packages …"
	@$(NODE) npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

ISLANDS := $(shell find islands -type f 2>/dev/null) $(wildcard vite.config.* tsconfig.json package.json)
dist/manifest.json: node_modules/.done $(ISLANDS)
	@echo "构建前端… / building the islands …"
	@$(NODE) npx --no-install vite build --logLevel warn
	@touch $@

PARTS := $(wildcard shuzheng/locale/en/parts/*.po)
shuzheng/locale/en/LC_MESSAGES/django.mo: $(PARTS) shuzheng/ops/catalogue.py .venv/.base | .venv/bin/shuzheng
	@$(PY) -m shuzheng.ops.catalogue compile

catalogue: dev
	@$(PY) -m shuzheng.ops.catalogue compile && $(PY) -m shuzheng.ops.catalogue missing

test: dev
	@exec $(PY) -m tests.suite all
test-fast: dev
	@exec $(PY) -m tests.suite fast
test-browser: dev
	@exec $(PY) -m tests.suite browser

check: dev
	@exec $(PY) -m tests.suite check

bench: dev
	@exec $(PY) -m bench
soak: dev
	@exec $(PY) -m bench soak
shots: dev
	@exec $(PY) -m tests.shots
openapi: dev
	@exec $(PY) manage.py openapi

locks: $(UV)
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes requirements/base.in -o requirements/base.lock
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes -c requirements/base.lock requirements/planning.in -o requirements/planning.lock
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes -c requirements/base.lock -c requirements/planning.lock requirements/dev.in -o requirements/dev.lock

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache
