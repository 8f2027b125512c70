"""Where all ends with the first process of a PID namespace, an outcome waits for its own delivery, at most
a second; nowhere else does anything wait (contract 5)."""

import os

import pytest
import sink as server
from shim_lab import SHIM, SOON, wait_for
from sink import Sink

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can make a PID namespace")

# What /proc shows there: its own namespace, or the outer one.
PROC = {"own /proc": ["--mount-proc"], "outer /proc": []}
# How many shells there are between the namespace and the shim, the innermost being the installer. None:
# the shim is the first process; 1: the installer is; 2: the installer is a child of the first.
DIES_ALONG = (0, 1, 2)


def contain(proc, shells, words):
    for _ in range(shells):
        words = ["sh", "-c", '"$@"; :', "sh", *words]
    return ["unshare", "--pid", "--fork", *PROC[proc], *words]


@pytest.fixture(params=PROC)
def proc(request):
    return request.param


@pytest.mark.parametrize("shells", DIES_ALONG)
@pytest.mark.parametrize("event", ["install_complete", "install_failed"])
def test_the_outcome_arrives(case, proc, shells, event):
    case.run(contain(proc, shells, case.words(event))).assert_unnoticed()
    assert case.sink.labels == [event]  # by now, for nothing of it is left


@pytest.mark.parametrize("shells", DIES_ALONG)
def test_the_outcome_arrives_over_tls(make_case, pki, proc, shells):
    with Sink(tls=pki) as sink:
        case = make_case(sink)
        case.run(contain(proc, shells, case.words("install_complete", "--cacert", pki.ca))).assert_unnoticed()
        assert sink.labels == ["install_complete"]


@pytest.mark.parametrize("shells", DIES_ALONG)
def test_it_waits_at_most_a_second(make_case, proc, shells):
    with Sink(answer=server.silence) as sink:
        case = make_case(sink)
        case.run(contain(proc, shells, case.words("install_failed"))).assert_unnoticed(1 + SOON)
        assert sink.labels == ["install_failed"]


def test_it_waits_no_longer_than_it_takes(case, proc):
    result = case.run(contain(proc, 1, case.words("install_failed"))).assert_unnoticed()
    assert result.seconds < 0.9, result


@pytest.mark.parametrize("shells", (3, 4))
def test_deeper_down_nothing_waits(make_case, proc, shells):
    with Sink(answer=server.silence) as sink:
        case = make_case(sink)
        case.run(contain(proc, shells, case.words("install_failed"))).assert_unnoticed(0.9)


def test_outside_nothing_waits(make_case):
    with Sink(answer=server.silence) as sink:
        make_case(sink).emit("install_failed").assert_unnoticed(0.9)


@pytest.mark.parametrize("shells", DIES_ALONG)
def test_a_start_waits_for_nothing(make_case, proc, shells):
    with Sink(answer=server.silence) as sink:
        make_case(sink).run(contain(proc, shells, make_case(sink).words("install_start"))).assert_unnoticed(0.9)


def test_run_as_the_first_process(case):
    words = [SHIM, "run", "--app", "acme", "--endpoint", case.sink.url, "--", "sh", "-c", "exit 5"]
    result = case.run(contain("own /proc", 0, words))
    assert result.status == 5 and result.seconds < SOON
    assert "install_failed" in case.sink.labels


def test_the_watcher_goes_with_its_container(case):
    """Nothing of it outlives the namespace."""
    case.run(contain("own /proc", 0, ["sh", "-c", '"$@" --watch $$; sleep 0.3', "sh", *case.words("install_start")]))
    assert wait_for(lambda: not case.processes(), 2)
    assert case.sink.labels == ["install_start"]
