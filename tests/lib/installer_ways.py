"""The ways an installer can end, and how to bring each of them about."""

import contextlib
import dataclasses
import os
import pty
import shutil
import signal
import subprocess
import typing

from installer_lab import ROOT, wait_for

# What arrived, for each way and shell: the table at the end of a run is made of these files.
REPORTS = ROOT / "build/test/sh-matrix"

FAILED = ["install_failed", "install_start"]
COMPLETE = ["install_complete", "install_start"]


def run_plainly(words, case, way, environment):
    """Runs it with its output caught; way.act is done to it once it asks for its download."""
    process = subprocess.Popen(words, env=environment, cwd=case.folder, stdin=way.stdin, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, errors="replace")
    if way.act:
        case.wait_for_download()
        way.act(process)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def run_and_kill(words, case, way, environment):
    """Nobody's pipe is waited for: its download lives on for a while."""
    process = subprocess.Popen(words, env=environment, cwd=case.folder, stdin=way.stdin,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    case.wait_for_download()
    process.kill()
    return process.wait(), "", ""


def run_in_terminal(words, case, way, environment):
    """Runs it in the foreground of a terminal, where somebody presses Ctrl-C during the download."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(case.folder)
        os.execvpe(str(words[0]), [str(word) for word in words], environment)
    case.wait_for_download()
    os.write(terminal, b"\x03")
    with contextlib.suppress(OSError):
        while os.read(terminal, 4096):
            pass
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), "", ""


def run_in_closing_terminal(words, case, way, environment):
    """Somebody closes the window during the download: what hangs on the terminal gets HUP."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(case.folder)
        os.execvpe(str(words[0]), [str(word) for word in words], environment)
    case.wait_for_download()
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), "", ""


def run_into_closed_pipe(words, case, way, environment):
    end, pipe = os.pipe()
    os.close(end)
    process = subprocess.run(words, env=environment, cwd=case.folder, stdin=way.stdin, stdout=pipe,
                             stderr=subprocess.PIPE, timeout=30)
    os.close(pipe)
    return process.returncode, "", ""


def run_under_doomed_parent(words, case, way, environment):
    """Its parent is killed during the download, which then goes on."""
    script = '"$@" & echo $! >pid; wait'
    inner = ["/bin/sh", "-c", '"$@"; echo $? >status', "sh", *words]
    parent = subprocess.Popen(["/bin/sh", "-c", script, "sh", *inner], env=environment, cwd=case.folder,
                              stdin=way.stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    case.wait_for_download()
    parent.kill()
    parent.wait()
    file = case.folder / "status"
    assert wait_for(lambda: file.exists() and file.read_text()), "it never ended"
    return int(file.read_text()), "", ""


def run_as_nobody(words, case, way, environment):
    """The target belongs to somebody else."""
    case.target.mkdir()
    for folder in (case.home, case.temporary):
        os.chown(folder, 65534, 65534)
    process = subprocess.run(words, env=environment, cwd="/", stdin=way.stdin, capture_output=True, text=True,
                             errors="replace", timeout=30, user=65534, group=65534, extra_groups=[])
    return process.returncode, process.stdout, process.stderr


@dataclasses.dataclass
class Way:
    """change edits the script, prepare says what the environment has, act is done during the download."""

    expected: list = dataclasses.field(default_factory=lambda: FAILED)
    change: typing.Callable = None
    prepare: typing.Callable = lambda case: {}
    act: typing.Callable = None
    run: typing.Callable = run_plainly
    leaves_folder: bool = False
    no_traps_in: tuple = ()
    needs_root: bool = False
    stdin: int = subprocess.DEVNULL


def at(line, place="    unpack\n"):
    """Puts a line into install(), before one that is there."""
    return lambda script: script.replace(place, f"    {line}\n{place}", 1)


def in_function(line):
    return lambda script: script.replace("\nunpack() {\n", f"\nunpack() {{\n    {line}\n", 1)


def less_patient(script):
    """A server that says nothing is given up after a second instead of twenty."""
    return script.replace("--speed-time 20", "--speed-time 1").replace("--retry 2", "--retry 0")


def signalled(number):
    return lambda process: os.kill(process.pid, number)


def fake_machine(case):
    folder = case.folder / "fake"
    folder.mkdir()
    (folder / "uname").write_text("#!/bin/sh\ncase $1 in -s) echo Linux ;; -m) echo riscv64 ;; "
                                  "*) echo Linux riscv64 ;; esac\n")
    (folder / "uname").chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


TOOLS = """[ bash busybox cat chmod cp curl cut dirname env find grep gzip head id kill ldd mkdir mktemp mv od
printf rm rmdir sed sh sha256sum sleep tar tr true uname wget""".split()


def only_tools(case, without):
    """A PATH with the tools that an installer needs, but some."""
    folder = case.folder / "tools"
    folder.mkdir()
    for tool in TOOLS:
        if tool not in without and shutil.which(tool):
            (folder / tool).symlink_to(shutil.which(tool))
    return {"PATH": str(folder)}


def without(*missing):
    return lambda case: only_tools(case, missing)


def with_wget(case):
    (case.home / ".wgetrc").write_text(f"ca_certificate = {case.lab.folder}/ca.pem\n")
    return only_tools(case, ["curl"])


def release(tag):
    return lambda case: {"ACME_VERSION": tag}


def trouble(kind):
    return lambda case: {"ACME_DOWNLOAD_URL": f"{case.lab.url}/{kind}/for={case.name}/dl"}


def full_disk(*variables):
    def prepare(case):
        folder = case.folder / "small"
        case.lab.mount(folder, "size=64k,mode=1777")
        (folder / "full").write_bytes(bytes(65536))
        return {variable: str(folder) for variable in variables}

    return prepare


HUNG = trouble("hang")

WAYS = {
    "success": Way(COMPLETE),
    "success, wget": Way(COMPLETE, prepare=with_wget),
    "exit 1 in install": Way(change=at("exit 1")),
    "exit 3 in a function": Way(change=in_function("exit 3")),
    "exit 7 in a subshell": Way(change=at("(exit 7)")),
    "false under set -e": Way(change=at("false")),
    "unset variable": Way(change=at(': "$nobody_sets_this"'), no_traps_in=("zsh", "ksh93")),
    "command not found": Way(change=at("nobody-has-this-command")),
    "exit 1 at once": Way(change=at("exit 1", "    make_work_folder\n    fetch_checksums")),
    "download refused": Way(prepare=lambda case: {"ACME_DOWNLOAD_URL": "https://localhost:1/dl"}),
    "download 404": Way(prepare=trouble("404")),
    "download cut short": Way(prepare=trouble("cut")),
    "download hung": Way(change=less_patient, prepare=HUNG),
    # Empty: bash finds a home of its own for a variable that is not set. The shim's marks stay.
    "no home": Way(prepare=lambda case: {"HOME": "", "ACME_INSTALL_DIR": None}, leaves_folder=True),
    "odd release": Way(prepare=release("no/such release")),
    "no temporary folder": Way(prepare=lambda case: {"TMPDIR": "/proc/none"}),
    "plain http": Way(prepare=lambda case: {"ACME_DOWNLOAD_URL": "http://dl.acme.example"}),
    "bad checksum": Way(prepare=release("bad-checksum")),
    "bad archive": Way(prepare=release("bad-archive")),
    "program not in archive": Way(prepare=release("no-program")),
    "no such release": Way(prepare=release("v9")),
    "missing tool": Way(prepare=without("tar")),
    "unsupported platform": Way(prepare=fake_machine),
    "no permission": Way(run=run_as_nobody, needs_root=True),
    "read-only target": Way(prepare=lambda case: {"ACME_INSTALL_DIR": "/proc/acme"}),
    "full disk, target": Way(prepare=full_disk("ACME_INSTALL_DIR"), needs_root=True),
    "full disk, temporary": Way(prepare=full_disk("TMPDIR"), needs_root=True),
    "Ctrl-C in a terminal": Way(run=run_in_terminal, prepare=HUNG),
    "terminal closed": Way(run=run_in_closing_terminal, prepare=HUNG),
    "INT": Way(act=signalled(signal.SIGINT), prepare=HUNG),
    "TERM": Way(act=signalled(signal.SIGTERM), prepare=HUNG),
    "HUP": Way(act=signalled(signal.SIGHUP), prepare=HUNG),
    "QUIT": Way(act=signalled(signal.SIGQUIT), prepare=HUNG),
    "KILL": Way(run=run_and_kill, prepare=HUNG, leaves_folder=True),
    "closed pipe": Way(run=run_into_closed_pipe),
    "parent killed": Way(COMPLETE, run=run_under_doomed_parent, prepare=trouble("late=0.5")),
    "exec away": Way(change=at("exec sleep 0.3"), leaves_folder=True),
    "failure after success": Way(COMPLETE, change=at("exit 5", "    put_on_path\n")),
}
