"""What a good installer does besides telemetry."""

import contextlib
import os
import pathlib
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


def test_help_and_dry_run_win_over_what_they_are_asked_with(lab):
    case = lab.case()
    assert run(case, lab.render()).returncode == 0
    for arguments in (["--dry-run", "--uninstall"], ["--uninstall", "--dry-run"]):
        assert run(case, lab.render(), *arguments).stdout == f"would remove acme from {case.target}\n"
    for arguments in (["--help", "--uninstall"], ["--uninstall", "--help"]):
        assert "--uninstall" in run(case, lab.render(), *arguments).stdout
    assert (case.target / "acme").exists()


@pytest.mark.parametrize("arguments, message", [
    (["--nonsense"], "unknown option: --nonsense"), (["--version"], "--version needs a value"),
    (["--dir"], "--dir needs a value"), (["--dir="], "--dir needs a value"), (["--dir", ""], "--dir needs a value"),
    (["--version", "a/b"], "no release can be called a/b"),
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


@pytest.mark.parametrize("name", ["o'brien", 'd"oe', "a b", "back`tick", "$(touch pwned)", "a}b", "back\\slash"])
def test_a_home_of_any_name(lab, name):
    case = lab.case()
    home = case.folder / name
    home.mkdir()
    done = run(case, lab.render(), HOME=home, ACME_INSTALL_DIR=None)
    assert done.returncode == 0 and (home / ".local/bin/acme").exists(), done.stderr
    assert not list(case.folder.rglob("pwned"))


def test_a_folder_with_a_slash_at_its_end(lab):
    case = lab.case()
    done = run(case, lab.render(), "--dir", f"{case.target}/", PATH=f"{case.target}:/usr/bin:/bin")
    assert done.returncode == 0 and "PATH" not in done.stdout


def test_a_folder_in_the_place_of_the_program(lab):
    case = lab.case()
    (case.target / "acme").mkdir(parents=True)
    done = run(case, lab.render())
    assert done.returncode == 1 and "is a folder" in done.stderr and os.listdir(case.target) == ["acme"]


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
    assert (case.home / ".bashrc").read_text() == "# mine\n"
    assert line not in (case.home / ".profile").read_text()
    assert "there is no Acme" in run(case, lab.render(), "--uninstall").stderr


def found_by(shell, case, **environment):
    """Where a new session of that shell finds the program."""
    done = subprocess.run(shell, env=case.environment(**environment), capture_output=True, text=True, check=False)
    return done.stdout.strip()


@pytest.mark.parametrize("shell, environment, profile", [
    (["zsh", "-ic", "command -v acme"], {}, ".zshrc"),
    (["zsh", "-ic", "command -v acme"], {"ZDOTDIR": "dots"}, "dots/.zshrc"),
    (["fish", "-c", "command -v acme"], {}, ".config/fish/config.fish"),
    (["bash", "-lc", "command -v acme"], {}, ".profile"),
])
def test_path_for_a_shell_that_has_no_start_up_file_yet(lab, shell, environment, profile):
    case = lab.case()
    environment = {"SHELL": shutil.which(shell[0]), **{key: case.home / value for key, value in environment.items()}}
    (case.home / "dots").mkdir()
    assert run(case, lab.render(), "--modify-path", **environment).returncode == 0
    assert (case.home / profile).exists()
    assert found_by(shell, case, **environment) == str(case.target / "acme")
    assert run(case, lab.render(), "--uninstall", **environment).returncode == 0
    assert (case.home / profile).read_text() == ""


def test_a_login_file_that_hides_profile(lab):
    case = lab.case()
    (case.home / ".bash_login").write_text("# mine\n")
    assert run(case, lab.render(), "--modify-path").returncode == 0
    assert found_by(["bash", "-lc", "command -v acme"], case) == str(case.target / "acme")


def test_a_path_that_cannot_be_edited_is_not_claimed(lab):
    case = lab.case()
    (case.home / ".profile").mkdir()
    done = run(case, lab.render(), "--modify-path")
    assert done.returncode == 0 and f"could not write to {case.home}/.profile" in done.stdout
    assert "is not on your PATH" in done.stdout and "from now on" not in done.stdout


@pytest.mark.parametrize("text", [b"# caf\xe9\nalias x=y\n", b"# mine\r\n\tset -o vi\n", b""])
def test_the_rest_of_a_start_up_file_stays_to_the_byte(lab, text):
    case = lab.case()
    profile = case.home / "dots"
    profile.write_bytes(text)
    (case.home / ".bashrc").symlink_to("dots")
    for arguments in (["--modify-path"], ["--uninstall"]):
        assert run(case, lab.render(), *arguments, LC_ALL="C.UTF-8").returncode == 0
    assert profile.read_bytes() == text and (case.home / ".bashrc").is_symlink()


def test_a_line_that_was_added_behind_ours_and_has_no_end(lab):
    case = lab.case()
    assert run(case, lab.render(), "--modify-path").returncode == 0
    with open(case.home / ".profile", "a", encoding="ascii") as file:
        file.write("alias a=b")
    assert "could not" not in run(case, lab.render(), "--uninstall").stdout
    assert (case.home / ".profile").read_text() == "alias a=b\n"


def test_nothing_is_removed_that_cannot_be_removed_whole(lab):
    case = lab.case()
    assert run(case, lab.render(), "--modify-path").returncode == 0
    assert run(case, lab.render(), "--uninstall", TMPDIR="/nonexistent").returncode == 1
    assert (case.target / "acme").exists() and "# acme" in (case.home / ".profile").read_text()
    assert run(case, lab.render(), "--uninstall").returncode == 0


def test_a_start_up_file_that_cannot_be_edited_is_left_alone(lab):
    """It has a NUL, for which grep takes it for no text; or it is not to be written."""
    case = lab.case()
    (case.home / ".bashrc").write_bytes(b"# mine\0\n")
    assert run(case, lab.render(), "--modify-path").returncode == 0
    before = (case.home / ".bashrc").read_bytes()
    (case.home / ".profile").rename(case.home / "kept")
    (case.home / ".profile").symlink_to("/proc/version")  # nobody may write it
    done = run(case, lab.render(), "--uninstall")
    assert done.returncode == 0 and "removed acme" in done.stdout
    assert f"could not change {case.home}/.bashrc" in done.stdout
    assert (case.home / ".bashrc").read_bytes() == before


def test_the_line_of_another_project_stays(lab):
    case = lab.case()
    line = f'export PATH="{case.target}:$PATH" # acme-tools'
    (case.home / ".profile").write_text(f"{line}\n")
    assert run(case, lab.render(), "--modify-path").returncode == 0
    assert f'$PATH" # acme\n' in (case.home / ".profile").read_text()
    assert run(case, lab.render(), "--uninstall").returncode == 0
    assert (case.home / ".profile").read_text().split("\n") == [line, ""]


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


PROGRAM, OTHER = "#!/bin/sh\necho program\n", "complete -F _acme acme\n"


@pytest.mark.parametrize("tag, members", [
    ("packed-1", {"acme-1/completions/acme": OTHER, "acme-1/acme": PROGRAM}),
    ("packed-2", {"acme-1/a/acme": OTHER, "acme-1/bin/acme": PROGRAM, "acme-1/share/acme": OTHER}),
    ("packed-3", {"a/acme": OTHER, "bin/acme": PROGRAM, "completions/acme": OTHER}),
    ("packed-4", {"lib/acme-1.2": PROGRAM, "bin/acme": pathlib.Path("../lib/acme-1.2")}),
    ("packed-5", {"acme-1/usr/local/bin/acme": PROGRAM}),
])
def test_the_program_and_not_its_namesake(lab, tag, members):
    lab.pack(tag, members)
    case = lab.case()
    assert run(case, lab.render(), "--version", tag).returncode == 0
    assert (case.target / "acme").read_text() == PROGRAM and not (case.target / "acme").is_symlink()


def test_more_than_one_that_might_be_the_program(lab):
    lab.pack("packed-twice", {"acme-1/x/y/acme": PROGRAM, "acme-1/x/z/acme": OTHER})
    case = lab.case()
    done = run(case, lab.render(), "--version", "packed-twice")
    assert done.returncode == 1 and "more than one acme" in done.stderr and not (case.target / "acme").exists()


def test_a_root_that_may_give_nothing_away(lab):
    """As in a container without privileges; the archive was made by somebody with a number of his own."""
    if subprocess.run(["unshare", "-r", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")
    lab.pack("of-a-mac", {"acme": PROGRAM})
    done = run(lab.case(), lab.render(), "--version", "of-a-mac", shell=["unshare", "-r", "sh"])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("tag, sums", [
    ("sums-1", "{sum}  ./{name}\n"), ("sums-2", "{sum} *{name}\r\n"), ("sums-3", "{SUM}  {name}\n"),
    ("sums-4", "{sum}  {name}"), ("sums-5", "# a comment *\n{sum}  {name}\n\n"),
])
def test_lists_of_checksums_as_people_make_them(lab, tag, sums):
    lab.pack(tag, {"acme": PROGRAM}, sums)
    done = run(lab.case(), lab.render(), "--version", tag)
    assert done.returncode == 0, done.stderr


def test_no_list_of_checksums(lab):
    """What a hotel's network answers in its place."""
    lab.pack("sums-none", {"acme": PROGRAM}, "<html>* log in *</html>\n")
    done = run(lab.case(), lab.render(), "--version", "sums-none")
    assert done.returncode == 1 and "SHA256SUMS is not a list of checksums" in done.stderr


@pytest.mark.parametrize("missing", [["wget"], ["curl"]])
def test_https_is_not_left(lab, missing):
    """A redirection to plain http, for the list of checksums too."""
    case = lab.case()
    (case.home / ".wgetrc").write_text(f"ca_certificate = {lab.folder}/ca.pem\n")
    tools = only_tools(case, missing)
    for proxy in ({}, {"no_proxy": "127.0.0.1"}):
        done = run(case, lab.render(SHA256SUMS=None), ACME_DOWNLOAD_URL=f"{lab.url}/moved/dl", **tools, **proxy)
        assert done.returncode == 1 and "could not download" in done.stderr
    assert not (case.target / "acme").exists()


def test_git_bash_is_sent_to_powershell(lab):
    case = lab.case()
    fakes = case.folder / "fakes"
    fakes.mkdir()
    (fakes / "uname").write_text("#!/bin/sh\ncase $1 in -s) echo MINGW64_NT-10.0 ;; -m) echo x86_64 ;; esac\n")
    (fakes / "uname").chmod(0o755)
    assert "--uninstall" in run(case, lab.render(), "--help", PATH=f"{fakes}:/usr/bin:/bin").stdout
    for arguments in ([], ["--dry-run"]):
        done = run(case, lab.render(), *arguments, PATH=f"{fakes}:/usr/bin:/bin")
        assert done.returncode == 1 and "irm URL/install.ps1 | iex" in done.stderr and done.stdout == ""


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
