# The shim: build/footfall for this machine, build/footfall.exe for Windows, build/shim/<target>/ for all.

VERSION := $(shell cat VERSION)
WARNINGS = -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
    -Wmissing-prototypes -Wvla $(WERROR)
SHIM_CPPFLAGS = -D_GNU_SOURCE -DCURL_STATICLIB -DFOOTFALL_VERSION='"$(VERSION)"' \
    -Ibuild/gen -Ishim -Ishim/policy

GEN = $(patsubst %,build/gen/%_table.h,event ci platforms) build/gen/roots.h

# Kept: what only pattern rules name would be deleted as soon as it has been used.
.PRECIOUS: build/gen/%_table.h

build/gen/%_table.h: shim/spec/%.tsv scripts/tables.awk
	@mkdir -p $(@D)
	@awk -v table=$* -f scripts/tables.awk $< > $@

build/gen/%_table.h: shim/spec/%.txt scripts/tables.awk
	@mkdir -p $(@D)
	@awk -v table=$* -f scripts/tables.awk $< > $@

# Which of the files that know their system belong to which target.
system_files = $(if $(findstring windows,$(1)),plat_win% trust_win%,\
    plat_unix% trust_files% $(if $(findstring macos,$(1)),plat_bsd% plat_macos%,\
    $(if $(findstring freebsd,$(1)),plat_bsd% plat_freebsd%,plat_linux%)))
POLICY := $(basename $(notdir $(wildcard shim/policy/*.c)))
SHIM_ALL := $(basename $(notdir $(wildcard shim/*.c shim/policy/*.c)))
shim_files = $(filter-out plat_% trust_% schema,$(SHIM_ALL)) $(filter $(call system_files,$(1)),$(SHIM_ALL))
shim_objects = $(patsubst %,build/obj/$(1)/%.o,$(call shim_files,$(1)))
suffix_of = $(if $(findstring windows,$(1)),.exe)

vpath %.c shim shim/policy

# The rules of one target. The libraries come first: their headers are included.
define shim_rules
build/obj/$(1)/%.o build/shim/$(1)/footfall$(call suffix_of,$(1)): TARGET = $(1)

build/obj/$(1)/%.o: %.c VERSION shim/rules.mk $$(GEN) | $$$$(call deps_of,$(1))
	@mkdir -p $$(@D)
	$$(TARGET_CC) $$(SHIM_CFLAGS) $$(SHIM_CPPFLAGS) $$(WARNINGS) -MMD -MP -c $$< -o $$@

build/shim/$(1)/footfall$(call suffix_of,$(1)): $(call shim_objects,$(1)) $$$$(call deps_of,$(1))
	@mkdir -p $$(@D)
	$$(TARGET_CC) $$(SHIM_LDFLAGS) $$(filter %.o,$$^) $$(SHIM_LDLIBS) -o $$@

-include $$(wildcard build/obj/$(1)/*.d)
endef

SHIM_TARGETS := $(sort $(NATIVE) asan-x86_64-linux-gnu $(shell awk -F '\t' '!/^#/ && $$2 != "target" { print $$2 }' shim/spec/platforms.tsv))
$(foreach target,$(SHIM_TARGETS),$(eval $(call shim_rules,$(target))))

build/footfall: build/shim/$(NATIVE)/footfall
build/footfall.exe: build/shim/x86_64-windows-gnu/footfall.exe
build/footfall build/footfall.exe:
	@cp $< $@
