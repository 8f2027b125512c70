# make            build/footfall and build/footfall-collector
# make demo       the main job, end to end
# make test       all tests; make lint, make bench, make fuzz, make size
# make windows    build/footfall.exe

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

all: build/footfall

include scripts/deps.mk
include shim/rules.mk
-include collector/rules.mk
-include installers/rules.mk
-include tests/rules.mk

windows: build/footfall.exe

clean:
	rm -rf build/obj build/shim build/gen build/footfall build/footfall.exe

.PHONY: all windows clean
