"""The n-th allocation fails, for every n: nobody notices, and nothing is torn or doubled (contract 5)."""

import shutil

import pytest
from shim_lab import ID_FILE, ROOT, wait_for
from sink import Sink


FAILING = ROOT / "build/test/footfall-allocations"  # linked with an allocator that fails on demand


@pytest.fixture
def failing():
    assert FAILING.exists(), "make test-programs makes it"
    return FAILING


def count(make_case, far, failing, options):
    """How many allocations an event takes, from start to end."""
    case = make_case(far)
    file = case.folder / "allocations"
    case.emit("install_start", *options, shim=failing, env={"ALLOCATIONS": file})
    assert case.wait_until_gone() and far.labels == ["install_start"]
    return max(int(line) for line in file.read_text().split())


def sweep(make_case, far, failing, options, variable, step):
    total = count(make_case, far, failing, options)
    assert total > 10
    delivered = 0
    for n in range(1, total + 1, step):
        far.requests.clear()
        case = make_case(far)
        # Not stopped by its deadline: each ends by itself.
        case.emit("install_start", "--deadline", "20", *options, shim=failing, env={variable: n}).assert_unnoticed()
        assert case.wait_until_gone(10), n
        assert len(far.requests) <= 1, n
        assert ID_FILE.fullmatch(case.id_file.read_bytes()), n
        assert not [name for name in case.all_files() if name.endswith(".tmp")], n
        delivered += len(far.requests)
        shutil.rmtree(case.folder)
    return delivered, len(range(1, total + 1, step))


@pytest.mark.parametrize("variable", ["FAIL_ALLOCATION", "FAIL_FROM"])
def test_plain(make_case, sink, failing, variable):
    sweep(make_case, sink, failing, [], variable, step=1)


@pytest.mark.parametrize("variable", ["FAIL_ALLOCATION", "FAIL_FROM"])
def test_tls(make_case, pki, failing, variable):
    with Sink(tls=pki) as far:
        sweep(make_case, far, failing, ["--cacert", pki.ca], variable, step=29)


@pytest.mark.long
@pytest.mark.parametrize("variable", ["FAIL_ALLOCATION", "FAIL_FROM"])
def test_tls_every_allocation(make_case, pki, failing, variable):
    with Sink(tls=pki, certificate="chained") as far:
        sweep(make_case, far, failing, ["--cacert", pki.ca], variable, step=1)


def test_strict_says_so(make_case, sink, failing):
    """Of the errors that come from this, the first is a plain one."""
    case = make_case(sink)
    result = case.emit("install_start", "--strict", shim=failing, env={"FAIL_FROM": 1})
    assert result.status == 4 and b"memory" in result.err, result
    assert wait_for(lambda: not case.processes()) and sink.requests == []
