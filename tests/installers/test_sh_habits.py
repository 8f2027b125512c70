"""What a good installer does besides telemetry."""

import contextlib
import os
import pty
import shutil
import subprocess

import pytest
from installer_lab import PLATFORM
from installer_ways import only_tools


def run(case, script, *arguments, shell=("sh",), **environment):
    environment = case.environment(**{"ACME_NO_TELEMETRY": "1", **environment})
    return subprocess.run([*shell, case.write(script), *arguments], env=environment, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=30, check=False)


def test_help_and_dry_run_touch_nothing(lab):
    for arguments, word in ((["--help"], "--uninstall"), (["--dry-run"], f"acme-{PLATFORM}.tar.gz")):
        case = lab.case()
        seen = len(lab.releases.seen)
        done = run(case, lab.render(), *arguments, ACME_NO_TELEMETRY=None)
        assert done.returncode == 0 and word in done.stdout and done.stderr == ""
        assert not case.target.exists() and case.leftovers == [] and os.listdir(case.home) == []
        assert not [path for path in lab.releases.seen[seen:] if case.name in path] and case.events == []


@pytest.mark.parametrize("arguments, message", [
    (["--nonsense"], "unknown option: --nonsense"), (["--version"], "--version needs a value"),
    (["--dir"], "--dir needs a value"), (["--version", "a/b"], "no release can be called a/b"),
])
def test_wrong_usage_says_so(lab, arguments, message):
    done = run(lab.case(), lab.render(), *arguments)
    assert done.returncode == 1 and message in done.stderr


def test_an_upgrade_replaces_a_running_program(lab):
    case = lab.case()
    case.target.mkdir()
    shutil.copy(shutil.which("sleep"), case.target / "acme")
    running = subprocess.Popen([case.target / "acme", "20"])
    done = run(case, lab.render())
    assert done.returncode == 0 and "upgraded acme v1.2.3" in done.stdout
    assert running.poll() is None
    running.kill()
    running.wait()
    program = subprocess.run([case.target / "acme"], capture_output=True, text=True, check=True)
    assert program.stdout == "acme v1.2.3\n"
    assert os.listdir(case.target) == ["acme"] and (case.target / "acme").stat().st_mode & 0o777 == 0o755


def test_a_failed_upgrade_leaves_what_was_there(lab):
    case = lab.case()
    assert run(case, lab.render()).returncode == 0
    assert run(case, lab.render(), "--version", "bad-checksum").returncode == 1
    program = subprocess.run([case.target / "acme"], capture_output=True, text=True, check=True)
    assert program.stdout == "acme v1.2.3\n" and os.listdir(case.target) == ["acme"]


def test_where_it_goes(lab):
    for arguments, environment, place in (([], {"ACME_INSTALL_DIR": None}, "home/.local/bin"),
                                          (["--dir", "given"], {}, "given"), (["--dir=also given"], {}, "also given"),
                                          ([], {}, "bin")):
        case = lab.case()
        done = subprocess.run(["sh", case.write(lab.render()), *arguments], cwd=case.folder, check=False,
                              env=case.environment(ACME_NO_TELEMETRY=1, **environment), capture_output=True, text=True)
        assert done.returncode == 0 and (case.folder / place / "acme").exists(), done.stderr


def test_without_a_home(lab):
    done = run(lab.case(), lab.render(), HOME="", ACME_INSTALL_DIR=None)
    assert done.returncode == 1 and "--dir FOLDER" in done.stderr
    case = lab.case()
    assert run(case, lab.render(), HOME=None).returncode == 0


def test_path_is_advised_and_edited_when_asked(lab):
    case = lab.case()
    (case.home / ".bashrc").write_text("# mine\n")
    line = f'export PATH="{case.target}:$PATH"'
    done = run(case, lab.render())
    assert line in done.stdout and (case.home / ".bashrc").read_text() == "# mine\n"
    for _ in range(2):
        assert run(case, lab.render(), "--modify-path").returncode == 0
    for profile in (".bashrc", ".profile"):
        assert (case.home / profile).read_text().count(line) == 1
    assert not (case.home / ".zshrc").exists()
    login = subprocess.run(["sh", "-c", ". ~/.profile; command -v acme"], env=case.environment(),
                           capture_output=True, text=True, check=False)
    assert login.stdout.strip() == str(case.target / "acme")
    assert line not in run(case, lab.render(), PATH=f"{case.target}:/usr/bin:/bin").stdout
    assert run(case, lab.render(), "--uninstall").returncode == 0
    assert not (case.target / "acme").exists()
    assert (case.home / ".bashrc").read_text().strip() == "# mine"
    assert line not in (case.home / ".profile").read_text()
    assert "there is no Acme" in run(case, lab.render(), "--uninstall").stderr


def test_path_by_default_when_the_settings_say_so(lab):
    script = lab.render(MODIFY_PATH="yes")
    for arguments, environment, edited in (([], {}, True), (["--no-modify-path"], {}, False),
                                           ([], {"ACME_NO_MODIFY_PATH": "1"}, False)):
        case = lab.case()
        assert run(case, script, *arguments, **environment).returncode == 0
        assert (case.home / ".profile").exists() == edited
    case = lab.case()
    assert run(case, lab.render(), "-y").returncode == 0 and (case.home / ".profile").exists()


def test_a_program_that_only_some_archives_have(lab):
    """The lab's has none; Footfall's own has one: test_own.py."""
    case = lab.case()
    done = run(case, lab.render(OPTIONAL_BINARIES="acme-server"))
    assert done.returncode == 0 and "installed acme v1.2.3 in" in done.stdout, done
    assert os.listdir(case.target) == ["acme"]


def test_quiet_and_verbose(lab):
    assert run(lab.case(), lab.render(), "--quiet").stdout == ""
    done = run(lab.case(), lab.render(), "--verbose")
    assert "checksum verified" in done.stdout and f"downloading {lab.url}/dl/v1.2.3/acme-{PLATFORM}" in done.stdout
    done = run(lab.case(), lab.render(), "-q", "--version", "v9")
    assert done.stdout == "" and "v9" in done.stderr


def test_a_pinned_release_fetches_its_own_checksums(lab):
    release = lab.served / "dl/v2.0.0"
    if not release.exists():
        shutil.copytree(lab.served / "dl/v1.2.3", release)
    for arguments, environment in ((["--version", "v2.0.0"], {}), (["--version=v2.0.0"], {}),
                                   ([], {"ACME_VERSION": "v2.0.0"})):
        case = lab.case()
        done = run(case, lab.render(), *arguments, **environment)
        assert done.returncode == 0 and "acme v2.0.0" in done.stdout, done.stderr
    done = run(lab.case(), lab.render(SHA256SUMS=None))
    assert done.returncode == 0, done.stderr


def test_latest_is_a_folder_and_no_release(lab):
    latest = lab.served / "dl/latest"
    if not latest.exists():
        shutil.copytree(lab.served / "dl/v1.2.3", latest)
    case = lab.case()
    done = run(case, lab.render(SHA256SUMS=None, RELEASE="latest"), ACME_NO_TELEMETRY=None)
    assert done.returncode == 0 and len(case.wait_for_events(2)) == 2
    assert all(b'"release":"unknown"' in body for body, _ in case.events)


def test_other_archives(lab):
    release = lab.served / "dl/v3.0.0"
    if not release.exists():
        release.mkdir()
        (release / "acme").write_text("#!/bin/sh\necho acme\n")
        (release / "SHA256SUMS").touch()
        for kind in ("xztar", "zip"):
            shutil.make_archive(release / f"acme-{PLATFORM}", kind, release, "acme")
        shutil.copy(release / "acme", release / f"acme-{PLATFORM}")
        subprocess.run("sha256sum acme-* >SHA256SUMS", shell=True, cwd=release, check=True)
    for artifact in ("acme-{platform}.tar.xz", "acme-{platform}.zip", "acme-{platform}"):
        case = lab.case()
        script = lab.render(ARTIFACT=artifact, RELEASE="v3.0.0", SHA256SUMS=release / "SHA256SUMS")
        done = run(case, script)
        assert done.returncode == 0, done.stderr
        assert subprocess.run([case.target / "acme"], capture_output=True, check=True).stdout == b"acme\n"


def test_a_signed_list_of_checksums(lab):
    if shutil.which("minisign") is None:
        pytest.skip("minisign is not installed")
    release = lab.served / "dl/v4.0.0"
    if not release.exists():
        shutil.copytree(lab.served / "dl/v1.2.3", release)
        subprocess.run(["minisign", "-GWp", "key.pub", "-s", "key"], cwd=lab.folder, check=True, capture_output=True)
        subprocess.run(["minisign", "-Sm", release / "SHA256SUMS", "-s", "key"], cwd=lab.folder, check=True,
                       capture_output=True)
    key = (lab.folder / "key.pub").read_text().splitlines()[1]
    script = lab.render(MINISIGN_KEY=key, SHA256SUMS=None, RELEASE="v4.0.0")
    done = run(lab.case(), script)
    assert done.returncode == 0, done.stderr
    with open(release / "SHA256SUMS", "a", encoding="ascii") as file:
        file.write("\n")
    done = run(lab.case(), script)
    assert done.returncode == 1 and "signature" in done.stderr
    assert "is not signed" in run(lab.case(), script, "--version", "v1.2.3").stderr


@pytest.mark.parametrize("missing, message", [
    (["curl", "wget"], "curl, wget or fetch is needed and none is here"), (["tar"], "tar is needed and not here"),
    (["sha256sum"], "nothing here can compute a SHA-256"),
])
def test_a_missing_tool_is_named(lab, missing, message):
    case = lab.case()
    done = run(case, lab.render(), **only_tools(case, missing))
    assert done.returncode == 1 and message in done.stderr and "install" in done.stderr.split(message)[1]


@pytest.mark.parametrize("url", ["http://dl.acme.example", "ftp://localhost", "http://127.0.0.1.acme.example",
                                 "http://127.0.0.1:80@acme.example", "file:///tmp"])
def test_https_alone(lab, url):
    done = run(lab.case(), lab.render(), ACME_DOWNLOAD_URL=url)
    assert done.returncode == 1 and ("is not https" in done.stderr or "user name" in done.stderr)


def test_a_certificate_that_nobody_knows(lab):
    done = run(lab.case(), lab.render(), CURL_CA_BUNDLE="/dev/null", SSL_CERT_FILE="/dev/null")
    assert done.returncode == 1 and "could not download" in done.stderr


@pytest.mark.parametrize("environment, coloured", [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_and_progress_for_terminals_alone(lab, environment, coloured):
    case = lab.case()
    file = case.write(lab.render())
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve("/bin/sh", ["sh", str(file), "--version", "v9"],
                  case.environment(**{"ACME_NO_TELEMETRY": "1", "TERM": "xterm", **environment}))
    seen = b""
    with contextlib.suppress(OSError):
        while part := os.read(terminal, 4096):
            seen += part
    os.waitpid(pid, 0)
    os.close(terminal)
    assert b"error:" in seen and (b"\033[1;31m" in seen) == coloured
    assert "\033" not in run(lab.case(), lab.render(), "--version", "v9").stderr


def test_busybox_alone(lab):
    """A machine that has nothing but busybox: its shell, its tools, its wget."""
    if shutil.which("busybox") is None:
        pytest.skip("busybox is not installed")
    case = lab.case()
    folder = case.folder / "busybox"
    folder.mkdir()
    subprocess.run(["busybox", "--install", "-s", folder], check=True)
    # Debian's busybox has no TLS of its own to trust: plain http to this machine will do.
    script = lab.render().replace(f"{lab.url}/dl", f"http://127.0.0.1:{lab.plain.port}/dl")
    script = script.replace(f"{lab.url}/shims", f"http://127.0.0.1:{lab.plain.port}/shims")
    done = run(case, script, shell=(shutil.which("busybox"), "sh"), ACME_NO_TELEMETRY=None, PATH=folder)
    assert done.returncode == 0, done.stderr
    assert case.wait_for_events(2) == ["install_complete", "install_start"]
