"""Every way an installer can end, in every shell: one start and one outcome, and the user's own status."""

import concurrent.futures
import os
import re
import time

import pytest
from installer_lab import wait_for
from installer_ways import REPORTS, WAYS
from sh_shells import CALLS, SHELLS, calls_of

NOTICE = "Acme sends one anonymous event"


def without_changing_parts(text, case):
    text = text.replace(str(case.folder), "CASE").replace(case.name, "CASE")
    text = re.sub(r"(acme-install\.|\.acme\.)\w+", r"\1X", text)
    return re.sub(r"after \d+ ms", "after N ms", text)


def run(lab, shell, way, form="file", **environment):
    case = lab.case()
    script = lab.render()
    changed = way.change(script) if way.change else script
    assert (changed != script) == bool(way.change), "the place to change is gone"
    words = calls_of(shell, case.write(changed))[form]
    environment = case.environment(**{**way.prepare(case), **environment})
    status, out, err = way.run(words, case, way, environment)
    return case, status, without_changing_parts(out + err, case)


def try_way(lab, shell, way, form="file"):
    """With and without telemetry: what arrived, and what is wrong."""
    case, status, text = run(lab, shell, way, form)
    _, plain_status, plain_text = run(lab, shell, way, form, ACME_NO_TELEMETRY="1")
    wrong = []
    if status != plain_status:
        wrong.append(f"status {status}, and {plain_status} without telemetry")
    lines = [line for line in text.splitlines() if not line.startswith(NOTICE)]
    if lines != plain_text.splitlines():
        wrong.append(f"output {lines}, and {plain_text.splitlines()} without telemetry")
    labels = case.wait_for_events(len(way.expected))
    leaves_folder = way.leaves_folder or SHELLS[shell][0] in way.no_traps_in
    if not leaves_folder and not wait_for(lambda: not case.leftovers, 5):
        wrong.append(f"left behind: {case.leftovers}")
    return case, labels, wrong


def try_ways(lab, shell, ways, form="file"):
    ways = {name: way for name, way in ways.items() if os.getuid() == 0 or not way.needs_root}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        tried = {name: pool.submit(try_way, lab, shell, way, form) for name, way in ways.items()}
        tried = {name: future.result() for name, future in tried.items()}
    time.sleep(0.3)  # for what must not come
    rows, bad = [], []
    for name, (case, labels, wrong) in tried.items():
        labels = case.labels
        counts = "+".join(str(labels.count(f"install_{label}")) for label in ("start", "complete", "failed"))
        rows.append(f"{name}{'' if form == 'file' else ', ' + form}\t{counts}\n")
        if labels != ways[name].expected:
            wrong.append(f"sent {labels}")
        bad += [f"{name}: {text}" for text in wrong]
    REPORTS.mkdir(parents=True, exist_ok=True)
    with open(REPORTS / f"{shell}.tsv", "a", encoding="ascii") as report:
        report.writelines(rows)
    return "\n".join(bad)


# The same programs under another name or option: in the long run alone.
ALIKE = ("bash-posix", "yash-posix", "zsh-sh")
FIRST = [shell for shell in SHELLS if shell not in ALIKE]
SOME = ("success", "exit 1 in install", "Ctrl-C in a terminal")


@pytest.mark.parametrize("shell", FIRST, indirect=True)
def test_every_way_to_end(lab, shell):
    assert try_ways(lab, shell, WAYS) == ""


@pytest.mark.long
@pytest.mark.parametrize("shell", ALIKE, indirect=True)
def test_every_way_to_end_with_other_options(lab, shell):
    assert try_ways(lab, shell, WAYS) == ""


@pytest.mark.parametrize("shell, form", [call for call in CALLS if call[0] in FIRST and call[1] != "file"],
                         indirect=["shell"])
def test_some_ways_in_every_form_of_a_call(lab, shell, form):
    assert try_ways(lab, shell, {name: WAYS[name] for name in SOME}, form) == ""


@pytest.mark.long
@pytest.mark.parametrize("shell, form", [call for call in CALLS if call[1] != "file"], indirect=["shell"])
def test_every_way_to_end_in_every_form_of_a_call(lab, shell, form):
    # A signal for one process would reach the driver's shell and not the installer.
    ways = {name: way for name, way in WAYS.items() if not way.act and name not in SOME and name != "KILL"}
    assert try_ways(lab, shell, ways, form) == ""
