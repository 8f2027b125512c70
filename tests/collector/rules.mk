# What the collector's system tests need besides the collector itself.

# Dated events into a store, through its own interface.
build/load: tests/collector/load.c $(COLLECTOR_STORE_OBJS)
	$(COLLECTOR_CC) $(COLLECTOR_CFLAGS) $< $(COLLECTOR_STORE_OBJS) $(COLLECTOR_LDLIBS) -o $@

# The browser's driver and the accessibility checker, as pinned; no scripts of theirs are run.
BROWSER_MODULES = build/tools/browser/node_modules
$(BROWSER_MODULES)/.ready: tests/collector/browser/package.json tests/collector/browser/package-lock.json
	@mkdir -p build/tools/browser
	cp $^ build/tools/browser/
	cd build/tools/browser && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

collector-test-tools: build/load $(BROWSER_MODULES)/.ready

.PHONY: collector-test-tools
