"""A release to look at: build/test/release, packed by make and signed with a throw-away key."""

import os
import pathlib
import tempfile

import pytest
from platform_list import RELEASE
from shim_lab import Case
from sink import Pki


@pytest.fixture(scope="session")
def release():
    if not (RELEASE / "SHA256SUMS").exists():
        pytest.skip("build/test/release is not there: make test-programs")
    return RELEASE


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="footfall-test.", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(folder)


@pytest.fixture
def make_case(folder):
    cases = []

    def make(sink=None):
        cases.append(Case(folder / f"case{len(cases)}", sink))
        return cases[-1]

    yield make
    for case in cases:
        case.end()
