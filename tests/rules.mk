# The tests. Each file under tests/ runs alone too; pytest only finds, spreads and counts them.

PYTHON ?= /usr/bin/python3
# More workers than processors: most tests wait for a network, a deadline or a signal.
TEST_WORKERS ?= 4
PYTEST = PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest -c tests/pytest.ini -n $(TEST_WORKERS) -q

# Unit tests and fuzz targets link the policy, and the option parser, under all sanitizers.
ASAN = asan-x86_64-linux-gnu
UNIT_POLICY = $(patsubst %,build/obj/$(ASAN)/%.o,$(POLICY))
FUZZ_NAMES := $(basename $(notdir $(wildcard tests/fuzz/fuzz_*.c)))

build/test/unit/test_policy: tests/unit/test_policy.c $(UNIT_POLICY)
	@mkdir -p $(@D)
	clang -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all $(WARNINGS) $(SHIM_CPPFLAGS) \
	    -Ibuild/deps/$(ASAN)/include -DSPEC='"$(CURDIR)/shim/spec"' $^ build/deps/$(ASAN)/lib/libcjson.a -lm -lcmocka -o $@

# The policy is compiled again here: the fuzzer needs its own instrumentation in it.
build/test/fuzz/%: tests/fuzz/%.c $(wildcard shim/policy/*.c shim/policy/*.h) $(GEN) | $(call deps_of,$(ASAN))
	@mkdir -p $(@D)
	clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $(WARNINGS) $(SHIM_CPPFLAGS) \
	    -Ibuild/deps/$(ASAN)/include $(filter %.c,$^) build/deps/$(ASAN)/lib/libcjson.a -lm -o $@

unit-tests: build/test/unit/test_policy
fuzzers: $(patsubst %,build/test/fuzz/%,$(FUZZ_NAMES))

# What the tests run: the binaries that ship, and what the tests bring along.
test-programs: all windows unit-tests fuzzers collector-test-tools

test:
	@scripts/bootstrap test
	@$(MAKE) --no-print-directory -j$$(nproc) test-programs
	@$(PYTEST) tests

test-long:
	@scripts/bootstrap test
	@$(MAKE) --no-print-directory -j$$(nproc) test-programs
	@$(PYTEST) -m "not release" tests

# For as long as you like: make fuzz FUZZ_SECONDS=3600
FUZZ_SECONDS ?= 300
fuzz: fuzzers
	for f in $(FUZZ_NAMES); do mkdir -p build/test/corpus/$$f && \
	    build/test/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -max_len=4096 build/test/corpus/$$f || exit 1; done

bench: build/footfall
	@$(PYTHON) tests/bench/shim/bench.py

.PHONY: bench test test-long test-programs unit-tests fuzzers fuzz
