"""What install.ps1 does apart from telemetry: options, upgrades, PATH, and what it says when it cannot."""

import os
import stat
import subprocess

import pytest
from ps1_ways import SECONDS, address_of, calls_of, environment_of, need_pwsh, powershell, script_of, write

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
