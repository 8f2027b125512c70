"""Runs footfall.exe under Wine, as a user of Windows would: a profile of its own, and cmd.exe."""

import contextlib
import fcntl
import os
import pathlib
import subprocess

from shim_lab import MARK, ROOT, Case, processes_marked

EXE = pathlib.Path(os.environ.get("FOOTFALL_EXE", ROOT / "build/footfall.exe"))
PREFIX = ROOT / "build/test/wine"  # made once: that takes Wine a quarter of a minute
LOADER = pathlib.Path("/usr/lib/wine/wine64")
SERVER = pathlib.Path("/usr/lib/wine/wineserver")


def wine_environment(**more):
    values = {"PATH": "/usr/bin:/bin", "HOME": str(PREFIX.parent), "LC_ALL": "C.UTF-8", "WINEPREFIX": str(PREFIX),
              "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=d"}
    values.update(more)
    return values


def start_wine(exe=EXE):
    """The one prefix of all workers; its server ends a little after the last of them. What is in the way, or None."""
    if not LOADER.exists():
        return "wine64 is not installed: scripts/bootstrap test"
    if not exe.exists():
        return f"{exe.relative_to(ROOT)} is not built: make windows"
    PREFIX.mkdir(parents=True, exist_ok=True)
    with open(PREFIX.parent / "wine.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([SERVER, "-p15"], env=wine_environment(), check=False)
        subprocess.run([LOADER, exe, "--version"], env=wine_environment(), check=True, timeout=180,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return None


def windows(path):
    """The name that Windows programs know a path by."""
    return "Z:" + str(path).replace("/", "\\")


class Profile(Case):
    """A user's profile, with a blank and letters of three scripts in its name."""

    def __init__(self, folder, sink=None, trust=None, exe=EXE):
        super().__init__(pathlib.Path(folder) / "Ängström Иван 日本", sink)
        self.local, self.data = self.folder / "local", self.folder / "ProgramData"
        self.temporary = self.local / "Temp"
        for path in (self.temporary, self.data):
            path.mkdir(parents=True)
        self.trust, self.exe = trust, exe

    def environment(self, **changes):
        values = {MARK: self.mark, "FOOTFALL_APP": "acme", "FOOTFALL_RELEASE": "v0.1.2", "FOOTFALL_METHOD": "powershell",
                  "FOOTFALL_RUN": self.mark, "FOOTFALL_ENDPOINT": self.sink.url if self.sink else None,
                  "FOOTFALL_CACERT": windows(self.trust) if self.trust else None}
        values.update(changes)
        return wine_environment(**{name: str(value) for name, value in values.items() if value is not None})

    def shell(self, line):
        """A line for cmd.exe; Wine itself insists on its own idea of these four variables."""
        variables = {"USERPROFILE": self.home, "LOCALAPPDATA": self.local, "ProgramData": self.data,
                     "TEMP": self.temporary}
        sets = "".join(f"set {name}={windows(path)}&& " for name, path in variables.items())
        return [LOADER, "cmd", "/c", sets + line.replace("footfall ", f"{windows(self.exe)} ")]

    def footfall(self, line, env=None, **popen):
        return self.run(self.shell(f"footfall {line}"), env, timeout=120, **popen)

    def emit(self, line, env=None, **popen):
        done = self.footfall(f"emit {line}", env, **popen)
        assert (done.status, done.out, done.err) == (0, b"", b""), done
        return done

    def senders(self):
        """The detached processes, by the argument that makes one of them."""
        found = []
        for pid in self.processes():
            with contextlib.suppress(OSError):
                if b":job" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
        return found

    def processes(self):
        return [pid for pid in processes_marked(self.mark) if pid != os.getpid()]

    def write_id(self, content):
        self.place.mkdir(exist_ok=True)
        self.id_file.write_bytes(content)
