"""For all tests: an unexpected SKIP fails in CI, the last line of a run is its tally; and the places that more than
one room's tests work in."""
import os
import pathlib
import sys
import tempfile

import pytest
from shim_lab import Case
from sink import Pki

# What a machine may lack and still count as tested; everything else scripts/bootstrap installs.
MAY_BE_MISSING = ("pwsh", "PowerShell")


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def folder():
    """Not pytest's own temporary folder, which other users of the machine cannot enter."""
    with tempfile.TemporaryDirectory(prefix="footfall-test.", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(folder)


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


def is_expected(reason):
    return any(word in reason for word in MAY_BE_MISSING)


def judge(report):
    if not report.skipped or hasattr(report, "wasxfail") or os.environ.get("CI") != "true":
        return
    reason = str(report.longrepr[2])
    if not is_expected(reason):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: unexpected SKIP in CI: {reason}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    judge((yield).get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    """Of whole files."""
    judge((yield).get_result())


def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"SKIP {report.nodeid}: {report.longrepr[2]}")


def pytest_unconfigure(config):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return
    count = {name: len(reporter.stats.get(name, [])) for name in ("passed", "failed", "error", "skipped")}
    sys.stdout.write(
        f"{count['passed']} passed, {count['failed'] + count['error']} failed, {count['skipped']} skipped\n")
    sys.stdout.flush()
