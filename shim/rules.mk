# The shim: build/footfall for this machine, build/footfall.exe for Windows, build/shim/<target>/ for all.
# With TELEMETRY=off the same without a network: NAME_off.c stands in for NAME.c, what knows certificates or prints by
# means of libcurl is left out, and of the libraries cJSON remains.

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
OFF := $(filter %_off,$(SHIM_ALL))
shim_files = $(filter-out plat_% trust_% schema $(OFF),$(SHIM_ALL)) $(filter $(call system_files,$(1)),$(SHIM_ALL))
off_files = $(filter-out trust% plat_win_libc $(OFF:_off=),$(call shim_files,$(1))) $(OFF)
off_deps_of = $(call dep_stamp,$(1),cjson)
suffix_of = $(if $(findstring windows,$(1)),.exe)

vpath %.c shim shim/policy

# The rules of one target: $(1) the target, $(2) its folder, $(3) "shim", or "off" without telemetry. The libraries
# come first: their headers are included. The program with its symbols is for the tests.
define shim_rules
build/obj/$(2)/%.o build/shim/$(2)/%: TARGET = $(1)

build/obj/$(2)/%.o: %.c VERSION shim/rules.mk $$(GEN) | $$$$(call $(3)_deps_of,$(1))
	@mkdir -p $$(@D)
	$$(TARGET_CC) $$(SHIM_CFLAGS) $$(SHIM_CPPFLAGS) $$(WARNINGS) -MMD -MP -c $$< -o $$@

build/shim/$(2)/footfall$(call suffix_of,$(1)) build/shim/$(2)/footfall.symbols: \
    $(patsubst %,build/obj/$(2)/%.o,$(call $(3)_files,$(1))) $$$$(call $(3)_deps_of,$(1))
	@mkdir -p $$(@D)
	$(if $(findstring windows,$(1)),scripts/link-windows )$$(TARGET_CC) $$(if $$(filter %.symbols,$$@),$$(filter-out -s,$$(SHIM_LDFLAGS)),$$(SHIM_LDFLAGS)) \
	    $$(filter %.o,$$^) $$(SHIM_LDLIBS) -o $$@

-include $$(wildcard build/obj/$(2)/*.d)
endef

SHIM_TARGETS := $(sort $(NATIVE) asan-x86_64-linux-gnu $(shell awk -F '\t' '!/^#/ && $$2 != "target" { print $$2 }' shim/spec/platforms.tsv))
shim_deps_of = $(deps_of)
$(foreach target,$(SHIM_TARGETS),$(eval $(call shim_rules,$(target),$(target),shim)))
$(foreach target,$(SHIM_TARGETS),$(eval $(call shim_rules,$(target),off-$(target),off)))
build/shim/off-%: SHIM_LDLIBS = $(DEPS)/lib/libcjson.a $(END_LIBS)

# Which of the two it is shows in the file alone, so it is compared each time.
build/footfall: build/shim/$(if_off)$(NATIVE)/footfall
build/footfall.exe: build/shim/$(if_off)x86_64-windows-gnu/footfall.exe
build/footfall build/footfall.exe: always
	@cmp -s $(filter %/$(@F),$^) $@ || cp $(filter %/$(@F),$^) $@
always:
.PHONY: always

test-programs: build/shim/off-$(NATIVE)/footfall build/shim/off-x86_64-windows-gnu/footfall.exe \
    build/shim/off-$(NATIVE)/footfall.symbols build/shim/$(NATIVE)/footfall.symbols

# What the program is made of, and which file brought it.
size: build/footfall build/shim/$(NATIVE)/footfall.symbols
	@scripts/size $^ $(patsubst %,build/obj/$(NATIVE)/%.o,$(call shim_files,$(NATIVE))) \
	    $(filter %/trim_libc.o %.a,$(SHIM_LDLIBS)) $(MUSL_LIB)/libc.a

.PHONY: size
