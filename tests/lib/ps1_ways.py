"""PowerShell, and the ways install.ps1 can end in it."""

import contextlib
import dataclasses
import os
import pty
import re
import shutil
import signal
import subprocess
import time
import typing

import installer_ways
import pytest
from installer_lab import wait_for
from installer_ways import COMPLETE, fake_machine, full_disk, release, signalled, trouble

PWSH = shutil.which("pwsh")
NOTICE = "Acme sends one anonymous event"
SECONDS = 60  # how long a busy machine may take; PowerShell itself starts in 0.15 s


def need_pwsh():
    if PWSH is None:
        pytest.skip("pwsh is not on PATH")


def script_of(lab, **changes):
    return lab.render(script="install.ps1", **changes)


def environment_of(case, **changes):
    """PowerShell would tell its maker that it was started, and ask him for a newer version."""
    return case.environment(**{"POWERSHELL_TELEMETRY_OPTOUT": "1", "POWERSHELL_UPDATECHECK": "Off",
                               "NO_COLOR": "1", "TERM": "xterm", **changes})


def write(case, script):
    """The file, which the release server also serves."""
    served = case.lab.served / "scripts"
    served.mkdir(exist_ok=True)
    (served / f"{case.name}.ps1").write_text(script)
    return case.write(script, "install.ps1")


def address_of(case):
    return f"{case.lab.url}/scripts/{case.name}.ps1"


def calls_of(case, file):
    """How people start it."""
    pwsh = [PWSH, "-NoProfile", "-NonInteractive"]
    return {
        "-File": [*pwsh, "-File", file],
        "irm | iex": [*pwsh, "-Command", f"irm {address_of(case)} | iex"],
        "-Command": [*pwsh, "-Command", f"& '{file}' --verbose"],
        "scriptblock": [*pwsh, "-Command", f"& ([scriptblock]::Create((irm {address_of(case)}))) -Verbose"],
    }


def powershell(case, command, timeout=SECONDS, **environment):
    """What a session with these lines in it says; the script is install.ps1 in its folder."""
    return subprocess.run([PWSH, "-NoProfile", "-NonInteractive", "-Command", command], cwd=case.folder,
                          env=environment_of(case, **environment), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=timeout)


def wait_until_watched(case, environment):
    """Only a shim that is there reports what no script can catch."""
    if "ACME_NO_TELEMETRY" not in environment:
        case.wait_for_events(1, SECONDS)


def run_plainly(words, case, way, environment):
    """Runs it with its output caught; way.act is done to it once it asks for its download and is watched."""
    process = subprocess.Popen(words, env=environment, cwd=case.folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    if way.act:
        case.wait_for_download(SECONDS)
        wait_until_watched(case, environment)
        way.act(process)
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out, err


def in_terminal(wait, close=False):
    """Runs it in the foreground of a terminal, where somebody presses Ctrl-C once wait(case) is over,
    or closes the terminal."""

    def run(words, case, way, environment):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(case.folder)
            os.execvpe(str(words[0]), [str(word) for word in words], environment)
        wait(case)
        time.sleep(0.2)  # the download was asked for by a process that may not yet wait for it
        if close:
            wait_until_watched(case, environment)
        else:
            os.write(terminal, b"\x03")
            with contextlib.suppress(OSError):
                while os.read(terminal, 4096):
                    pass
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status), "", ""

    return run


def run_into_closed_pipe(words, case, way, environment):
    end, pipe = os.pipe()
    os.close(end)
    process = subprocess.run(words, env=environment, cwd=case.folder, stdin=subprocess.DEVNULL, stdout=pipe,
                             stderr=subprocess.PIPE, timeout=SECONDS)
    os.close(pipe)
    return process.returncode, "", ""


def run_as_nobody(words, case, way, environment):
    """The target belongs to somebody else."""
    case.target.mkdir()
    for folder in (case.home, case.temporary):
        os.chown(folder, 65534, 65534)
    process = subprocess.run(words, env=environment, cwd="/", stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, timeout=SECONDS, user=65534, group=65534, extra_groups=[])
    return process.returncode, process.stdout, process.stderr


def at(line, place="    Expand-Artifact\n"):
    """Puts a line into Install-All, before one that is there."""
    return lambda script: script.replace(place, f"    {line}\n{place}", 1)


def in_function(line):
    return lambda script: script.replace("\nfunction Expand-Artifact {\n", f"\nfunction Expand-Artifact {{\n    {line}\n", 1)


def less_patient(script):
    """A server that says nothing is given up after three seconds instead of twenty."""
    return script.replace("TimeoutSeconds = 20", "TimeoutSeconds = 3")


def native_started(case):
    assert wait_for((case.folder / "started").exists, SECONDS), "the native command never ran"


def only_tools(case):
    """A PATH with the tools that the installer needs, but tar."""
    folder = case.folder / "tools"
    folder.mkdir()
    for tool in ("chmod", "find", "id", "nice", "setsid", "uname"):
        (folder / tool).symlink_to(shutil.which(tool))
    return {"PATH": str(folder)}


@dataclasses.dataclass
class Way(installer_ways.Way):
    run: typing.Callable = run_plainly
    status: int | None = 1  # None: PowerShell says now this, now that, as a race of its own goes


HUNG = trouble("hang")
NATIVE = at("sh -c 'touch started; sleep 30'")

WAYS = {
    "success": Way(COMPLETE, status=0),
    "throw": Way(change=at("throw 'broken'")),
    "throw in a function": Way(change=in_function("throw 'broken'")),
    "throw at once": Way(change=at("throw 'broken'", "    $job.work = [IO")),
    "Write-Error under Stop": Way(change=at("Write-Error broken")),
    "native non-zero": Way(change=at("sh -c 'exit 7'; if ($LASTEXITCODE -ne 0) { throw \"it said $LASTEXITCODE\" }")),
    "missing command": Way(change=at("Invoke-WhatNobodyHas")),
    "unset variable": Way(change=at("$null = $nobody_sets_this")),
    "exit 3": Way(change=at("exit 3"), status=3),
    "return": Way(change=at("return"), status=0),
    "break": Way(change=at("break"), status=0),
    "download refused": Way(prepare=lambda case: {"ACME_DOWNLOAD_URL": "https://localhost:1/dl"}),
    "download 404": Way(prepare=trouble("404")),
    "download cut short": Way(prepare=trouble("cut")),
    "download hung": Way(change=less_patient, prepare=HUNG),
    "plain http": Way(prepare=lambda case: {"ACME_DOWNLOAD_URL": "http://dl.acme.example"}),
    "bad checksum": Way(prepare=release("bad-checksum")),
    "bad archive": Way(prepare=release("bad-archive")),
    "program not in archive": Way(prepare=release("no-program")),
    "no such release": Way(prepare=release("v9")),
    "missing tool": Way(prepare=only_tools),
    "unsupported platform": Way(prepare=fake_machine),
    "no permission": Way(run=run_as_nobody, needs_root=True),
    "read-only target": Way(prepare=lambda case: {"ACME_INSTALL_DIR": "/proc/acme"}),
    "full disk, target": Way(prepare=full_disk("ACME_INSTALL_DIR"), needs_root=True),
    "full disk, temporary": Way(prepare=full_disk("TMPDIR"), needs_root=True),
    "Ctrl-C in a cmdlet": Way(run=in_terminal(lambda case: case.wait_for_download(SECONDS)), prepare=HUNG,
                              status=None),
    "Ctrl-C in a native command": Way(run=in_terminal(native_started), change=NATIVE,
                                      status=None),
    "terminal closed": Way(run=in_terminal(lambda case: case.wait_for_download(SECONDS), close=True), prepare=HUNG,
                           leaves_folder=True, status=None),
    "TERM": Way(act=signalled(signal.SIGTERM), prepare=HUNG, leaves_folder=True, status=-signal.SIGTERM),
    "HUP": Way(act=signalled(signal.SIGHUP), prepare=HUNG, leaves_folder=True, status=-signal.SIGHUP),
    "KILL": Way(act=signalled(signal.SIGKILL), prepare=HUNG, leaves_folder=True, status=-signal.SIGKILL),
    "closed pipe": Way(COMPLETE, run=run_into_closed_pipe, status=0),
    "failure after success": Way(COMPLETE, change=at("throw 'late'", "    Add-ToPath\n")),
}


def without_changing_parts(text, case):
    text = text.replace(str(case.folder), "CASE").replace(case.name, "CASE")
    return re.sub(r"(acme-install|acme)\.[0-9a-f]{32}", r"\1.X", text)


def run_way(lab, way, form="-File", **environment):
    case = lab.case()
    script = script_of(lab)
    changed = way.change(script) if way.change else script
    assert (changed != script) == bool(way.change), "the place to change is gone"
    words = calls_of(case, write(case, changed))[form]
    environment = environment_of(case, **{**way.prepare(case), **environment})
    status, out, err = way.run(words, case, way, environment)
    return case, status, without_changing_parts(out + err, case)
