"""install.ps1 and the Windows shim in the Windows build of PowerShell, under Wine.

FOOTFALL_TEST_WINDOWS_PWSH names its pwsh.exe. Wine's ShellExecute gives a program without a terminal
no console, and PowerShell does nothing then: the helper is started with CreateProcess here.
"""

import hashlib
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import tempfile
import time
import zipfile

import pytest
from installer_lab import ROOT, Releases, Server, wait_for
from installer_ways import COMPLETE, FAILED
from ps1_ways import NOTICE, at
from wine_lab import LOADER, SERVER

WINDOWS_PWSH = os.environ.get("FOOTFALL_TEST_WINDOWS_PWSH", "")
WINDOWS_SHIM = ROOT / "build/footfall.exe"
SECONDS = 120


class Windows:
    """A Wine prefix, a server it can reach without a certificate, and a release for it."""

    def __init__(self, lab, prefix):
        self.lab, self.prefix = lab, prefix
        self.server = Server(Releases)
        self.server.folder, self.server.seen = lab.served, lab.releases.seen
        self.server.closing, self.server.gates = lab.releases.closing, lab.releases.gates
        self.url = f"http://127.0.0.1:{self.server.port}"
        archive = lab.served / "dl/v1.2.3/acme-windows-x86_64.zip"
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("acme-v1.2.3/acme.exe", "a program")
        self.sums = lab.folder / "windows-sums"
        self.sums.write_text(f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n")
        self.shims = lab.served / "shims-windows"
        self.shims.mkdir()
        shutil.copy(WINDOWS_SHIM, self.shims / "footfall-windows-x86_64.exe")
        self.wine("wineboot", "-i")
        self.wine("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")

    def environment(self, **changes):
        values = {
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.prefix, "WINEPREFIX": self.prefix, "WINEDEBUG": "-all",
            "DOTNET_EnableWriteXorExecute": "0", "POWERSHELL_TELEMETRY_OPTOUT": "1", "POWERSHELL_UPDATECHECK": "Off",
            "NO_COLOR": "1", "TERM": "xterm"}
        values.update(changes)
        return {key: str(value) for key, value in values.items()}

    def wine(self, *words):
        return subprocess.run([LOADER, *words], env=self.environment(), stdin=subprocess.DEVNULL, timeout=SECONDS,
                              capture_output=True, text=True, errors="replace", check=True).stdout

    def script(self):
        text = self.lab.render(script="install.ps1", SHA256SUMS=self.sums, DOWNLOAD_URL=self.url + "/dl",
                               SHIMS=self.shims, SHIM_URL=f"{self.url}/{self.shims.name}")
        for real, here in (("$start.UseShellExecute = $true", "$start.UseShellExecute = $false"),
                           ("$start.WindowStyle = 'Hidden'", "$start.CreateNoWindow = $true")):
            assert real in text
            text = text.replace(real, here)
        return text

    def start(self, case, script, *words, **environment):
        """A terminal for standard input, and files for the rest: PowerShell does nothing without."""
        file = case.write(script, "install.ps1")
        terminal, end = pty.openpty()
        environment = {"ACME_INSTALL_DIR": windows_path(case.target), "FOOTFALL_ENDPOINT": case.endpoint, **environment}
        with open(case.folder / "out", "wb") as out, open(case.folder / "err", "wb") as err:
            process = subprocess.Popen(
                [LOADER, WINDOWS_PWSH, "-NoProfile", "-NonInteractive", *(words or ["-File", windows_path(file)])],
                env=self.environment(**environment), stdin=end, stdout=out, stderr=err, cwd=case.folder,
                start_new_session=True)
        os.close(end)
        return process, terminal

    def run(self, case, script, *words, **environment):
        process, terminal = self.start(case, script, *words, **environment)
        status = process.wait(SECONDS)
        os.close(terminal)
        return status, (case.folder / "out").read_text(errors="replace")

    def leftovers(self):
        return [str(path) for path in self.prefix.glob("drive_c/users/*/Temp/*") if "footfall" in path.name or "acme" in path.name]


def windows_path(path):
    return "Z:" + str(path).replace("/", "\\")


@pytest.fixture(scope="module", name="windows")
def windows_in_wine(lab):
    if not os.path.exists(WINDOWS_PWSH):
        pytest.skip("FOOTFALL_TEST_WINDOWS_PWSH names no pwsh.exe of PowerShell's Windows build")
    if not LOADER.exists():
        pytest.skip("PowerShell's Windows build needs wine64, which is not installed")
    if not WINDOWS_SHIM.exists():
        pytest.skip("build/footfall.exe is not built: make windows")
    with tempfile.TemporaryDirectory(prefix="footfall-wine.", ignore_cleanup_errors=True) as folder:
        windows = Windows(lab, pathlib.Path(folder))
        yield windows
        subprocess.run([SERVER, "-k"], check=False, env=windows.environment())
        windows.server.shutdown()
        windows.server.server_close()


def user_path(windows):
    lines = [line.split(None, 2) for line in windows.wine("reg", "query", r"HKCU\Environment").splitlines()]
    found = [line[1:] for line in lines if line and line[0].lower() == "path"]
    return found[0] if found else None


def test_success(lab, windows):
    case = lab.case()
    status, out = windows.run(case, windows.script())
    assert status == 0 and NOTICE in out and "installed acme v1.2.3" in out
    assert (case.target / "acme.exe").read_text() == "a program"
    assert case.wait_for_events(2, SECONDS) == COMPLETE
    assert b'"os":"windows","arch":"AMD64","platform":"windows-x86_64"' in case.events[0][0]
    assert b'"method":"powershell"' in case.events[0][0]
    assert wait_for(lambda: not windows.leftovers(), SECONDS), "left behind"


@pytest.mark.parametrize("line", ["throw 'broken'", "Write-Error broken", "cmd /c exit 7; if ($LASTEXITCODE) { throw 'it failed' }",
                                  "Invoke-WhatNobodyHas"])
def test_failure(lab, windows, line):
    case = lab.case()
    status, out = windows.run(case, at(line)(windows.script()))
    assert status == 1 and NOTICE in out and not case.target.exists()
    assert case.wait_for_events(2, SECONDS) == FAILED
    assert wait_for(lambda: not windows.leftovers(), SECONDS), "left behind"


def test_a_session_goes_on(lab, windows):
    case = lab.case()
    case.write(at("throw 'broken'")(windows.script()), "broken.ps1")
    status, out = windows.run(case, windows.script(), "-Command", "$global:LASTEXITCODE = 42; Get-Content -Raw install.ps1 | iex; try { "
                              "Get-Content -Raw broken.ps1 | iex } catch { 'caught' }; \"alive $LASTEXITCODE\"")
    assert (status, out.split()[-3:]) == (0, ["caught", "alive", "42"])
    assert case.wait_for_events(4, SECONDS) == sorted(COMPLETE + FAILED)


def test_killed(lab, windows):
    case = lab.case()
    slow = f"{windows.url}/hang/for={case.name}/dl"
    process, terminal = windows.start(case, windows.script(), ACME_DOWNLOAD_URL=slow)
    case.wait_for_download(SECONDS)
    assert wait_for(lambda: case.events, SECONDS), "no start"
    process.send_signal(signal.SIGKILL)
    process.wait()
    os.close(terminal)
    assert case.wait_for_events(2, SECONDS) == FAILED


def test_off_leaves_no_trace(lab, windows):
    for environment in ({"DO_NOT_TRACK": "1"}, {"ACME_TELEMETRY": "off"}, {"CI": "true"}):
        case = lab.case()
        seen = len([path for path in lab.releases.seen if "shims-windows" in path])
        status, out = windows.run(case, windows.script(), **environment)
        assert status == 0 and NOTICE not in out
        time.sleep(1)
        assert case.events == [] and len([path for path in lab.releases.seen if "shims-windows" in path]) == seen


def test_path_is_kept_unexpanded(lab, windows):
    case = lab.case()
    windows.wine("reg", "add", r"HKCU\Environment", "/v", "Path", "/t", "REG_EXPAND_SZ", "/d", r"%USERPROFILE%\tools", "/f")
    folder = windows_path(case.target)
    for _ in range(2):
        windows.run(case, windows.script(), "-File", windows_path(case.folder / "install.ps1"), "--modify-path", "--no-telemetry")
        assert user_path(windows) == ["REG_EXPAND_SZ", folder + r";%USERPROFILE%\tools"]
    assert "acme.exe" in os.listdir(case.target)
    # While it holds somebody else's program, the folder stays on PATH: who has put it there, nothing says.
    (case.target / "mine.exe").touch()
    install = ["-File", windows_path(case.folder / "install.ps1")]
    windows.run(case, windows.script(), *install, "--uninstall")
    assert user_path(windows) == ["REG_EXPAND_SZ", folder + r";%USERPROFILE%\tools"]
    (case.target / "mine.exe").unlink()
    windows.run(case, windows.script(), *install, "--no-telemetry")
    _, out = windows.run(case, windows.script(), *install, "--uninstall")
    assert "removed acme" in out and user_path(windows) == ["REG_EXPAND_SZ", r"%USERPROFILE%\tools"]
    assert "PATH_CHANGED" not in windows.wine("reg", "query", r"HKCU\Environment")


def test_a_running_program_is_renamed_away(lab, windows):
    """Windows neither removes nor overwrites what runs."""
    case = lab.case()
    case.target.mkdir()
    program = case.target / "acme.exe"
    shutil.copy(WINDOWS_SHIM, program)
    hold = ("$file = [IO.File]::Open((Join-Path $env:ACME_INSTALL_DIR 'acme.exe'), 'Open', 'Read', 'Read, Delete'); "
            "./install.ps1 --no-telemetry; $file.Dispose()")
    status, out = windows.run(case, windows.script(), "-Command", hold)
    assert status == 0 and "upgraded acme" in out and program.read_text() == "a program"
    assert "upgraded acme" in windows.run(case, windows.script(), "-Command", "./install.ps1 --no-telemetry")[1]
    assert os.listdir(case.target) == ["acme.exe"]
