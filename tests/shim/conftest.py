"""A sink to talk to and a home to talk from."""

import os

import pytest
from shim_lab import SHIM, Case
from sink import Sink


@pytest.fixture(scope="session", autouse=True)
def shim():
    if not SHIM.exists():
        pytest.skip("build/footfall is not built: make")
    return SHIM


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


@pytest.fixture
def case(folder, sink):
    case = Case(folder, sink)
    yield case
    case.end()


@pytest.fixture
def own_tmp(case):
    """For homes that cannot hold what must be remembered: it is not to be in everybody's /tmp."""
    if os.getuid() != 0:
        pytest.skip("only root can set this up")
    case.own_tmp = True
