"""For all tests: an unexpected SKIP fails in CI, and the last line of a run is its tally."""
import os
import sys

import pytest

# What a machine may lack and still count as tested; everything else scripts/bootstrap installs.
MAY_BE_MISSING = ("pwsh", "PowerShell")


def is_expected(reason):
    return any(word in reason for word in MAY_BE_MISSING)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if not report.skipped or hasattr(report, "wasxfail") or os.environ.get("CI") != "true":
        return
    reason = str(report.longrepr[2])
    if not is_expected(reason):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: unexpected SKIP in CI: {reason}"


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
