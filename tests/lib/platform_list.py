"""The platforms of shim/spec/platforms.tsv, and which of them a run of the tests has programs for."""

import os

import pytest
from shim_lab import ROOT

RELEASE = ROOT / "build/test/release"
# What `make test` builds; the others are built by make release, and tested by make test-release.
QUICK = ("linux-x86_64", "linux-aarch64", "windows-x86_64")


class Platform:
    def __init__(self, **row):
        self.__dict__.update(row)
        self.suffix = "" if self.suffix == "-" else self.suffix
        self.shim = RELEASE / f"footfall-{self.platform}{self.suffix}"
        self.collector_file = RELEASE / f"footfall-collector-{self.platform}"
        self.archive = RELEASE / f"footfall-{self.platform}{'.zip' if self.suffix else '.tar.gz'}"

    def is_left_out(self):
        return self.needs != "-" and not os.environ.get(self.needs)


def read_platforms():
    lines = [line for line in (ROOT / "shim/spec/platforms.tsv").read_text().splitlines() if not line.startswith("#")]
    names, *rows = (line.split("\t") for line in lines)
    return [Platform(**dict(zip(names, row))) for row in rows]


PLATFORMS = read_platforms()


def each_platform(wanted=lambda platform: True, quick=QUICK):
    """A parametrization by those that are released from here, of which most are for make test-release."""
    marks = {True: (), False: (pytest.mark.release,)}
    return pytest.mark.parametrize("platform", [
        pytest.param(platform, id=platform.platform, marks=marks[platform.platform in quick])
        for platform in PLATFORMS if wanted(platform) and not platform.is_left_out()])
