# What the collector's system tests need besides the collector itself.

# Dated events into a store, through its own interface.
LOAD_NAMES = load log turn random reject siphash $(basename $(notdir $(wildcard collector/store_*.c))) app cid event

$(eval $(call collector_object_rule,$(NATIVE),tests/collector))

build/load: TARGET = $(NATIVE)
build/load: $(call collector_objects,$(NATIVE),$(LOAD_NAMES))
	$(TARGET_CC) $(COLLECTOR_LDFLAGS) $^ $(COLLECTOR_LDLIBS) -o $@

# The unit tests, linked with just the files they test, under all sanitizers.
collector_unit = build/test/unit/test_$(1): $(call collector_objects,asan-x86_64-linux-gnu,$(2))
$(call collector_unit,forward,ga4 posthog event cid)
$(call collector_unit,lane,forward_lane forward_setup ga4 posthog log random event cid endpoint)
$(call collector_unit,dashboard,dashboard_rate dashboard_text dashboard_assets answer web_assets)
$(call collector_unit,intake,intake strict reject event cid)
$(call collector_unit,limits,limit address siphash store_seen keeper_clock)
$(call collector_unit,sandbox,sandbox_linux sandbox_calls log)
$(call collector_unit,settings,config address options route stats_query app nearest event cid)

COLLECTOR_UNITS = $(patsubst %,build/test/unit/test_%,forward lane dashboard intake limits sandbox settings)
$(COLLECTOR_UNITS): TARGET = asan-x86_64-linux-gnu
$(COLLECTOR_UNITS): build/test/unit/%: tests/unit/%.c
	@mkdir -p $(@D)
	$(TARGET_CC) $(COLLECTOR_CFLAGS) $(COLLECTOR_CPPFLAGS) $(WARNINGS) $^ $(COLLECTOR_LDFLAGS) $(COLLECTOR_LDLIBS) -lcmocka -o $@

unit-tests: $(COLLECTOR_UNITS)

# The browser's driver and the accessibility checker, as pinned; no scripts of theirs are run.
BROWSER_MODULES = build/tools/browser/node_modules
$(BROWSER_MODULES)/.ready: tests/collector/browser/package.json tests/collector/browser/package-lock.json
	@mkdir -p build/tools/browser
	cp $^ build/tools/browser/
	cd build/tools/browser && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

collector-test-tools: build/load $(BROWSER_MODULES)/.ready

.PHONY: collector-test-tools

# Fuzzers compile their sources anew: those need the fuzzer's own instrumentation.
build/test/fuzz/fuzz_intake: $(patsubst %,collector/%.c,intake strict reject) $(patsubst %,shim/policy/%.c,event cid)
build/test/fuzz/fuzz_config: $(patsubst %,collector/%.c,config address) $(patsubst %,shim/policy/%.c,app nearest)
build/test/fuzz/fuzz_intake build/test/fuzz/fuzz_config: build/test/fuzz/%: tests/fuzz/%.c
	@mkdir -p $(@D)
	clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $(WARNINGS) $(COLLECTOR_CPPFLAGS) \
	    -Ibuild/deps/asan-x86_64-linux-gnu/include $(filter %.c,$^) build/deps/asan-x86_64-linux-gnu/lib/libcjson.a -lm -o $@

# The only build of the collector that a clock can be put under: it is dynamic.
collector-test-tools: build/footfall-collector-asan

screenshot: build/footfall-collector collector-test-tools
	tests/collector/screenshot.py docs/dashboard.png

.PHONY: screenshot
