# The installers, with all that they fetch: build/dist is what a release's server holds.

installers: build/dist/install.sh

build/dist/install.sh: build/footfall build/footfall-collector scripts/make-dist shim/spec/ci.txt \
    $(wildcard scripts/render-* installers/install.* installers/footfall.conf)
	@rm -rf build/dist
	@scripts/make-dist $(CURDIR)/build/dist

# What telemetry adds to an install's time. With nothing else running, or it measures that.
bench: bench-installers
bench-installers: build/footfall
	@$(PYTHON) tests/bench/installers/bench.py

.PHONY: installers bench-installers

include installers/hooks/rules.mk
