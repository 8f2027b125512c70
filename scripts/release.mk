# A release: every platform of shim/spec/platforms.tsv, packed, listed, signed; what it says of itself is tested.
#   FOOTFALL_RELEASE_KEY   a minisign key, as scripts/sign takes it; SIGN=yes refuses to do without one
#   FREEBSD_SYSROOT        a folder with FreeBSD's base.txz unpacked: without it FreeBSD is left out

PLATFORM_ROWS := $(shell awk -F '\t' '!/^#/ && $$1 != "platform" { print $$2 ":" $$3 ":" $$6 ":" $$8 }' shim/spec/platforms.tsv)
row_field = $(word $(1),$(subst :, ,$(2)))
is_reachable = $(filter -,$(call row_field,4,$(1)))$($(call row_field,4,$(1)))
row_programs = build/shim/$(call row_field,1,$(1))/footfall$(filter .exe,$(call row_field,2,$(1))) \
    $(if $(filter yes,$(call row_field,3,$(1))),build/collector/$(call row_field,1,$(1))/footfall-collector)
RELEASE_PROGRAMS = $(foreach row,$(PLATFORM_ROWS),$(if $(call is_reachable,$(row)),$(call row_programs,$(row))))

release:
	@scripts/bootstrap release
	@scripts/release --plan
	@$(MAKE) --no-print-directory -j$$(nproc) release-programs
	@scripts/release build/release

release-programs: $(RELEASE_PROGRAMS)

# What the tests read: a release signed with a throw-away key, of three platforms for `make test`, and of all for
# `make test-release`.
TESTED_PLATFORMS = linux-x86_64 linux-aarch64 windows-x86_64
test-programs: build/test/release/SHA256SUMS
build/test/release/SHA256SUMS: $(foreach target,$(NATIVE) aarch64-linux-musl,build/shim/$(target)/footfall) \
    build/shim/x86_64-windows-gnu/footfall.exe build/collector/$(NATIVE)/footfall-collector \
    $(wildcard scripts/release scripts/licences scripts/linked scripts/sbom scripts/sign scripts/components.tsv scripts/check-hardening)
	@$(call tested_release,$(TESTED_PLATFORMS))

tested_release = mkdir -p build/test && minisign -G -W -f -p build/test/release.pub -s build/test/release.key >/dev/null && \
    FOOTFALL_RELEASE_KEY=build/test/release.key SIGN=yes scripts/release build/test/release $(1)

test-release: release
	@scripts/bootstrap test
	@$(MAKE) --no-print-directory -j$$(nproc) test-programs
	@$(call tested_release)
	@$(PYTEST) -m "release or not release" tests/release tests/shim/test_hardening.py tests/shim/test_control_flow.py

export SIGN FREEBSD_SYSROOT
.PHONY: release release-programs test-release
