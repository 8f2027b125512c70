"""Who prepares a system for others is not counted: chroots and image builds, each in namespaces of its own."""

import os
import pty
import select
import shutil
import subprocess

import pytest

if os.geteuid() != 0:
    pytest.skip("only root makes namespaces", allow_module_level=True)
if subprocess.run(["unshare", "-m", "-p", "-f", "--mount-proc", "true"], capture_output=True).returncode != 0:
    pytest.skip("namespaces cannot be made here", allow_module_level=True)

# A machine of its own, whose first process lives until it is told that all has arrived.
WORK = '{}; echo "status $?"; until [ -e "$HOME/../over" ]; do sleep 0.05; done'

# A root that is not the machine's: the same programs on a file system of its own.
SCRATCH = """
    mkdir -p root; mount -t tmpfs tmpfs root
    for d in bin sbin lib lib64 usr etc dev tmp; do
        if [ -h /$d ]; then cp -P /$d root/; elif [ -d /$d ]; then mkdir root/$d; mount --rbind /$d root/$d; fi
    done
    mkdir -p root/proc root/var/lib/dpkg/info root/var/lib/dpkg/updates; : >root/var/lib/dpkg/status
    mount -t proc proc root/proc
"""


class Machine:
    """A first process of that name, with or without a terminal, that runs a line of shell."""

    def __init__(self, lab, init, line, terminal=False, **env):
        self.lab = lab
        program = lab.folder / "sbin" / init
        program.parent.mkdir(exist_ok=True)
        shutil.copy("/bin/dash", program)
        words = ["unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc", program, "-c", WORK.format(line)]
        env = lab.environment(**{"FOOTFALL_ALLOW_CI": None, **env})
        self.ours, theirs = pty.openpty() if terminal else os.pipe()
        if terminal:
            words = ["setsid", "--ctty", *words]
        self.process = subprocess.Popen([str(word) for word in words], env=env, cwd=lab.folder, stdout=theirs,
                                        stdin=theirs if terminal else subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)

    def output(self):
        """What was said, once the status has been."""
        said = b""
        while b"status" not in said and select.select([self.ours], [], [], 60)[0]:
            said += os.read(self.ours, 65536)
        return said.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        (self.lab.folder / "over").touch()
        try:
            self.process.wait(60)
        finally:
            self.process.kill()  # with --kill-child, the machine too
            os.close(self.ours)


def dpkg(lab, *words):
    lab.dpkg("--version")  # makes the database
    return " ".join(map(str, ["dpkg", f"--admindir={lab.folder}/dpkg", "--log=/dev/null", *words, "-i", lab.deb()]))


@pytest.mark.parametrize("init, terminal, env, counted", [
    ("init", False, {}, True),
    ("systemd", False, {}, True),
    ("sh", False, {}, False),
    ("buildah", False, {}, False),
    ("bash", True, {}, True),
    ("sh", False, {"FOOTFALL_ALLOW_CI": "1"}, True),
], ids=["a machine", "a machine with systemd", "docker build", "buildah", "docker run -it", "a smoke test in a container"])
def test_containers(lab, init, terminal, env, counted):
    with Machine(lab, init, dpkg(lab), terminal, **env) as machine:
        said = machine.output()
        assert "status 0" in said and ("counts first installs" in said) == counted, said
        if counted:
            lab.assert_counted("deb")
        else:
            lab.assert_silent()


def manager_line(lab, manager):
    """Installs into ./root, with the files of its own that each manager needs."""
    if shutil.which(manager) is None:
        pytest.skip(f"{manager} is not installed")
    if manager == "dpkg":
        return f"dpkg --root=root --log=/dev/null --force-not-root -i {lab.deb()}"
    if manager == "rpm":
        return f"rpm --root=$PWD/root --dbpath=/rpmdb --force-debian --nodeps -U {lab.rpm()}"
    lab.pacman("--version")
    return (f"mkdir -p root/pacman; pacman --config {lab.folder}/pacman.conf --root root --dbpath root/pacman --cachedir root/pacman"
            f" --logfile /dev/null --hookdir root/pacman --noconfirm -U {lab.pacman_package()}")


@pytest.mark.parametrize("allowed", [False, True], ids=["as it is", "in a smoke test"])
@pytest.mark.parametrize("manager", ["dpkg", "rpm", "pacman"])
def test_a_root_elsewhere(lab, manager, allowed):
    """debootstrap, dnf --installroot, pacstrap: the scripts run in a chroot."""
    line = f"{{ {SCRATCH} {manager_line(lab, manager)}; }}"
    with Machine(lab, "init", line, FOOTFALL_ALLOW_CI="1" if allowed else None) as machine:
        said = machine.output()
        assert "status 0" in said and ("counts first installs" in said) == allowed, said
        if allowed:
            lab.assert_counted({"dpkg": "deb"}.get(manager, manager))
        else:
            lab.assert_silent()
