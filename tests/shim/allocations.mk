# The shim with an allocator that fails on demand: make -f tests/shim/allocations.mk
include Makefile

SHIM_THAT_RUNS_OUT = build/test/footfall-allocations
.DEFAULT_GOAL := $(SHIM_THAT_RUNS_OUT)

$(SHIM_THAT_RUNS_OUT): tests/shim/allocations.c $(call shim_objects,$(NATIVE)) $(call deps_of,$(NATIVE))
	@mkdir -p $(@D)
	$(TARGET_CC) $(filter-out -flto=auto,$(SHIM_CFLAGS)) -c $< -o $@.o
	$(TARGET_CC) $(SHIM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc $@.o $(filter %.o,$^) $(SHIM_LDLIBS) -o $@
