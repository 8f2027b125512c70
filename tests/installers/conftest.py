"""The lab that installers are tried in, the shells, and the table of what arrived."""

import os
import shutil
import signal
import tempfile

import pytest
from installer_lab import SHIM, Lab
from installer_ways import REPORTS
from sh_shells import SHELLS

# Whoever started the tests in the background may have had INT ignored, which children inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def lab():
    if not SHIM.exists():
        pytest.skip("build/footfall is not built: make")
    # Not pytest's own temporary folder, which other users of the machine cannot enter.
    with tempfile.TemporaryDirectory(prefix="footfall-lab.", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        lab = Lab(folder)
        yield lab
        lab.close()


@pytest.fixture(params=SHELLS)
def shell(request):
    if shutil.which(SHELLS[request.param][0]) is None:
        pytest.skip(f"{SHELLS[request.param][0]} is not installed")
    return request.param


def pytest_sessionstart(session):
    if not hasattr(session.config, "workerinput"):
        shutil.rmtree(REPORTS, ignore_errors=True)


def pytest_terminal_summary(terminalreporter):
    """One table of what arrived: for each way to end, and each shell, starts + outcomes."""
    reports = {file.stem: dict(line.split("\t") for line in file.read_text().splitlines())
               for file in sorted(REPORTS.glob("*.tsv"))}
    if not reports:
        return
    terminalreporter.section("installers: starts + completes + failures that arrived")
    terminalreporter.line(" " * 26 + "".join(f"{name:>11}" for name in reports))
    for way in dict.fromkeys(way for report in reports.values() for way in report):
        cells = "".join(f"{report.get(way, '-'):>11}" for report in reports.values())
        terminalreporter.line(f"{way:<26}{cells}")
