"""Runs the shipped binary as an installer would: a scrubbed environment, a home of its own."""

import os
import pathlib
import re
import signal
import subprocess
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIM = pathlib.Path(os.environ.get("FOOTFALL_SHIM", ROOT / "build/footfall"))
MARK = "FOOTFALL_TEST_CASE"  # in the environment of all that a case starts: how it finds its own again

# What a call may take on a machine that is busy with other things. What it does take is `make bench`'s affair.
SOON = 1.5


V4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ID_FILE = re.compile(V4.pattern.encode() + rb"\n")
NOBODY = 65534  # the user, on every Linux


def in_mounts(script, words):
    """The words within a mount namespace of their own, once the script has changed it."""
    return ["unshare", "-m", "sh", "-c", script + '\nexec "$@"', "sh", *words]


# To whom /tmp is read-only, apart from the folder of their case: TMPDIR is their temporary folder then.
OWN_TMP = 'mount --rbind /tmp /tmp && mount -o remount,ro,bind /tmp && folder=${TMPDIR%/*} && ' \
          'mount --bind "$folder" "$folder" && mount -o remount,rw,bind "$folder" || exit 1'


def wait_for(condition, seconds=10.0):
    """Polls until the condition holds; what it returned last."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result or time.monotonic() > end:
            return result
        time.sleep(0.01)


class Result:
    def __init__(self, status, out, err, seconds):
        self.status, self.out, self.err, self.seconds = status, out, err, seconds

    def __repr__(self):
        return f"status {self.status} after {self.seconds:.3f} s, out {self.out!r}, err {self.err!r}"

    def assert_unnoticed(self, seconds=SOON):
        """What the contract (5) promises of every emit: status 0, not a byte, at once."""
        assert self.status == 0 and self.out == b"" and self.err == b"", self
        assert self.seconds < seconds, self
        return self


class Case:
    """A home, a temporary folder, and the processes that were started for it."""

    def __init__(self, folder, sink=None):
        self.folder, self.sink = pathlib.Path(folder), sink
        self.home, self.temporary = self.folder / "home", self.folder / "tmp"
        self.home.mkdir(parents=True, exist_ok=True)
        self.temporary.mkdir(exist_ok=True)
        self.place = self.home / ".acme"
        self.id_file = self.place / "telemetry_id"
        self.mark = uuid.uuid4().hex
        self.sleepers = []
        self.own_tmp = False  # True: /tmp, which is everybody's, is left out

    def environment(self, **changes):
        """None takes a variable out."""
        values = {"PATH": "/usr/bin:/bin", "HOME": self.home, "TMPDIR": self.temporary, "LC_ALL": "C", MARK: self.mark}
        values.update(changes)
        return {name: str(value) for name, value in values.items() if value is not None}

    def words(self, event, *options, run="run-1", endpoint=None, shim=None):
        """The command line of an emit."""
        endpoint = endpoint or (self.sink.url if self.sink else None)
        line = [str(shim or SHIM), "emit", event, "--app", "acme"]
        line += ["--endpoint", endpoint] if endpoint else []
        line += ["--run", run] if run is not None else []
        return line + [str(option) for option in options]

    def within(self, words, popen):
        """The words as they are run; who becomes another user does so last."""
        words = [str(word) for word in words]
        if not self.own_tmp:
            return words
        if "user" in popen:
            del popen["extra_groups"]
            words = ["setpriv", f"--reuid={popen.pop('user')}", f"--regid={popen.pop('group')}", "--clear-groups", *words]
        return in_mounts(OWN_TMP, words)

    def run(self, words, env=None, timeout=30, **popen):
        start = time.monotonic()
        done = subprocess.run(self.within(words, popen), env=self.environment(**(env or {})),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, **popen)
        return Result(done.returncode, done.stdout, done.stderr, time.monotonic() - start)

    def emit(self, event, *options, env=None, run="run-1", endpoint=None, shim=None, **popen):
        return self.run(self.words(event, *options, run=run, endpoint=endpoint, shim=shim), env, **popen)

    def start(self, words, env=None, **popen):
        """Without waiting; the caller ends it."""
        return subprocess.Popen(self.within(words, popen), env=self.environment(**(env or {})),
                                stdin=popen.pop("stdin", subprocess.DEVNULL), **popen)

    def sleeper(self):
        """The number of a process that sleeps until the case ends: somebody to watch."""
        process = self.start(["sleep", "60"])
        self.sleepers.append(process)
        return process.pid

    def processes(self):
        """All that this case started and that still run, those that have been let go of included."""
        return look_again(lambda: processes_marked(self.mark))

    def senders(self):
        """Those of its processes that are the shim itself."""
        return look_again(lambda: [pid for pid in processes_marked(self.mark) if is_shim(pid)])

    def wait_until_gone(self, seconds=10.0):
        """Until none of its processes is left. True when so."""
        return wait_for(lambda: not self.processes(), seconds)

    def end(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for process in self.sleepers:
            process.wait()

    def settled(self):
        """What was sent, once nothing more can come."""
        assert self.wait_until_gone(15)
        return self.sink.labels

    def assert_delivered(self, label="install_start"):
        assert self.settled() == [label]
        assert V4.fullmatch(self.sink.requests[0].event["cid"])

    def for_nobody(self):
        """The shim where every user can run it, as nobody, whose the case's folders become: for emit()."""
        shim = self.folder / "footfall"
        shim.write_bytes(SHIM.read_bytes())
        shim.chmod(0o755)
        for folder in (self.home, self.temporary):
            os.chown(folder, NOBODY, NOBODY)
        return {"shim": shim, "user": NOBODY, "group": NOBODY, "extra_groups": []}

    @property
    def id(self):
        return self.id_file.read_text().rstrip("\n")

    def files(self, folder=None):
        """Every file and folder below home, or below another folder."""
        folder = pathlib.Path(folder or self.home)
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))

    def all_files(self):
        return self.files() + self.files(self.temporary)


def look_again(find):
    """A process may end while its child is too new for the list being read: caller, watcher, delivery."""
    return find() or find() or find()


def processes_marked(mark):
    needle = f"{MARK}={mark}".encode()
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                if needle in file.read().split(b"\0"):
                    found.append(int(entry))
        except OSError:
            continue
    return found


def is_shim(pid):
    try:
        return os.path.samefile(f"/proc/{pid}/exe", SHIM)
    except OSError:
        return False
