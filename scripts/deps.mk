# The compilers and the third-party libraries, for each target triple.
#
# Everything here follows TARGET: the machine's own Linux unless set, for a whole make (`make TARGET=...`)
# or for one rule (`build/obj/x86_64-windows-gnu/%.o: TARGET = x86_64-windows-gnu`).
#   asan-x86_64-linux-gnu is the host's libc with the sanitizers, for unit tests and fuzzing.
#
#   $(TARGET_CC) $(SHIM_CFLAGS) -c a.c -o a.o
#   $(TARGET_CC) $(SHIM_LDFLAGS) a.o $(SHIM_LDLIBS) -o a         after $(SHIM_DEPS)

NATIVE := $(shell uname -m)-linux-musl
TARGET ?= $(NATIVE)

DEPS = build/deps/$(TARGET)
PINS := $(shell awk -F '\t' '!/^#/ { print $$1 "-" $$2 "-" substr($$3, 1, 8) }' scripts/deps.tsv)

# Compilers: musl-gcc for the machine at hand, Zig's clang for all others but two. Zig's linker has no s390x: there it
# is Debian's gcc, with the pinned musl. Zig has no FreeBSD: there it is clang, with FreeBSD's base in FREEBSD_SYSROOT.
ZIG := $(CURDIR)/build/tools/zig/zig
export ZIG_GLOBAL_CACHE_DIR := $(CURDIR)/build/tools/zig-cache
export ZIG_LOCAL_CACHE_DIR := $(CURDIR)/build/tools/zig-cache

target_is = $(findstring $(1),$(TARGET))
GNU_CROSS := s390x-linux-musl
by_target = $(if $(call target_is,asan-),$(1),$(if $(filter $(NATIVE) $(GNU_CROSS),$(TARGET)),$(2),$(3)))
by_gnu = $(if $(filter $(NATIVE),$(TARGET)),$(1),$(2))
by_clang = $(if $(call target_is,freebsd),$(1),$(2))

MACOS_OLDEST := $(shell awk -F '\t' '$$1 == "macos-x86_64" { print $$7 }' shim/spec/platforms.tsv)
TARGET_CC = $(call by_target,clang,$(call by_gnu,musl-gcc,$(CURDIR)/$(DEPS)/bin/musl-gcc),$(call by_clang,\
    clang --target=$(TARGET)14 --sysroot=$(FREEBSD_SYSROOT),$(ZIG) cc -target $(TARGET)$(if $(call target_is,macos),.$(MACOS_OLDEST))))
TARGET_AR = $(call by_target,ar,$(call by_gnu,gcc-ar,s390x-linux-gnu-gcc-ar),$(call by_clang,llvm-ar,$(ZIG) ar))
TARGET_RANLIB = $(call by_target,ranlib,$(call by_gnu,gcc-ranlib,s390x-linux-gnu-gcc-ranlib),$(call by_clang,llvm-ranlib,$(ZIG) ranlib))

# Small before fast: sections of their own, so that the linker can leave out what nobody calls; optimisation over
# all files at once, which takes off another eighth; no unwind tables, for nothing unwinds; on s390x no jump tables,
# which are larger than the comparisons that they spare.
comma := ,
SIZE_CFLAGS = -Oz -ffunction-sections -fdata-sections -fvisibility=hidden \
    -fno-asynchronous-unwind-tables -fno-unwind-tables -fstack-protector-strong
NATIVE_CFLAGS = $(SIZE_CFLAGS) -fPIE -flto=auto $(if $(call target_is,s390x),-fno-jump-tables)
CROSS_CFLAGS = $(SIZE_CFLAGS) $(if $(call target_is,windows),-mguard=cf,-fPIC) -fno-sanitize=undefined $(if $(call target_is,linux),,-D_FORTIFY_SOURCE=2) \
    $(if $(call target_is,linux-musl),-flto)
ASAN_CFLAGS = -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

# 32-bit Arm has a second instruction set, a quarter smaller: all but the C library is compiled for that one.
THUMB = $(if $(call target_is,arm-),-target thumb-linux-musleabihf -mcpu=cortex_a9-neon)
DEP_CFLAGS = $(call by_target,-g -O1,$(NATIVE_CFLAGS),$(CROSS_CFLAGS) $(THUMB))
SHIM_CFLAGS = $(call by_target,$(ASAN_CFLAGS),$(NATIVE_CFLAGS),$(CROSS_CFLAGS) $(THUMB)) -ffile-prefix-map=$(CURDIR)=. -DCURL_STATICLIB -I$(DEPS)/include

# A static PIE, everything relocated read-only, no page both writable and executable. musl-gcc's own start files
# make none: rcrt1.o, which relocates itself, has to be named.
MUSL_LIB = $(call by_gnu,/usr/lib/$(NATIVE),$(DEPS)/lib)
ELF_LDFLAGS = -s -Wl,--gc-sections,--build-id=none -Wl,-z,relro,-z,now,-z,noexecstack
# --exclude-libs: with it s390x's linker, too, knows that nobody can stand in for our malloc; it leaves the lookup to a
# loader otherwise, and there is none.
NATIVE_LDFLAGS = $(NATIVE_CFLAGS) -flto-partition=one -static $(call by_gnu,,-Wl$(comma)--exclude-libs$(comma)ALL) -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text,-z,noseparate-code \
    $(ELF_LDFLAGS) $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o
CROSS_LDFLAGS = $(if $(call target_is,windows),-s -Wl$(comma)--gc-sections,\
    $(if $(call target_is,macos),-s -Wl$(comma)-dead_strip,$(CROSS_CFLAGS) $(call by_clang,-fuse-ld=lld,-static) -pie $(ELF_LDFLAGS)))
SYSTEM_LIBS = $(if $(call target_is,windows),-lws2_32 -lcrypt32 -lbcrypt -liphlpapi -ladvapi32)

SHIM_LIBS = $(patsubst %,$(DEPS)/lib/lib%.a,curl mbedtls mbedx509 mbedcrypto cjson)
TRIM_LIBC = $(if $(call target_is,asan-),,$(if $(call target_is,musl),$(DEPS)/lib/trim_libc.o))
END_LIBS = $(call by_target,,$(MUSL_LIB)/crtn.o,$(SYSTEM_LIBS))
SHIM_LDFLAGS = $(call by_target,-fsanitize=address$(comma)undefined,$(NATIVE_LDFLAGS),$(CROSS_LDFLAGS))
SHIM_LDLIBS = $(TRIM_LIBC) $(SHIM_LIBS) $(END_LIBS)

# The collector has the shim's libraries too: it forwards events over the same TLS.
COLLECTOR_CFLAGS = $(SHIM_CFLAGS) -O2
COLLECTOR_LDFLAGS = $(SHIM_LDFLAGS)
COLLECTOR_LDLIBS = $(DEPS)/lib/libmicrohttpd.a $(DEPS)/lib/libsqlite3.a $(SHIM_LIBS) $(END_LIBS) \
    $(if $(call target_is,asan-),-lm -lpthread)

# One stamp for each library and target; its name holds the pin, so that a new pin is a new build.
dep_stamp = build/deps/$(1)/.$(filter $(2)-%,$(PINS))
deps_of = $(foreach dep,cjson curl mbedtls,$(call dep_stamp,$(1),$(dep)))
SHIM_DEPS = $(call deps_of,$(TARGET))
COLLECTOR_DEPS = $(SHIM_DEPS) $(foreach dep,libmicrohttpd sqlite,$(call dep_stamp,$(TARGET),$(dep)))
UPLOT = build/deps/uplot
UPLOT_DEPS = $(UPLOT)/.$(filter uplot-%,$(PINS))

.SECONDEXPANSION:
compiler_for = $(if $(filter asan-% $(NATIVE),$(1))$(findstring freebsd,$(1)),,\
    $(if $(filter $(GNU_CROSS),$(1)),$(call dep_stamp,$(1),musl),$(ZIG)))
# What curl's configure finds on the first target of a system holds on the others.
first_of = $(or $(if $(findstring asan-,$(1)),$(1)),$(if $(findstring linux-musl,$(1)),$(NATIVE)),\
    $(if $(findstring windows,$(1)),x86_64-windows-gnu),$(if $(findstring macos,$(1)),x86_64-macos),$(1))
first_curl = $(filter-out build/deps/$(1)/%,$(call dep_stamp,$(call first_of,$(1)),curl))

define dep_rule
build/deps/%/.$(filter $(1)-%,$(PINS)): TARGET = $$*
build/deps/%/.$(filter $(1)-%,$(PINS)): scripts/build-dep scripts/deps.mk $(2) | $$$$(call compiler_for,$$$$*)
	@$$(build_dep)
endef

build_dep = SAME_LIBC="$(CURDIR)/build/deps/$(call first_of,$(TARGET))/curl_config.h" \
    CC="$(TARGET_CC)" AR="$(TARGET_AR)" RANLIB="$(TARGET_RANLIB)" CFLAGS="$(DEP_CFLAGS)" \
    scripts/build-dep $(firstword $(subst -, ,$(patsubst .%,%,$(@F)))) $(TARGET) $@ && touch $@

$(eval $(call dep_rule,cjson))
$(eval $(call dep_rule,mbedtls,shim/mbedtls_config.h shim/psa_config.h $(wildcard scripts/trim/mbedtls.*)))
$(eval $(call dep_rule,curl,$$$$(call first_curl,$$$$*) build/deps/%/.$(filter mbedtls-%,$(PINS)) $(wildcard scripts/trim/curl.* scripts/trim/setopt.c scripts/trim/libc.c)))
$(eval $(call dep_rule,libmicrohttpd))
$(eval $(call dep_rule,sqlite))

MUSL_STAMP := $(call dep_stamp,$(GNU_CROSS),musl)
$(MUSL_STAMP): TARGET = $(GNU_CROSS)
$(MUSL_STAMP): TARGET_CC = s390x-linux-gnu-gcc
$(MUSL_STAMP): scripts/build-dep
	@$(build_dep)

# uPlot.iife.min.js and uPlot.min.css
$(UPLOT_DEPS):
	@archive=$$(scripts/fetch-source uplot) && mkdir -p $(@D) && \
	    tar -xzf $$archive -C $(@D) --strip-components=2 package/dist && touch $@

$(ZIG):
	@archive=$$(scripts/fetch-source zig) && mkdir -p $(@D) && tar -xzf $$archive -C $(@D) --strip-components=1 && touch $@

build/gen/roots.h: scripts/roots-header scripts/roots.tsv
	@mkdir -p $(@D) && scripts/roots-header >$@.new && mv $@.new $@
