# make            build/footfall and build/footfall-collector
# make demo       the main job, end to end
# make test       all tests; make lint, make bench, make fuzz
# make size       what build/footfall is made of: by library, and the ten largest files and functions
# make windows    build/footfall.exe
# make TELEMETRY=off, make TELEMETRY=off windows    build/footfall[.exe] with no network code in it
# make release    build/release: every platform, packed, listed, signed; make test-release

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

# Where scripts/bootstrap has the .NET SDK put PowerShell.
export PATH := $(PATH):$(HOME)/.dotnet/tools

TELEMETRY ?= on
$(if $(filter on off,$(TELEMETRY)),,$(error TELEMETRY=$(TELEMETRY): give on or off))
if_off = $(if $(filter off,$(TELEMETRY)),off-)

all: build/footfall $(if $(if_off),,build/footfall-collector)

include scripts/deps.mk
include shim/rules.mk
include collector/rules.mk
include installers/rules.mk
include tests/rules.mk
include scripts/release.mk

windows: build/footfall.exe

demo:
	@scripts/bootstrap demo
	@$(MAKE) --no-print-directory -j$$(nproc) installers
	@scripts/demo

lint:
	@scripts/bootstrap lint
	@$(MAKE) --no-print-directory -j$$(nproc) $(GEN) $(COLLECTOR_GEN) $(call collector_deps,$(NATIVE)) $(ZIG)
	@scripts/lint

clean:
	rm -rf build/obj build/shim build/collector build/gen build/dist build/release build/test build/footfall*

.PHONY: all windows demo lint clean
