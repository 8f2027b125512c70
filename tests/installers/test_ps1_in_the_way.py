"""Telemetry that does not work, or takes its time, changes nothing for whoever runs install.ps1."""

import hashlib
import os
import shutil
import stat
import subprocess
import time

import pytest
from installer_lab import PLATFORM, SHIM, black_hole, wait_for
from installer_ways import COMPLETE, FAILED
from ps1_ways import (NOTICE, PWSH, SECONDS, at, calls_of, environment_of, need_pwsh, script_of,
                      without_changing_parts, write)

BAD_SHIMS = {
    "hangs": b"#!/bin/sh\nexec sleep 30\n",
    "hangs at the outcome": b"#!/bin/sh\ncase $2 in install_start) ;; *) exec sleep 30 ;; esac\n",
    "crashes": b"#!/bin/sh\nkill -SEGV $$\n",
    "fails and talks": b"#!/bin/sh\necho out; echo err >&2; exit 9\n",
    "of another machine": b"\x7fELF\x02\x01\x01" + b"\0" * 9 + b"\x02\0\xf3\0" + b"> touched\n" * 100,
    "empty": b"",
}


def install(case, script, runner=(), **environment):
    """Status, output without the notice, and seconds."""
    words = [*runner, *calls_of(case, write(case, script))["-File"]]
    began = time.monotonic()
    done = subprocess.run(words, env=environment_of(case, **environment), cwd=case.folder, capture_output=True,
                          text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    lines = without_changing_parts(done.stdout + done.stderr, case).splitlines()
    return done.returncode, [line for line in lines if not line.startswith(NOTICE)], seconds


def is_gone(case):
    """No file, and no process of the installer's."""
    return not case.leftovers and not case.processes


def script_with_shim(lab, name, shim):
    folder = lab.served / f"shims-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    folder.mkdir(exist_ok=True)
    (folder / f"footfall-{PLATFORM}").write_bytes(shim)
    return script_of(lab, SHIMS=folder, SHIM_URL=f"{lab.url}/{folder.name}")


def hasty(script):
    """It loses its patience sooner."""
    for patience, less in (("$events, 60000)", "$events, 8000)"), ("WaitForExit(10000)", "WaitForExit(1000)"),
                           ("$turn -lt 500;", "$turn -lt 50;")):
        assert patience in script
        script = script.replace(patience, less)
    return script


@pytest.fixture(scope="module", name="plain")
def plain_run(lab):
    """What an install says without telemetry."""
    need_pwsh()
    return install(lab.case(), script_of(lab), ACME_NO_TELEMETRY="1")


@pytest.mark.parametrize("bad", BAD_SHIMS)
def test_a_bad_shim(lab, plain, bad):
    case = lab.case()
    status, output, _ = install(case, hasty(script_with_shim(lab, bad, BAD_SHIMS[bad])))
    assert (status, output) == plain[:2]
    assert wait_for(lambda: is_gone(case), SECONDS), "left behind"
    assert not list(case.folder.glob("touched")) and case.events == []


@pytest.mark.parametrize("trouble", ["404", "hang", "cut", "slow=3"])
def test_a_shim_server_in_trouble(lab, plain, trouble):
    case = lab.case()
    script = hasty(script_of(lab))
    status, output, _ = install(case, script, FOOTFALL_SHIM_URL=f"{lab.url}/{trouble}/shims")
    assert (status, output) == plain[:2]
    if trouble.startswith("slow"):
        assert case.wait_for_events(2, SECONDS) == COMPLETE
    assert wait_for(lambda: is_gone(case), SECONDS), "left behind"
    assert len(case.events) == (2 if trouble.startswith("slow") else 0)


def test_a_shim_with_another_checksum_is_not_run(lab, plain):
    folder = lab.served / "changed"
    folder.mkdir(exist_ok=True)
    (folder / f"footfall-{PLATFORM}").write_bytes(SHIM.read_bytes() + b"x")
    case = lab.case()
    assert install(case, script_of(lab), FOOTFALL_SHIM_URL=f"{lab.url}/changed")[:2] == plain[:2]
    assert wait_for(lambda: is_gone(case), SECONDS)
    assert case.events == []


def test_a_shim_server_over_plain_http_elsewhere_is_not_asked(lab, plain):
    case = lab.case()
    assert install(case, script_of(lab), FOOTFALL_SHIM_URL="http://127.0.0.1.acme.example/shims")[:2] == plain[:2]
    assert is_gone(case) and case.events == []


def test_an_endpoint_that_never_answers(lab, plain):
    with black_hole() as port:
        case = lab.case()
        assert install(case, script_of(lab), FOOTFALL_ENDPOINT=f"http://127.0.0.1:{port}/v1/events")[:2] == plain[:2]
        assert wait_for(lambda: is_gone(case), SECONDS), "left behind"


@pytest.mark.parametrize("change", ["", "throw 'broken'"])
def test_a_late_shim_reports_after_the_installer_has_gone(lab, change):
    need_pwsh()
    case = lab.case()
    script = at(change)(script_of(lab)) if change else script_of(lab)
    status, _, _ = install(case, script, FOOTFALL_SHIM_URL=f"{lab.url}/gate={case.name}/shims")
    assert (status, case.events) == (1 if change else 0, [])
    lab.releases.gates[case.name].set()
    assert case.wait_for_events(2, SECONDS) == (FAILED if change else COMPLETE)
    assert wait_for(lambda: is_gone(case), SECONDS), "left behind"


def test_what_it_runs_is_for_its_user_alone(lab):
    need_pwsh()
    case = lab.case()
    words = calls_of(case, write(case, script_of(lab)))["-File"]
    subprocess.run(words, env=environment_of(case, FOOTFALL_SHIM_URL=f"{lab.url}/gate={case.name}/shims"), umask=0,
                   cwd=case.folder, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS)
    folders = list(case.temporary.glob("footfall.*"))
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700]
    lab.releases.gates[case.name].set()
    assert wait_for(lambda: is_gone(case), SECONDS)


def test_nobody_waits_for_a_late_shim(lab):
    """$(...), | tee, and a descriptor that somebody forgot to close: each of them returns while the
    shim's server has not answered yet."""
    need_pwsh()
    case = lab.case()
    file = write(case, script_of(lab))
    environment = environment_of(case, FOOTFALL_SHIM_URL=f"{lab.url}/gate={case.name}/shims")
    command = f"{PWSH} -NoProfile -NonInteractive -File {file}"
    for driver in (f'x=$({command} 2>&1); echo "$x"', f"{{ {command} 3>&1 4>&1 2>&1; }} | tee log"):
        subprocess.run(["sh", "-c", driver], env=environment, cwd=case.folder, check=True, stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=SECONDS)
        assert case.events == [], driver
    lab.releases.gates[case.name].set()
    assert case.wait_for_events(4, SECONDS) == sorted(COMPLETE * 2)


def test_a_busy_machine_loses_no_outcome(lab):
    """What goes on beside the installer, which ends at once, gets nowhere for five seconds."""
    need_pwsh()
    case = lab.case()
    first = "        Initialize-Footfall\n"
    script = at("throw 'broken'")(script_of(lab))
    assert first in script
    assert install(case, script.replace(first, "        [Threading.Thread]::Sleep(5000)\n" + first))[0] == 1
    assert case.wait_for_events(2, SECONDS) == FAILED
    assert wait_for(lambda: is_gone(case), SECONDS)


def test_an_outcome_does_not_wait_for_the_start(lab):
    """It has been sent, but its shim takes its time to end: its watcher must not take the silence for a failure."""
    need_pwsh()
    slow = f"#!/bin/sh\n'{SHIM}' \"$@\"\ncase $2 in install_start) exec sleep 3 ;; esac\n"
    case = lab.case()
    assert install(case, script_with_shim(lab, "slow start", slow.encode()))[0] == 0
    assert case.wait_for_events(2, SECONDS) == COMPLETE
    assert wait_for(lambda: is_gone(case), SECONDS)


@pytest.mark.parametrize("ready", [True, False], ids=["shim here", "shim late"])
def test_what_is_exported_after_the_start(lab, ready):
    """To quiet the programs that it runs, or to give them a home: no choice of its user's."""
    need_pwsh()
    case = lab.case()
    exports = "; ".join([f"$env:{name} = '{value}'" for name, value in {
        "CI": 1, "DO_NOT_TRACK": 1, "ACME_NO_TELEMETRY": 1, "ACME_TELEMETRY": 0, "HOME": case.folder / "elsewhere",
        "TMPDIR": case.folder / "elsewhere"}.items()])
    script = at(f"Start-Sleep 1; $null = New-Item -ItemType Directory elsewhere; {exports}")(script_of(lab))
    changes = {} if ready else {"FOOTFALL_SHIM_URL": f"{lab.url}/slow=3/shims"}
    assert install(case, script, **changes)[0] == 0
    assert case.wait_for_events(2, SECONDS) == COMPLETE
    assert wait_for(lambda: is_gone(case), SECONDS)
    assert not [*(case.folder / "elsewhere").glob("footfall.*")] and case.labels == COMPLETE


def test_a_relative_temporary_folder(lab, plain):
    case = lab.case()
    assert install(case, script_of(lab), TMPDIR="tmp")[0] == plain[0]
    assert case.wait_for_events(2, SECONDS) == COMPLETE
    assert wait_for(lambda: is_gone(case), SECONDS)


def test_the_temporary_folder_forbids_programs(lab, plain):
    if os.getuid() != 0:
        pytest.skip("only root can mount")
    noexec = lab.folder / "noexec pwsh"
    lab.mount(noexec, "size=8m,noexec,mode=1777")
    case = lab.case(temporary=noexec)
    assert install(case, script_of(lab))[:2] == plain[:2]
    assert case.wait_for_events(2, SECONDS) == COMPLETE
    assert wait_for(lambda: is_gone(case), SECONDS)
    assert not [name for name in os.listdir(case.home / ".acme") if name.startswith("footfall.")]


@pytest.mark.parametrize("owner, labels", [(0, COMPLETE), (65534, [])], ids=["own home", "somebody else's"])
def test_root_leaves_nothing_in_somebody_elses_home(lab, plain, owner, labels):
    """It is where the shim would be put when no temporary folder allows programs."""
    if os.getuid() != 0:
        pytest.skip("only root can mount")
    case = lab.case()
    case.home.rmdir()
    lab.mount(case.home, f"size=8m,mode=755,uid={owner}")
    forbid = "mount --rbind /tmp /tmp && mount -o remount,bind,noexec /tmp && exec \"$@\""
    assert install(case, script_of(lab), runner=["unshare", "--mount", "sh", "-c", forbid, "sh"])[:2] == plain[:2]
    assert case.wait_for_events(2, SECONDS if labels else 2) == labels
    assert wait_for(lambda: is_gone(case), SECONDS)
    assert (case.home / ".acme").exists() == (owner == 0)


def test_a_run_of_somebody_elses_is_that_run(lab, plain):
    """footfall run passes its token on: what it starts belongs to the same run."""
    case = lab.case()
    for _ in range(2):
        assert install(case, script_of(lab), FOOTFALL_RUN="one 'and' the \"same\"")[0] == plain[0]
        assert wait_for(lambda: is_gone(case), SECONDS)
    assert case.labels == COMPLETE


def test_the_first_process_of_a_container_waits_for_its_outcome(lab):
    """All others die with it."""
    need_pwsh()
    unshare = ["unshare", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespaces here")
    for change in ("", "throw 'broken'"):
        case = lab.case()
        script = at(change)(script_of(lab)) if change else script_of(lab)
        # What it installs takes a while, as it does in life.
        script = at("Start-Sleep 3")(script)
        status, _, _ = install(case, script, runner=unshare)
        assert (status, case.labels) == ((1, FAILED) if change else (0, COMPLETE))


def test_nothing_is_written_elsewhere(lab):
    need_pwsh()
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    case = lab.case()
    log = case.folder / "strace"
    status, _, _ = install(case, script_of(lab), runner=[
        "strace", "-f", "-qq", "-o", log, "-e", "trace=open,openat,creat,mkdir,mkdirat,link,linkat,symlink,symlinkat,"
        "rename,renameat,renameat2,mknod,mknodat,unlink,unlinkat,rmdir"])
    assert status == 0 and case.wait_for_events(2, SECONDS) == COMPLETE
    # .cache, .config and .local are where PowerShell itself keeps things; it and .NET share /dev/shm and /tmp/.dotnet.
    allowed = [str(place) for place in (
        case.target, case.home / ".acme", case.home / ".cache", case.home / ".config", case.home / ".local",
        case.temporary, "/dev", "/proc", "/sys", "/tmp/.dotnet", "/memfd:doublemapper")]
    strays = []
    for line in log.read_text(errors="replace").splitlines():
        if '"' not in line or "ENOENT" in line or "EEXIST" in line:
            continue
        call, path = line.split("(")[0].split()[-1], line.split('"')[1]
        if call.startswith("open") and not any(word in line for word in ("O_WRONLY", "O_RDWR", "O_CREAT")):
            continue
        if path.startswith("/") and not any(path == place or path.startswith(place + "/") for place in allowed):
            strays.append(line)
    assert strays == []
