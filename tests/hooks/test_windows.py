"""Scoop's post_install and Chocolatey's script, run by PowerShell with the few words of theirs that they use."""

import json
import os
import shutil
import time

import pytest
from hook_lab import APP, BOTH, PATIENT, SOON
from shim_lab import wait_for
from sink import Sink, silence

if shutil.which("pwsh") is None:
    pytest.skip("pwsh is not installed", allow_module_level=True)

CHOCOLATEY = r'''
function Install-ChocolateyZipPackage($PackageName, $UnzipLocation, $Url64bit, $Checksum64, $ChecksumType64) {
    "installed $PackageName from $Url64bit"
}
$global:LASTEXITCODE = 7
'''


class Windows:
    """What a package manager does before the script, and what it looks at afterwards."""

    def __init__(self, lab, method):
        self.lab, self.method = lab, method
        if method == "scoop":
            self.folder = lab.folder / f"apps/{APP}/1.2.3"
            self.older = lab.folder / f"apps/{APP}/1.2.2"
            (self.folder.parent / "current").mkdir(parents=True)
        else:
            self.folder = lab.folder / f"choco/lib/{APP}/tools"
            self.older = lab.folder / f"choco/lib-bkp/{APP}"
        self.folder.mkdir(parents=True)
        self.put_shim()

    def put_shim(self, text=None):
        lab_shim = self.lab.put_shim(self.folder, text)
        lab_shim.rename(self.folder / "footfall.exe")

    def script(self):
        if self.method == "choco":
            path = self.folder / "chocolateyinstall.ps1"
            shutil.copy(self.lab.hooks / "choco/chocolateyinstall.ps1", path)
            return f"{CHOCOLATEY}\n. '{path}'\n"
        lines = json.loads((self.lab.hooks / f"scoop/{APP}.json").read_text())["post_install"]
        path = self.lab.folder / "post_install.ps1"
        path.write_text("\r\n".join(lines))
        return (f"$dir = '{self.folder.parent}/current'; $original_dir = '{self.folder}'; $version = '1.2.3'\n"
                "function install_app {\n  $global:LASTEXITCODE = 0\n"
                f"  Invoke-Command ([scriptblock]::Create((Get-Content -Raw '{path}')))\n}}\ninstall_app\n")

    def install(self, env=None):
        script = self.lab.folder / "run.ps1"
        script.write_text("$ErrorActionPreference = 'Stop'\n" + self.script()
                          + 'if (-not $?) { "failed" }\n"status $LASTEXITCODE"\n')
        done = self.lab.run("pwsh", "-NoProfile", "-NonInteractive", "-File", script, env={
            "POWERSHELL_TELEMETRY_OPTOUT": "1", "NO_COLOR": "1", "PATH": os.environ["PATH"],
            "ChocolateyPackageName": APP, "ChocolateyInstall": self.lab.folder / "choco", **(env or {})})
        assert done.returncode == 0 and done.stdout.endswith("status 0\n") and "failed" not in done.stdout, done.stdout
        return done.stdout


@pytest.fixture(params=["scoop", "choco"])
def windows(lab, request):
    return Windows(lab, request.param)


def test_a_first_install_is_counted(lab, windows):
    assert "Hookable counts first installs anonymously" in windows.install()
    lab.assert_counted(windows.method)


def test_an_upgrade_is_not(lab, windows):
    windows.older.mkdir(parents=True)
    assert "counts first installs" not in windows.install()
    lab.assert_silent()


@pytest.mark.parametrize("variables", [{"DO_NOT_TRACK": "1"},
                                       {"USERNAME": "ContainerAdministrator"}], ids=" ".join)
def test_the_environment_says_no(lab, windows, variables):
    assert "counts first installs" not in windows.install(variables)
    lab.assert_silent()


def test_chocolateys_package_parameters_say_no(lab):
    windows = Windows(lab, "choco")
    windows.install({"ChocolateyPackageParameters": "/NoTelemetry"})
    lab.assert_silent()
    windows.install({"ChocolateyPackageParameters": "/NoTelemetryWhatsoever /Dir=C:/no"})
    assert lab.labels() == BOTH


def test_a_broken_shim_is_not_noticed(lab, windows):
    for text in ("#!/bin/sh\nkill -SEGV $$\n", "", "#!/bin/sh\nexit 9\n"):
        windows.put_shim(text)
        windows.install()
    (windows.folder / "footfall.exe").unlink()
    windows.install()
    lab.assert_silent()


def test_nothing_waits(lab, windows):
    with Sink(answer=silence) as hole:
        lab.render(ENDPOINT=hole.url)
        start = time.monotonic()
        windows.install(PATIENT)
        assert time.monotonic() - start < SOON
        assert wait_for(lambda: len(hole.requests) == 2, 30)


def test_what_chocolatey_puts_on_the_path(lab):
    windows = Windows(lab, "choco")
    said = windows.install({"DO_NOT_TRACK": "1"})
    assert f"installed {APP} from https://dl.hookable.example/v1.2.3/hookable-windows-x86_64.zip" in said
    assert (windows.folder / "footfall.exe.ignore").exists()
