# What people and the CI call. Everything honours CARGO_TARGET_DIR.
#
#   make build   front end and release binary
#   make run     build, then a demo on ./data/demo; prints the addresses and a login
#   make check   format, lints, types, unit tests: quick, before every commit
#   make fmt     writes the Rust sources as `check` wants them
#   make test    everything: check, all tests on both engines, the browser tests; installs what is missing where it may
#   make bench   the measurements of bench/
#   make soak    the long tests: process kills, power cuts, hours of load

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.PHONY: build run check fmt test bench soak front third-party lint unit tools fakes front-test rust-test e2e clean

TARGET := $(or $(CARGO_TARGET_DIR),target)
RELEASE := $(TARGET)/release/kommutator
DEBUG := $(TARGET)/debug/kommutator
NPM := npm --prefix web-widget
# Each file by itself: `cargo fmt` does not see the channels' folders, which a macro declares.
RUSTFMT := find src tests bench build.rs -name '*.rs' -print0 | xargs -0 rustfmt --edition 2024
# Written by npm itself at the end of an installation.
INSTALLED := web-widget/node_modules/.package-lock.json
OTHERS := tests/third-party/node_modules/.package-lock.json

build: front
	cargo build --release --locked
	@echo "built: $(RELEASE)"

run: build
	$(RELEASE) demo --data data/demo

front: $(INSTALLED)
	$(NPM) run build

$(INSTALLED): web-widget/package-lock.json
	cd web-widget && npm ci --no-audit --no-fund
	touch $@

# Servers that others wrote, for tests.
third-party: $(OTHERS)

$(OTHERS): tests/third-party/package-lock.json
	cd tests/third-party && npm ci --no-audit --no-fund
	touch $@

check: lint unit

lint: $(INSTALLED)
	$(RUSTFMT) --check
	cargo clippy --locked --all-targets --features faults -- -D warnings
	$(NPM) run check
	scripts/demo-commit

fmt:
	$(RUSTFMT)

unit: $(INSTALLED) fakes
	cargo test --locked --features faults --lib
	$(NPM) test

# The providers' fakes that have a test of their own.
fakes:
	node --test --test-reporter=spec --test-timeout=60000 tests/fakes/*/*.test.mjs

test: tools lint front-test rust-test e2e

tools:
	scripts/tools

front-test: front fakes
	$(NPM) test

rust-test: front third-party
	cargo test --locked --features faults

# A real browser against the real program, once on each engine.
e2e: front
	cargo build --locked --features faults
	scripts/e2e "$(DEBUG)"

# Rows and options for it: make bench ROWS='fanout --runs 5'
bench: build
	bench/run.sh $(ROWS)

soak: front
	KOMMUTATOR_SOAK=full cargo test --release --locked --features faults --test it soak_ -- --include-ignored --nocapture --test-threads 1

clean:
	cargo clean
	rm -rf web-widget/dist web-widget/node_modules tests/third-party/node_modules
