# Footfall's own deb and rpm, in build/packages.

packages: build/footfall build/footfall-collector
	@scripts/package deb build/packages
	@scripts/package rpm build/packages

.PHONY: packages
