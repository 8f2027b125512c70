"""Telemetry that does not work, or takes its time, changes nothing for whoever installs."""

import hashlib
import os
import re
import shutil
import subprocess
import time

import pytest
from installer_lab import PLATFORM, SHIM, black_hole, wait_for
from sh_shells import calls_of

COMPLETE = ["install_complete", "install_start"]
NOTICE = "Acme sends one anonymous event"
PATIENCE = 4.0  # seconds: less than any of the hangs below, far more than a busy machine needs


def install(case, script, shell="dash", form="file", runner=(), **environment):
    """Status, output without the notice, and seconds."""
    words = [*runner, *calls_of(shell, case.write(script))[form]]
    began = time.monotonic()
    done = subprocess.run(words, env=case.environment(**environment), capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    lines = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith(NOTICE)]
    return done.returncode, [line.replace(str(case.folder), "CASE") for line in lines], seconds


BAD_SHIMS = {
    "hangs": b"#!/bin/sh\nsleep 30\n",
    "hangs and ignores signals": b"#!/bin/sh\ntrap '' TERM INT HUP\nwhile :; do sleep 30; done\n",
    "hangs at the start": b'#!/bin/sh\ncase $2 in install_start) sleep 30 ;; esac\n',
    "hangs at the outcome": b'#!/bin/sh\ncase $2 in install_start) ;; *) sleep 30 ;; esac\n',
    "crashes": b"#!/bin/sh\nkill -SEGV $$\n",
    "fails and talks": b"#!/bin/sh\necho out; echo err >&2; exit 9\n",
    "talks without end": b"#!/bin/sh\nyes | head -c 10000000; exec yes >&2\n",
    "of another machine": b"\x7fELF\x02\x01\x01" + b"\0" * 9 + b"\x02\0\xf3\0" + b"> touched\n" * 100,
    "empty": b"",
}


def script_with_shim(lab, name, shim):
    """An installer whose shim is this file."""
    folder = lab.folder / f"shims {name}"
    folder.mkdir(exist_ok=True)
    (folder / f"footfall-{PLATFORM}").write_bytes(shim)
    served = lab.served / f"shims-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    if not served.exists():
        shutil.copytree(folder, served)
    return lab.render(SHIMS=folder, SHIM_URL=f"{lab.url}/{served.name}")


@pytest.mark.parametrize("bad", BAD_SHIMS)
def test_a_bad_shim(lab, bad):
    script = script_with_shim(lab, bad, BAD_SHIMS[bad])
    for change in (lambda text: text, lambda text: text.replace("    unpack\n", "    exit 3\n", 1)):
        case, plain = lab.case(), lab.case()
        status, output, seconds = install(case, change(script))
        plain_status, plain_output, plain_seconds = install(plain, change(script), ACME_NO_TELEMETRY="1")
        assert (status, output) == (plain_status, plain_output)
        assert seconds < plain_seconds + PATIENCE
        assert not list(case.folder.glob("touched")) and case.events == []
        if "hangs" not in bad and "without end" not in bad:
            assert wait_for(lambda: not case.leftovers and not case.processes), "left behind"


def test_a_shim_that_hangs_is_ended(lab):
    """It is given ten seconds, and then nothing is left of it."""
    script = script_with_shim(lab, "hangs", BAD_SHIMS["hangs"]).replace("footfall_within 10", "footfall_within 1")
    case = lab.case()
    install(case, script)
    assert wait_for(lambda: not case.leftovers, 15)
    # The fake shim's own child, a sleep, is not the installer's to know.
    assert wait_for(lambda: not [words for words in case.processes if not words.startswith(b"sleep\0")], 5)


def test_an_outcome_does_not_wait_for_the_start(lab, shell):
    """It has been sent, but its shim takes its time to end: its watcher must not take the silence for a failure."""
    slow = f"#!/bin/sh\n'{SHIM}' \"$@\"\ncase $2 in install_start) exec sleep 3 ;; esac\n"
    case = lab.case()
    assert install(case, script_with_shim(lab, "slow start", slow.encode()), shell)[0] == 0
    assert case.wait_for_events(2) == COMPLETE
    assert wait_for(lambda: not case.leftovers)


@pytest.mark.parametrize("trouble", ["404", "hang", "cut", "slow=5"])
def test_a_shim_server_in_trouble(lab, trouble):
    case, plain = lab.case(), lab.case()
    script = lab.render()
    status, output, seconds = install(case, script, FOOTFALL_SHIM_URL=f"{lab.url}/{trouble}/shims")
    assert (status, output) == install(plain, script, ACME_NO_TELEMETRY="1")[:2]
    assert seconds < PATIENCE
    if trouble.startswith("slow"):
        assert case.wait_for_events(2) == COMPLETE
        assert wait_for(lambda: not case.leftovers)


def test_a_shim_with_another_checksum_is_not_run(lab):
    folder = lab.served / "changed"
    folder.mkdir(exist_ok=True)
    (folder / f"footfall-{PLATFORM}").write_bytes(SHIM.read_bytes() + b"x")
    case = lab.case()
    status, _, _ = install(case, lab.render(), FOOTFALL_SHIM_URL=f"{lab.url}/changed")
    assert wait_for(lambda: not case.leftovers)
    assert (status, case.events) == (0, [])


def test_a_shim_server_over_plain_http_elsewhere_is_not_asked(lab):
    case = lab.case()
    status, _, _ = install(case, lab.render(), FOOTFALL_SHIM_URL="http://127.0.0.1.acme.example/shims")
    assert wait_for(lambda: not case.leftovers)
    assert (status, case.events) == (0, [])


def test_black_holes(lab, shell):
    """Neither the shim's server nor the endpoint ever answers."""
    with black_hole() as port:
        for environment in ({"FOOTFALL_ENDPOINT": f"http://127.0.0.1:{port}/v1/events"},
                            {"FOOTFALL_SHIM_URL": f"https://localhost:{port}/shims"},
                            {"FOOTFALL_ENDPOINT": "https://localhost:1/v1/events"}):
            case = lab.case()
            status, output, seconds = install(case, lab.render(), shell, **environment)
            assert (status, len(output)) == (0, 4)
            assert seconds < PATIENCE


@pytest.mark.parametrize("change", ["", "exit 3"])
def test_a_late_shim_reports_after_the_installer_has_gone(lab, shell, change):
    case = lab.case()
    script = lab.render()
    if change:
        script = script.replace("    unpack\n", f"    {change}\n", 1)
    status, _, _ = install(case, script, shell, FOOTFALL_SHIM_URL=f"{lab.url}/gate={case.name}/shims")
    assert (status, case.events) == (3 if change else 0, [])
    lab.releases.gates[case.name].set()
    assert case.wait_for_events(2) == (["install_failed", "install_start"] if change else COMPLETE)
    assert wait_for(lambda: not case.leftovers and not case.processes), "left behind"


def test_killed_before_the_shim_has_come(lab, shell):
    """No trap runs and there is no watcher yet: whoever fetches the shim sees that nobody is left."""
    case = lab.case()
    words = calls_of(shell, case.write(lab.render()))["file"]
    process = subprocess.Popen(words, env=case.environment(
        FOOTFALL_SHIM_URL=f"{lab.url}/gate={case.name}/shims", ACME_DOWNLOAD_URL=f"{lab.url}/hang/for={case.name}/dl"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    case.wait_for_download()
    process.kill()
    assert process.wait() == -9 and case.events == []
    lab.releases.gates[case.name].set()
    assert case.wait_for_events(2) == ["install_failed", "install_start"]


def test_nobody_waits_for_a_late_shim(lab, shell):
    """x=$(... | sh), ... | sh | tee, and a descriptor that somebody forgot to close: each of them
    returns while the shim's server has not answered yet."""
    case = lab.case()
    file = case.write(lab.render())
    command = " ".join(str(word) for word in calls_of(shell, file)["file"][:-1])
    environment = case.environment(FOOTFALL_SHIM_URL=f"{lab.url}/gate={case.name}/shims")
    for driver in (f"x=$(cat {file} | {command} 2>&1); echo \"$x\"", f"cat {file} | {command} 2>&1 | tee log",
                   f"{{ cat {file} | {command} 3>&1 4>&1 >/dev/null; }} | cat"):
        subprocess.run(["sh", "-c", driver], env=environment, cwd=case.folder, check=True, stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL, timeout=20)
        assert case.events == [], driver
    lab.releases.gates[case.name].set()
    assert case.wait_for_events(6) == sorted(COMPLETE * 3)


def test_the_temporary_folder_forbids_programs(lab, shell):
    if os.getuid() != 0:
        pytest.skip("only root can mount")
    noexec = lab.folder / f"noexec {shell}"
    lab.mount(noexec, "size=8m,noexec,mode=1777")
    case = lab.case(temporary=noexec)
    assert install(case, lab.render(), shell)[0] == 0
    assert case.wait_for_events(2) == COMPLETE
    assert wait_for(lambda: not case.leftovers)
    assert not [name for name in os.listdir(case.home / ".acme") if name.startswith("footfall.")]


def test_two_runs_are_two_runs(lab):
    case = lab.case()
    for _ in range(2):
        install(case, lab.render())
    assert case.wait_for_events(4) == sorted(COMPLETE * 2)
    assert len({re.search(rb'"cid":"([^"]+)"', body)[1] for body, _ in case.events}) == 1


def test_a_run_of_somebody_elses_is_that_run(lab):
    """footfall run passes its token on: what it starts belongs to the same run."""
    case = lab.case()
    for _ in range(2):
        install(case, lab.render(), FOOTFALL_RUN="one and the same")
    assert case.wait_for_events(2) == COMPLETE
    time.sleep(0.5)
    assert case.labels == COMPLETE


def test_nothing_is_written_elsewhere(lab, shell):
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    case = lab.case()
    log = case.folder / "strace"
    status, _, _ = install(case, lab.render(), shell, runner=[
        "strace", "-f", "-qq", "-o", log, "-e", "trace=open,openat,creat,mkdir,mkdirat,link,linkat,symlink,symlinkat,"
        "rename,renameat,renameat2,mknod,mknodat,unlink,unlinkat,rmdir"])
    # Which outcome is not asked: strace can make the last word come later than the watcher waits for it.
    assert status == 0 and len(case.wait_for_events(2)) == 2
    allowed = [str(case.target), str(case.home / ".acme"), str(case.temporary), "/dev/null", "/dev/tty"]
    if shell == "ksh93":
        allowed.append("/dev/shm")  # where it keeps the output of $(...)
    strays = []
    for line in log.read_text(errors="replace").splitlines():
        call = re.search(r'\b(\w+)\(.*?"([^"]*)"', line)
        if not call or "ENOENT" in line:
            continue
        if call[1].startswith("open") and not re.search("O_WRONLY|O_RDWR|O_CREAT", line):
            continue
        if call[1] == "mkdir" and any(place.startswith(call[2] + "/") for place in allowed):
            continue  # mkdir -p, at a folder that is there
        if call[2].startswith("/") and not any(call[2] == place or call[2].startswith(place + "/")
                                               for place in allowed):
            strays.append(line)
    assert strays == []


def test_the_first_process_of_a_container_waits_for_its_outcome(lab):
    """All others die with it; nowhere else does an installer wait."""
    unshare = ["unshare", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespaces here")
    for runner in (unshare, [*unshare, "sh", "-c", '"$@"; exit', "sh"]):
        for trouble, change in (("for=x", ""), ("late=0.3", "exit 3")):
            case = lab.case()
            script = lab.render()
            if change:
                script = script.replace("    unpack\n", f"    {change}\n", 1)
            status, _, seconds = install(case, script, runner=runner,
                                         FOOTFALL_SHIM_URL=f"{lab.url}/{trouble}/shims")
            assert status == (3 if change else 0) and seconds < PATIENCE
            assert "install_failed" in case.labels if change else "install_complete" in case.labels


@pytest.mark.parametrize("streams", ["<&-", "2>&-", "2>/dev/full", ">&-", ">&- 2>&-"])
def test_streams_that_are_closed_or_full(lab, shell, streams):
    """The same status as without telemetry, and one event for each end; a line that nobody can print
    fails some shells and not others."""
    case, plain = lab.case(), lab.case()
    runner = ["sh", "-c", f'"$@" {streams}', "sh"]
    status, output, _ = install(case, lab.render(), shell, runner=runner)
    assert (status, output) == install(plain, lab.render(), shell, runner=runner, ACME_NO_TELEMETRY="1")[:2]
    assert case.wait_for_events(2) in (COMPLETE, ["install_failed", "install_start"])
