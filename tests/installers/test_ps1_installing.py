"""What install.ps1 does apart from telemetry: options, upgrades, PATH, and what it says when it cannot."""

import os
import stat
import subprocess

import pytest
from installer_ways import COMPLETE
from ps1_ways import PWSH, SECONDS, address_of, calls_of, environment_of, need_pwsh, powershell, script_of, write

FOLDER_HINT = "is not on your PATH"


def install(case, *arguments, script=None, **environment):
    need_pwsh()
    file = write(case, script or script_of(case.lab))
    return subprocess.run([*calls_of(case, file)["-File"], *arguments], cwd=case.folder, capture_output=True,
                          text=True, env=environment_of(case, DO_NOT_TRACK="1", **environment), timeout=SECONDS,
                          stdin=subprocess.DEVNULL)


def test_installs_and_upgrades_a_running_program(lab):
    case = lab.case()
    first = install(case)
    program = case.target / "acme"
    assert first.returncode == 0 and "installed acme v1.2.3" in first.stdout and FOLDER_HINT in first.stdout
    assert stat.S_IMODE(program.stat().st_mode) == 0o755
    with open(program, "rb") as running:
        before = os.fstat(running.fileno()).st_ino
        assert "upgraded acme v1.2.3" in install(case).stdout
        assert program.stat().st_ino != before, "replaced, not written over"
    assert os.listdir(case.target) == ["acme"]
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "acme v1.2.3\n"


def test_a_program_that_only_some_archives_have(lab):
    """The lab's has none; Footfall's own has one: test_own.py."""
    case = lab.case()
    done = install(case, script=script_of(lab, OPTIONAL_BINARIES="acme-server"))
    assert done.returncode == 0 and "installed acme v1.2.3 in" in done.stdout, done
    assert os.listdir(case.target) == ["acme"]


@pytest.mark.parametrize("arguments", [["--dir", "here", "--quiet"], ["-Dir", "here", "-q"], ["--dir=here", "-Quiet"],
                                       ["-InstallDir", "here", "-quiet"], ["--install-dir", "here", "--QUIET"]])
def test_options_in_either_spelling(lab, arguments):
    case = lab.case()
    done = install(case, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (case.folder / "here/acme").exists() and not case.target.exists()


@pytest.mark.parametrize("words", ["--version 1.10", "-Version:1.10", "--version=1.10"])
def test_a_number_of_a_release_stays_as_it_was_typed(lab, words):
    """In a session PowerShell makes numbers of them, and 1.10 is 1.1."""
    need_pwsh()
    case = lab.case()
    write(case, script_of(lab))
    assert "of Acme 1.10 for" in powershell(case, f"& ./install.ps1 {words} --dry-run").stdout


def test_from_standard_input(lab):
    """curl ... | pwsh -Command -"""
    need_pwsh()
    case = lab.case()
    with open(write(case, script_of(lab)), "rb") as script:
        done = subprocess.run([PWSH, "-NoProfile", "-NonInteractive", "-Command", "-"], stdin=script, cwd=case.folder,
                              env=environment_of(case), capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0 and "installed acme v1.2.3" in done.stdout, done
    assert case.wait_for_events(2, SECONDS) == COMPLETE


def test_a_relative_temporary_folder_in_a_session_that_moved(lab):
    """PowerShell's location is not its process's working directory."""
    need_pwsh()
    case = lab.case()
    write(case, script_of(lab))
    (case.folder / "elsewhere").mkdir()
    done = powershell(case, f"Set-Location elsewhere; irm {address_of(case)} | iex", TMPDIR="tmp")
    assert done.returncode == 0 and (case.target / "acme").exists(), done
    assert os.listdir(case.folder / "elsewhere") == os.listdir(case.folder / "tmp") == []
    assert case.wait_for_events(2, SECONDS) == COMPLETE


def test_options_reach_a_script_block(lab):
    need_pwsh()
    case = lab.case()
    write(case, script_of(lab))
    done = powershell(case, f"& ([scriptblock]::Create((irm {address_of(case)}))) -Dir:here --version v1.2.3 --no-telemetry")
    assert "installed acme v1.2.3" in done.stdout and (case.folder / "here/acme").exists()


@pytest.mark.parametrize("arguments, said", [
    (["--frobnicate"], "unknown option: --frobnicate"), (["--version"], "--version needs a value"),
    (["--version", "a b"], "no release can be called a b"), (["--version", "v9"], "could not download https://"),
    (["--uninstall"], "there is no Acme in "), (["extra"], "unknown option: extra")])
def test_what_it_cannot_do_it_says(lab, arguments, said):
    case = lab.case()
    done = install(case, *arguments)
    assert done.returncode == 1 and f"acme: error: {said}" in done.stdout + done.stderr
    assert len((done.stdout + done.stderr).splitlines()) <= 4 and not case.target.exists()


def test_dry_run_and_help_do_nothing(lab):
    case = lab.case()
    for arguments in (["--dry-run", "--uninstall"], ["-Uninstall", "-DryRun"]):
        assert install(case, *arguments).stdout == f"would remove acme from {case.target}\n"
    assert "--no-telemetry" in install(case, "--help", "--uninstall").stdout
    assert "would install acme of Acme v1.2.3 for linux-" in install(case, "--dry-run").stdout
    assert "--no-telemetry" in install(case, "-h").stdout
    assert not case.target.exists()
    assert not [path for path in lab.releases.seen if path.startswith("/dl/v1.2.3/acme") and case.name in path]


def test_path_in_the_start_up_files(lab):
    case = lab.case()
    (case.home / ".bashrc").write_text("alias ll='ls -l'")
    line = f'export PATH="{case.target}:$PATH" # acme'
    for _ in range(2):
        assert install(case, "-y").returncode == 0
    for name in (".profile", ".bashrc"):
        assert (case.home / name).read_text().count(line) == 1
    assert install(case, "--modify-path", PATH=f"/usr/bin:/bin:{case.target}").stdout.count("PATH") == 0
    assert install(case, "--uninstall").returncode == 0
    assert os.listdir(case.target) == []
    assert (case.home / ".bashrc").read_text() == "alias ll='ls -l'\n" and "acme" not in (case.home / ".profile").read_text()


def test_the_rest_of_a_start_up_file_stays_to_the_byte(lab):
    """Another project's line too, and what is no UTF-8."""
    case = lab.case()
    texts = {".bashrc": f'# caf\xe9\0\nexport PATH="{case.target}:$PATH" # acme-tools\n'.encode("latin-1"),
             ".zshrc": b"\xef\xbb\xbf# mine\r\n\r\n", ".bash_login": b""}
    for name, text in texts.items():
        (case.home / name).write_bytes(text)
    assert install(case, "-y").returncode == 0
    assert all(f'PATH" # acme\n'.encode() in (case.home / name).read_bytes() for name in texts)
    assert install(case, "--dir", case.folder / "elsewhere", "-y").returncode == 0
    for folder in (case.target, case.folder / "elsewhere"):
        assert install(case, "--uninstall", "--dir", folder).returncode == 0
    assert {name: (case.home / name).read_bytes() for name in texts} == texts


def test_a_start_up_file_that_cannot_be_written(lab):
    case = lab.case()
    (case.home / ".profile").symlink_to("/proc/version")
    done = install(case, "-y", SHELL="/bin/bash")
    assert done.returncode == 0 and "could not write to" in done.stdout and FOLDER_HINT in done.stdout
    done = install(case, "-y", SHELL="/bin/zsh")
    assert "from now on" in done.stdout and str(case.target) in (case.home / ".zshrc").read_text()
    assert install(case, "--uninstall").returncode == 0


PROGRAM, OTHER = "#!/bin/sh\necho program\n", "complete -F _acme acme\n"


@pytest.mark.parametrize("tag, members", [
    ("for-ps1-1", {"acme-1/autocomplete/acme": OTHER, "acme-1/bin/acme": PROGRAM, "acme-1/ACME": OTHER}),
    ("for-ps1-2", {"a/ACME": OTHER, "bin/acme": PROGRAM, "completions/acme": OTHER}),
    ("for-ps1-3", {"acme-1/usr/bin/acme": PROGRAM, "acme-1/Acme": OTHER}),
])
def test_the_program_and_not_its_namesake(lab, tag, members):
    lab.pack(tag, members, "{sum} *./{name}\r\n")
    case = lab.case()
    assert install(case, "--version", tag).returncode == 0
    assert (case.target / "acme").read_text() == PROGRAM


def test_more_than_one_that_might_be_the_program(lab):
    lab.pack("for-ps1-twice", {"acme-1/x/y/acme": PROGRAM, "acme-1/x/z/acme": OTHER})
    done = install(lab.case(), "--version", "for-ps1-twice")
    assert done.returncode == 1 and "more than one acme" in done.stdout + done.stderr


def test_no_list_of_checksums(lab):
    lab.pack("for-ps1-none", {"acme": PROGRAM}, "<html>log in</html>\n")
    done = install(lab.case(), "--version", "for-ps1-none")
    assert done.returncode == 1 and "is not a list of checksums" in done.stdout + done.stderr


def test_https_is_not_left(lab):
    """Windows PowerShell would follow to plain http: its own way is tried here."""
    case = lab.case()
    for script in (script_of(lab), script_of(lab).replace("$place = if ($PSVersionTable.PSVersion.Major -lt 6)", "$place = if ($true)")):
        done = install(case, "--version", "v1.2.3", script=script, ACME_DOWNLOAD_URL=f"{lab.url}/moved/dl")
        assert done.returncode == 1 and "could not download" in done.stdout + done.stderr
        assert not (case.target / "acme").exists()
    assert install(case, script=script).returncode == 0


def test_path_is_left_alone_where_that_was_asked(lab):
    case = lab.case()
    done = install(case, "-y", ACME_NO_MODIFY_PATH="1")
    assert FOLDER_HINT in done.stdout and not (case.home / ".profile").exists()


def test_published_checksums_are_fetched_when_none_are_baked_in(lab):
    case = lab.case()
    assert install(case, script=script_of(lab, SHA256SUMS=None)).returncode == 0
    assert (case.target / "acme").exists()


def test_without_a_home_it_asks_for_a_folder(lab):
    case = lab.case()
    done = install(case, HOME=None, ACME_INSTALL_DIR=None)
    assert done.returncode == 1 and "--dir FOLDER or ACME_INSTALL_DIR" in done.stdout + done.stderr
