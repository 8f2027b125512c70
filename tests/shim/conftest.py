"""A sink to talk to and a home to talk from."""

import os
import pathlib
import tempfile

import pytest
from shim_lab import SHIM, Case
from sink import Pki, Sink


@pytest.fixture(scope="session", autouse=True)
def shim():
    if not SHIM.exists():
        pytest.skip("build/footfall is not built: make")
    return SHIM


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


@pytest.fixture
def folder():
    """Not pytest's own temporary folder, which other users of the machine cannot enter."""
    with tempfile.TemporaryDirectory(prefix="footfall-test.", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(folder)


@pytest.fixture
def case(folder, sink):
    case = Case(folder, sink)
    yield case
    case.end()


@pytest.fixture
def make_case(folder):
    """Cases with other sinks, or with several homes."""
    cases = []

    def make(sink=None, name=None):
        cases.append(Case(folder / (name or f"case{len(cases)}"), sink))
        return cases[-1]

    yield make
    for case in cases:
        case.end()
