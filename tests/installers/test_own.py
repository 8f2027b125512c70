"""Footfall's own installers, from its own configuration and what is built."""

import subprocess

import ps1_ways
import pytest
from installer_lab import ROOT


@pytest.fixture(scope="module")
def dist(lab):
    if not (ROOT / "build/footfall-collector").exists():
        pytest.skip("build/footfall-collector is not built: make")
    subprocess.run([ROOT / "scripts/make-dist", lab.served / "own"], check=True, capture_output=True)
    return lab.served / "own"


def install(lab, case, dist, *arguments, name="install.sh", **environment):
    environment = case.environment(FOOTFALL_DOWNLOAD_URL=f"{lab.url}/own/dl", FOOTFALL_SHIM_URL=f"{lab.url}/own/shims",
                                   FOOTFALL_INSTALL_DIR=case.target, ACME_INSTALL_DIR=None, **environment)
    words = ["sh"] if name == "install.sh" else [ps1_ways.PWSH, "-NoProfile", "-NonInteractive", "-File"]
    return subprocess.run([*words, dist / name, *arguments], env=environment, capture_output=True, text=True,
                          timeout=ps1_ways.SECONDS, check=False)


@pytest.mark.parametrize("name", ["install.sh", "install.ps1"])
def test_it_installs_both_programs(lab, dist, name):
    if name == "install.ps1":
        ps1_ways.need_pwsh()
    case = lab.case()
    done = install(lab, case, dist, name=name)
    assert done.returncode == 0 and "installed footfall footfall-collector v" in done.stdout, done
    version = (ROOT / "VERSION").read_text().strip()
    for program in ("footfall", "footfall-collector"):
        answer = subprocess.run([case.target / program, "--version"], capture_output=True, text=True, check=True)
        assert answer.stdout == f"{program} {version}\n"
    assert case.wait_for_events(2) == ["install_complete", "install_start"]
    assert all(f'"release":"v{version}"'.encode() in body for body, _ in case.events)


def test_its_own_switch_silences_it(lab, dist):
    for arguments, environment in (([], {"FOOTFALL_NO_TELEMETRY": "1"}), (["--no-telemetry"], {})):
        case = lab.case()
        done = install(lab, case, dist, *arguments, **environment)
        assert (done.returncode, done.stderr, case.events) == (0, "", [])


def test_the_same_release_from_the_same_binaries(dist, tmp_path):
    # The checksums' list is baked in from where it lies, and the text does not say where that was.
    subprocess.run([ROOT / "scripts/make-dist", tmp_path], check=True, capture_output=True)
    files = sorted(file.relative_to(dist) for file in dist.rglob("*") if file.is_file())
    assert files == sorted(file.relative_to(tmp_path) for file in tmp_path.rglob("*") if file.is_file())
    assert all((dist / file).read_bytes() == (tmp_path / file).read_bytes() for file in files)
