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

# The cryptography that stands in for mbedTLS's own, next to mbedTLS's own.
build/test/unit/test_p256: tests/unit/test_p256.c scripts/trim/mbedtls_m256_mul.c $(call deps_of,$(ASAN))
	@mkdir -p $(@D)
	clang -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all $(WARNINGS) -Iscripts \
	    -Ibuild/deps/$(ASAN)/include $< build/deps/$(ASAN)/lib/libmbedcrypto.a -lcmocka -o $@

# The shim with an allocator that fails on demand.
OUT_OF_MEMORY = build/test/footfall-allocations

$(OUT_OF_MEMORY): TARGET = $(NATIVE)
$(OUT_OF_MEMORY): tests/shim/allocations.c $(patsubst %,build/obj/$(NATIVE)/%.o,$(call shim_files,$(NATIVE))) \
    $(call deps_of,$(NATIVE))
	@mkdir -p $(@D)
	$(TARGET_CC) $(filter-out -flto=auto,$(SHIM_CFLAGS)) -c $< -o $@.o
	$(TARGET_CC) $(SHIM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc $@.o $(filter %.o,$^) $(SHIM_LDLIBS) -o $@

# The policy is compiled again here: the fuzzer needs its own instrumentation in it.
build/test/fuzz/%: tests/fuzz/%.c $(wildcard shim/policy/*.c shim/policy/*.h) $(GEN) | $(call deps_of,$(ASAN))
	@mkdir -p $(@D)
	clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $(WARNINGS) $(SHIM_CPPFLAGS) \
	    -Ibuild/deps/$(ASAN)/include $(filter %.c,$^) build/deps/$(ASAN)/lib/libcjson.a -lm -o $@

unit-tests: build/test/unit/test_policy build/test/unit/test_p256
fuzzers: $(patsubst %,build/test/fuzz/%,$(FUZZ_NAMES))

# What the tests run: the binaries that ship, and what the tests bring along.
test-programs: all windows unit-tests fuzzers $(OUT_OF_MEMORY) collector-test-tools

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
