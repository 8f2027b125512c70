"""The deb's scripts under dpkg."""

import os
import pathlib
import socket
import subprocess
import time

import pytest
from hook_lab import APP, BOTH, PATIENT, SOON
from shim_lab import wait_for
from sink import Pki, Sink, silence

if os.geteuid() != 0:
    pytest.skip("only root installs packages", allow_module_level=True)


def test_a_first_install_is_counted_once(lab):
    done = lab.dpkg("-i", lab.deb())
    assert done.returncode == 0, done.stdout
    lab.assert_counted("deb")
    assert "Hookable counts first installs anonymously (https://hookable.example/privacy)" in done.stdout


def test_events_go_over_tls(lab):
    keys = lab.folder / "keys"
    keys.mkdir()
    with Sink(tls=Pki(keys), host="localhost") as lab.sink:
        lab.render(ENDPOINT=lab.sink.url)
        assert lab.sink.url.startswith("https://")
        assert lab.dpkg("-i", lab.deb(), env={"SSL_CERT_FILE": keys / "ca.pem"}).returncode == 0
        lab.assert_counted("deb")


def test_upgrade_and_removal_send_nothing_and_a_purge_leaves_nothing(lab):
    assert lab.dpkg("-i", lab.deb()).returncode == 0
    lab.assert_counted("deb")
    for words in (["-i", lab.deb("2.0")], ["-i", lab.deb("2.0")], ["-r", APP]):
        done = lab.dpkg(*words)
        assert done.returncode == 0 and "counts first installs" not in done.stdout, done.stdout
    assert (lab.place / "telemetry_id").exists()
    assert lab.dpkg("-P", APP).returncode == 0
    assert not lab.place.exists()
    assert lab.labels() == BOTH


def test_a_purge_leaves_the_choice_that_was_made(lab):
    lab.dpkg("-i", lab.deb())
    lab.assert_counted("deb")
    subprocess.run([lab.shim, "disable", "--app", APP], env=lab.environment(), check=True, capture_output=True)
    assert lab.dpkg("-P", APP).returncode == 0
    assert [path.name for path in lab.place.iterdir()] == ["telemetry"]
    assert lab.dpkg("-i", lab.deb()).returncode == 0
    assert lab.labels() == BOTH


def test_after_a_purge_it_is_a_first_install_again(lab):
    for _ in range(2):
        assert lab.dpkg("-i", lab.deb()).returncode == 0
        wait_for(lambda: len(lab.sink.requests) % 2 == 0)
        assert lab.dpkg("-P", APP).returncode == 0
    assert lab.labels(4) == sorted(BOTH * 2)


@pytest.mark.parametrize("work", ["exit 3", "false", "nosuchcommand", 'kill -KILL "$$"', 'kill -TERM "$$"'])
def test_a_package_that_fails_is_reported_and_fails_as_before(lab, work):
    lab.work(lab.hooks / "deb/postinst", work)
    done = lab.dpkg("-i", lab.deb())
    assert done.returncode == 1 and "error processing package" in done.stdout
    assert ("exit status 3" in done.stdout) == (work == "exit 3")
    lab.assert_counted("deb", ["install_failed", "install_start"])


@pytest.mark.parametrize("shell", ["set -u", "set -eu", "unset HOME", "cd /nosuch 2>/dev/null || :", "exec 0<&- 1>&- 2>&-"])
def test_scripts_in_any_state_are_neither_disturbed_nor_disturb(lab, shell):
    path = lab.hooks / "deb/postinst"
    path.write_text(path.read_text().replace("set -e\n", f"set -e\n{shell}\n", 1))
    if shell == "unset HOME":
        # Root's own home is not the test's to write to.
        path.write_text(path.read_text().replace("HOME=~root", f"HOME={lab.home}"))
    assert lab.dpkg("-i", lab.deb()).returncode == 0
    lab.assert_counted("deb")


BROKEN = {"crashes": "#!/bin/sh\nkill -SEGV $$\n", "fails": "#!/bin/sh\necho broken >&2\nexit 9\n",
          "is for another machine": "\x7fELF\x02\x01\x01" + "\0" * 57, "is empty": ""}


@pytest.mark.parametrize("shim", BROKEN)
def test_a_shim_that(lab, shim):
    done = lab.dpkg("-i", lab.deb(shim=BROKEN[shim]))
    assert done.returncode == 0 and "broken" not in done.stdout and "counts" not in done.stdout, done.stdout
    lab.assert_silent()


def test_a_shim_that_hangs_is_not_waited_for(lab):
    start = time.monotonic()
    assert lab.dpkg("-i", lab.deb(shim="#!/bin/sh\nexec sleep 60\n")).returncode == 0
    assert time.monotonic() - start < SOON


def test_a_shim_that_may_not_be_run(lab):
    assert lab.dpkg("-i", lab.deb(shim_mode=0o644)).returncode == 0
    lab.assert_silent()


def test_a_pipe_does_not_wait_for_the_sender(lab):
    """`dpkg | cat` ends when nobody has the pipe any more, and neither does an endpoint that is silent."""
    with Sink(answer=silence) as hole:
        lab.render(ENDPOINT=hole.url)
        package = lab.deb()
        start = time.monotonic()
        done = lab.dpkg("-i", package, env=PATIENT)
        assert done.returncode == 0 and time.monotonic() - start < SOON, done.stdout
        assert wait_for(lambda: len(hole.requests) == 2, 30)


def test_debconf_does_not_wait_for_the_sender(lab):
    """debconf talks to the script over standard output and gives it fd 3; it waits for both to close."""
    if not pathlib.Path("/usr/share/debconf/confmodule").exists():
        pytest.skip("debconf is not installed")
    path = lab.hooks / "deb/postinst"
    path.write_text(path.read_text().replace("set -e\n", "set -e\n. /usr/share/debconf/confmodule\n", 1))
    lab.work(path, "db_version 2.0\n[ -e /proc/self/fd/3 ]")
    rc = lab.folder / "debconf.conf"
    rc.write_text("Config: configdb\nTemplates: templatedb\n\nName: configdb\nDriver: File\n"
                  f"Filename: {lab.folder}/config.dat\n\nName: templatedb\nDriver: File\n"
                  f"Filename: {lab.folder}/templates.dat\n")
    with Sink(answer=silence) as hole:
        lab.render(ENDPOINT=hole.url)
        lab.hooks.joinpath("deb/postinst").write_text(path.read_text())
        start = time.monotonic()
        done = lab.dpkg("-i", lab.deb(extra={"templates": "Template: hookable/none\nType: note\nDescription: none\n"}),
                        env={"DEBCONF_SYSTEMRC": rc, "DEBIAN_FRONTEND": "noninteractive", **PATIENT})
        assert done.returncode == 0 and time.monotonic() - start < SOON, done.stdout


@pytest.mark.parametrize("variables", [
    {"DO_NOT_TRACK": "1"}, {"NO_TELEMETRY": "1"}, {"HOOKABLE_NO_TELEMETRY": "true"}, {"HOOKABLE_TELEMETRY": "0"},
    {"FOOTFALL_ALLOW_CI": None, "GITHUB_ACTIONS": "true"}], ids=lambda v: " ".join(f"{k}={x}" for k, x in v.items()))
def test_the_environment_says_no(lab, variables):
    done = lab.dpkg("-i", lab.deb(), env=variables)
    assert done.returncode == 0 and "counts first installs" not in done.stdout, done.stdout
    lab.assert_silent()


def test_the_fleet_says_no(lab):
    lab.render(APP="hookable-fleet")  # a name of its own: the switch is for the whole machine
    switch = pathlib.Path("/etc/hookable-fleet/no-telemetry")
    switch.parent.mkdir()
    try:
        switch.touch()
        assert lab.dpkg("-i", lab.deb()).returncode == 0
        assert not list(lab.home.iterdir()) and not lab.sink.connections
    finally:
        switch.unlink()
        switch.parent.rmdir()


def test_the_caller_of_sudo_says_no(lab):
    """sudo takes DO_NOT_TRACK away, but not what its caller has saved; and a caller whose home nobody finds may have."""
    for stranger in ("alice@corp.example", "CORP\\carol", "-x"):
        assert lab.dpkg("-i", lab.deb(), env={"SUDO_USER": stranger}).returncode == 0
        lab.assert_silent()
        assert lab.dpkg("-P", APP).returncode == 0
    with lab.caller() as (name, choice):
        choice.write_text("off\n")
        assert lab.dpkg("-i", lab.deb(), env={"SUDO_USER": name}).returncode == 0
        lab.assert_silent()
        choice.write_text("on\n")
        assert lab.dpkg("-P", APP).returncode == 0
        assert lab.dpkg("-i", lab.deb(), env={"SUDO_USER": name}).returncode == 0
        lab.assert_counted("deb")


def test_the_home_that_sudo_has_kept_is_not_roots(lab):
    """Root's own home and id are used, and nothing of root's is left in the caller's home."""
    path = lab.hooks / "deb/postinst"
    path.write_text(path.read_text().replace("HOME=~root", f"HOME={lab.home}"))
    other = lab.folder / "other"
    other.mkdir()
    os.chown(other, 1234, 1234)
    assert lab.dpkg("-i", lab.deb(), env={"HOME": other}).returncode == 0
    lab.assert_counted("deb")
    assert not list(other.iterdir()) and (lab.place / "telemetry_id").exists()


def test_another_systems_files(lab):
    """DPKG_ROOT: dpkg runs the scripts here for a root elsewhere."""
    root = lab.folder / "root"
    (root / "var/lib/dpkg").mkdir(parents=True)
    for name in ("info", "updates", "triggers"):
        (root / "var/lib/dpkg" / name).mkdir()
    (root / "var/lib/dpkg/status").touch()
    lab.put_shim()
    done = lab.run("dpkg", f"--root={root}", "--force-script-chrootless", "--force-not-root", "--log=/dev/null", "-i", lab.deb())
    assert done.returncode == 0, done.stdout
    assert (root / str(lab.shim)[1:]).exists()
    lab.assert_silent()


def test_the_sender_keeps_nothing_of_dpkgs(lab):
    """Also not a descriptor that somebody left open, such as a socket or a lock."""
    with Sink(answer=silence) as hole:
        lab.render(ENDPOINT=hole.url)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            os.set_inheritable(theirs.fileno(), True)
            assert lab.dpkg("-i", lab.deb(), pass_fds=[theirs.fileno()], env=PATIENT).returncode == 0
            assert wait_for(lambda: len(hole.requests) == 2, 30)
            theirs.close()
            ours.settimeout(SOON)
            assert ours.recv(1) == b""  # the last copy is gone while both senders are still at work
