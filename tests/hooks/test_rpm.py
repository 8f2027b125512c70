"""The rpm's scriptlet under rpm."""

import os
import shutil
import time

import pytest
from hook_lab import APP, BOTH, PATIENT, SOON
from shim_lab import wait_for
from sink import Sink, silence

if os.geteuid() != 0:
    pytest.skip("only root installs packages", allow_module_level=True)
if shutil.which("rpmbuild") is None:
    pytest.skip("rpm is not installed", allow_module_level=True)


def test_a_first_install_is_counted_and_upgrade_and_removal_are_not(lab):
    done = lab.run_rpm("-U", lab.rpm())
    assert done.returncode == 0 and "counts first installs" in done.stdout, done.stdout
    lab.assert_counted("rpm")
    for words in (["-U", lab.rpm("2.0")], ["-e", APP]):
        done = lab.run_rpm(*words)
        assert done.returncode == 0 and "counts first installs" not in done.stdout, done.stdout
    assert not lab.shim.exists() and lab.labels() == BOTH


@pytest.mark.parametrize("work", ["exit 3", "(exit 3) || exit"])
def test_a_scriptlet_that_fails_is_reported(lab, work):
    """rpm takes it for a warning, and the package is there."""
    lab.work(lab.hooks / "rpm/scriptlets.spec", work)
    done = lab.run_rpm("-U", lab.rpm())
    assert "exit status 3" in done.stdout and lab.shim.exists(), done.stdout
    lab.assert_counted("rpm", ["install_failed", "install_start"])


@pytest.mark.parametrize("variable", ["DO_NOT_TRACK", "NO_TELEMETRY", "HOOKABLE_NO_TELEMETRY"])
def test_the_environment_says_no(lab, variable):
    done = lab.run_rpm("-U", lab.rpm(), env={variable: "1"})
    assert done.returncode == 0 and done.stdout == ""
    lab.assert_silent()


@pytest.mark.parametrize("word, counted", [("countme=0", False), (" countme = False", False), ("countme=nonsense", False), ("countme=1", True), ("#countme=0", True),
                                           ("countme = YES", True), ("countme=0\n[local]\ncountme=1", False)])
def test_who_is_not_counted_by_dnf_is_not_counted(lab, word, counted):
    """countme in dnf.conf."""
    config = lab.folder / "dnf.conf"
    config.write_text(f"[main]\n{word}\n")
    path = lab.hooks / "rpm/scriptlets.spec"
    assert path.read_text().count("/etc/dnf/dnf.conf") == 1
    path.write_text(path.read_text().replace("/etc/dnf/dnf.conf", str(config)))
    assert lab.run_rpm("-U", lab.rpm()).returncode == 0
    if counted:
        lab.assert_counted("rpm")
    else:
        lab.assert_silent()


def test_a_pipe_does_not_wait_for_the_sender(lab):
    with Sink(answer=silence) as hole:
        lab.render(ENDPOINT=hole.url)
        package = lab.rpm()
        start = time.monotonic()
        assert lab.run_rpm("-U", package, env=PATIENT).returncode == 0
        assert time.monotonic() - start < SOON
        assert wait_for(lambda: len(hole.requests) == 2, 30)
