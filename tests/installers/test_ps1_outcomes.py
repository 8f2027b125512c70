"""Every way install.ps1 can end: one start and one outcome, and the user's own status and output."""

import concurrent.futures
import os
import time

import pytest
from installer_lab import wait_for
from installer_ways import REPORTS
from ps1_ways import NOTICE, SECONDS, WAYS, need_pwsh, run_way

SOME = ("success", "throw", "missing command", "download 404", "Ctrl-C in a cmdlet", "TERM")


def try_way(lab, way, form, compare):
    """What arrived, and what is wrong; compared with a run without telemetry if that is wanted."""
    case, status, text = run_way(lab, way, form)
    wrong = []
    # PowerShell's own status for an `exit` or a `break` differs from form to form.
    if form == "-File" and way.status not in (None, status):
        wrong.append(f"status {status}, not {way.status}")
    if compare:
        _, plain_status, plain_text = run_way(lab, way, form, ACME_NO_TELEMETRY="1")
        if way.status is not None and status != plain_status:
            wrong.append(f"status {status}, and {plain_status} without telemetry")
        lines = [line for line in text.splitlines() if not line.startswith(NOTICE)]
        if lines != plain_text.splitlines():
            wrong.append(f"output {lines}, and {plain_text.splitlines()} without telemetry")
    case.wait_for_events(len(way.expected), SECONDS)
    if not way.leaves_folder and not wait_for(lambda: not case.leftovers, SECONDS):
        wrong.append(f"left behind: {case.leftovers}")
    return case, wrong


def try_ways(lab, names, form, compare):
    need_pwsh()
    ways = {name: WAYS[name] for name in names if os.getuid() == 0 or not WAYS[name].needs_root}
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        tried = {name: pool.submit(try_way, lab, way, form, compare) for name, way in ways.items()}
        tried = {name: future.result() for name, future in tried.items()}
    time.sleep(0.5)  # for what must not come
    rows, bad = [], []
    for name, (case, wrong) in tried.items():
        counts = "+".join(str(case.labels.count(f"install_{label}")) for label in ("start", "complete", "failed"))
        rows.append(f"{name}{'' if form == '-File' else ', ' + form}\t{counts}\n")
        if case.labels != ways[name].expected:
            wrong.append(f"sent {case.labels}")
        bad += [f"{name}: {text}" for text in wrong]
    REPORTS.mkdir(parents=True, exist_ok=True)
    with open(REPORTS / "pwsh.tsv", "a", encoding="ascii") as report:
        report.writelines(rows)
    return "\n".join(bad)


@pytest.mark.parametrize("part", range(3))
def test_every_way_to_end(lab, part):
    assert try_ways(lab, list(WAYS)[part::3], "-File", compare=False) == ""


def test_under_irm_iex(lab):
    assert try_ways(lab, SOME, "irm | iex", compare=True) == ""


@pytest.mark.long
@pytest.mark.parametrize("form", ["-File", "irm | iex", "-Command", "scriptblock"])
def test_every_way_to_end_in_every_form(lab, form):
    assert try_ways(lab, WAYS, form, compare=True) == ""
