# What the collector's system tests need besides the collector itself.

# Dated events into a store, through its own interface.
LOAD_NAMES = load log random reject siphash $(basename $(notdir $(wildcard collector/store_*.c))) app cid event

$(eval $(call collector_object_rule,$(NATIVE),tests/collector))

build/load: TARGET = $(NATIVE)
build/load: $(call collector_objects,$(NATIVE),$(LOAD_NAMES))
	$(TARGET_CC) $(COLLECTOR_LDFLAGS) $^ $(COLLECTOR_LDLIBS) -o $@

# The browser's driver and the accessibility checker, as pinned; no scripts of theirs are run.
BROWSER_MODULES = build/tools/browser/node_modules
$(BROWSER_MODULES)/.ready: tests/collector/browser/package.json tests/collector/browser/package-lock.json
	@mkdir -p build/tools/browser
	cp $^ build/tools/browser/
	cd build/tools/browser && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

collector-test-tools: build/load $(BROWSER_MODULES)/.ready

.PHONY: collector-test-tools
