# The collector: build/footfall-collector for this machine, and the same with sanitizers for tests.

COLLECTOR_GEN =
-include collector/web/rules.mk

# The policy that the shim and the collector share, and the collector's own files.
COLLECTOR_POLICY = app cid endpoint event nearest pem schema
# How the shim verifies a server, for forwarding.
COLLECTOR_TRUST = trust trust_files
COLLECTOR_NAMES = $(basename $(notdir $(wildcard collector/*.c))) $(COLLECTOR_POLICY) $(COLLECTOR_TRUST) \
    $(basename $(notdir $(COLLECTOR_GEN)))
COLLECTOR_CPPFLAGS = -D_GNU_SOURCE -DFOOTFALL_VERSION='"$(VERSION)"' \
    -Ibuild/gen -Icollector -Ishim/policy -Ishim

collector_deps = $(foreach dep,cjson curl mbedtls libmicrohttpd sqlite,$(call dep_stamp,$(1),$(dep)))

collector_objects = $(patsubst %,build/obj/collector-$(1)/%.o,$(2))

# $(1) target, $(2) folder of the sources
define collector_object_rule
build/obj/collector-$(1)/%.o: $(2)/%.c VERSION collector/rules.mk $$(GEN) | $$$$(call collector_deps,$(1))
	@mkdir -p $$(@D)
	$$(TARGET_CC) $$(COLLECTOR_CFLAGS) $$(COLLECTOR_CPPFLAGS) $$(WARNINGS) -MMD -MP -c $$< -o $$@

endef

define collector_rules
build/obj/collector-$(1)/%.o build/collector/$(1)/footfall-collector: TARGET = $(1)

$(foreach folder,collector shim/policy shim build/gen,$(call collector_object_rule,$(1),$(folder)))
build/collector/$(1)/footfall-collector: $(call collector_objects,$(1),$(COLLECTOR_NAMES)) | $$$$(call collector_deps,$(1))
	@mkdir -p $$(@D)
	$$(TARGET_CC) $$(COLLECTOR_LDFLAGS) $$(filter %.o,$$^) $$(COLLECTOR_LDLIBS) -o $$@

-include $$(wildcard build/obj/collector-$(1)/*.d)
endef

COLLECTOR_TARGETS := $(sort $(NATIVE) asan-x86_64-linux-gnu $(shell awk -F '\t' '$$6 == "yes" { print $$2 }' shim/spec/platforms.tsv))
$(foreach target,$(COLLECTOR_TARGETS),$(eval $(call collector_rules,$(target))))

build/footfall-collector: build/collector/$(NATIVE)/footfall-collector
	@cp $< $@.new && mv $@.new $@

build/footfall-collector-asan: build/collector/asan-x86_64-linux-gnu/footfall-collector
	@cp $< $@.new && mv $@.new $@

include tests/collector/rules.mk

# The figures of the README's table. Express and better-sqlite3 come as pinned, from the npm registry.
BENCH_MODULES = build/tools/bench/node_modules
$(BENCH_MODULES)/.ready: tests/bench/collector/package.json
	@mkdir -p build/tools/bench
	cp $< build/tools/bench/
	cd build/tools/bench && npm install --silent --no-audit --no-fund
	@touch $@

$(eval $(call collector_object_rule,$(NATIVE),tests/bench/collector))
build/grow build/pace: TARGET = $(NATIVE)
build/grow: $(call collector_objects,$(NATIVE),grow $(filter-out load,$(LOAD_NAMES)))
build/pace: $(call collector_objects,$(NATIVE),pace)
build/grow build/pace:
	$(TARGET_CC) $(COLLECTOR_LDFLAGS) $^ $(COLLECTOR_LDLIBS) -o $@

bench-collector: build/footfall-collector build/grow build/pace $(BENCH_MODULES)/.ready
	@$(PYTHON) tests/bench/collector/bench.py

.PHONY: bench-collector
