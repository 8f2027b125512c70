"""render-installers: the same installers from the same lines, and errors that say what to do."""

import re
import shutil
import subprocess

import pytest
from installer_lab import PLATFORM, ROOT
from sh_shells import calls_of

RENDER = ROOT / "scripts/render-installers"

# As a project would write it: comments behind the values, relative paths.
CONFIG = """\
APP=acme                                   # lower-case id: folder ~/.acme, variables ACME_...
NAME=Bob's Acme                            # how people call it
RELEASE=v1.2.3                             # or latest
DOWNLOAD_URL=https://dl.acme.example       # artefacts: $DOWNLOAD_URL/$RELEASE/$ARTIFACT
ARTIFACT=acme-{platform}.tar.gz            # {platform}, {release}, {ext}; zip on Windows
BINARIES=acme                              # installed from the archive
SHA256SUMS=dist/SHA256SUMS                 # baked in
ENDPOINT=https://t.acme.example/v1/events
PRIVACY_URL=https://acme.example/privacy
SHIMS=dist/shims                           # folder with footfall-<platform>[.exe]
SHIM_URL=https://dl.acme.example/shims     # where those files are served
"""


@pytest.fixture
def project(tmp_path):
    shims = tmp_path / "dist/shims"
    shims.mkdir(parents=True)
    for name in ("footfall-linux-x86_64", "footfall-windows-x86_64.exe", "footfall-collector", "README"):
        (shims / name).write_text(f"not really {name}\n")
    names = ["acme-linux-x86_64.tar.gz", "acme-windows-x86_64.zip", "acme-linux-x86_64-musl.tar.gz", "acme.txt"]
    (tmp_path / "dist/SHA256SUMS").write_text("".join(f"{'%064x' % i}  {name}\n" for i, name in enumerate(names)))
    (tmp_path / "acme.conf").write_text(CONFIG)
    return tmp_path


def render(folder, *arguments, config="acme.conf", environment=None):
    return subprocess.run([RENDER, "--config", config, *(arguments or ["--out", "out"])], cwd=folder,
                          capture_output=True, text=True, env=environment, check=False)


def settings(text):
    block = text.split("# >>> settings", 1)[1].split("# <<< settings", 1)[0]
    return dict(re.findall(r"^(\w+)='((?:[^']|'\\'')*)'$", block, re.MULTILINE))


def test_the_example(project):
    done = render(project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    got = settings((project / "out/install.sh").read_text())
    assert got["app"] == got["footfall_app"] == "acme"
    assert got["name"] == "Bob'\\''s Acme"
    assert got["prefix"] == got["footfall_prefix"] == "ACME"
    assert [line.split("=")[0] for line in got["sha256sums"].split()] == [
        "acme-linux-x86_64-musl.tar.gz", "acme-linux-x86_64.tar.gz", "acme-windows-x86_64.zip"]
    assert [line.split("=")[0] for line in got["footfall_shims"].split()] == ["linux-x86_64", "windows-x86_64"]
    assert (project / "out/install.sh").stat().st_mode & 0o111


def test_what_is_rendered_is_clean(project):
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    render(project)
    (project / "block.sh").write_text("#!/bin/sh\n" + render(project, "--block", "sh").stdout + "footfall_succeeded\n")
    done = subprocess.run(["shellcheck", project / "out/install.sh", project / "block.sh"], capture_output=True,
                          text=True, check=False)
    assert done.stdout == ""


def test_the_same_from_the_same(project):
    render(project)
    first = {file.name: file.read_bytes() for file in (project / "out").iterdir()}
    render(project, "--out", "again", environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TMPDIR": str(project)})
    assert first == {file.name: file.read_bytes() for file in (project / "again").iterdir()}


@pytest.mark.parametrize("awk", ["mawk", "gawk", "busybox awk", "original-awk"])
def test_the_same_with_any_awk(project, awk):
    if shutil.which(awk.split()[0]) is None:
        awk = "awk"  # this machine's own: at least that one
    folder = project / "awk"
    folder.mkdir()
    (folder / "awk").write_text(f'#!/bin/sh\nexec {" ".join([shutil.which(awk.split()[0]), *awk.split()[1:]])} "$@"\n')
    (folder / "awk").chmod(0o755)
    render(project)
    render(project, "--out", "other", environment={"PATH": f"{folder}:/usr/bin:/bin"})
    assert (project / "out/install.sh").read_bytes() == (project / "other/install.sh").read_bytes()


@pytest.mark.parametrize("change, message", [
    (("APP=acme ", "APP=Acme "), r'acme.conf:1: APP: "Acme" .*lower-case'),
    (("APP=acme ", "APP=7zip "), r'acme.conf:1: APP: "7zip" .*a letter first'),
    (("NAME=Bob's", "NAM=Bob's"), r"acme.conf:2: NAM: there is no such key"),
    (("NAME=Bob's", "NAME=Bób's"), r"acme.conf:2: NAME: .*ASCII"),
    (("RELEASE=v1.2.3", "RELEASE=v1/2"), r'acme.conf:3: RELEASE: "v1/2" is not a tag'),
    (("RELEASE=v1.2.3", "RELEASE=latest"), r"acme.conf:7: SHA256SUMS: .*drop SHA256SUMS"),
    (("https://dl.acme.example ", "http://dl.acme.example "), r"acme.conf:4: DOWNLOAD_URL: .*use https"),
    (("https://dl.acme.example ", "https://$(id).example "), r"acme.conf:4: DOWNLOAD_URL: .*%XX"),
    (("{platform}.tar.gz ", "{arch}.tar.gz "), r"acme.conf:5: ARTIFACT: there are {platform}, {release} and {ext}"),
    (("{platform}.tar.gz ", "{platform}.tar.zst "), r"acme.conf:5: ARTIFACT: .*pack it as one of them"),
    (("{platform}.tar.gz ", "{platform}.gz "), r"acme.conf:5: ARTIFACT: .*pack it as one of them"),
    (("{platform}.tar.gz ", "{platform}.deb "), r"acme.conf:5: ARTIFACT: .*pack it as one of them"),
    (("NAME=Bob's", 'NAME="Bob'), r"acme.conf:2: NAME: quotes go round the whole value"),
    (("BINARIES=acme ", "BINARIES=acme\nOPTIONAL_BINARIES=bin/more "), r"acme.conf:7: OPTIONAL_BINARIES: .*without folders"),
    (("BINARIES=acme ", "BINARIES=bin/acme "), r"acme.conf:6: BINARIES: .*without folders"),
    (("dist/SHA256SUMS ", "dist/nothing "), r"acme.conf:7: SHA256SUMS: there is no dist/nothing"),
    (("acme-{platform}", "other-{platform}"), r"acme.conf:7: SHA256SUMS: .*lists no file called other-"),
    (("ENDPOINT=https", "ENDPOINT=ftp"), r"acme.conf:8: ENDPOINT: .*use https"),
    (("PRIVACY_URL=https://acme.example/privacy", ""), r"acme.conf:8: PRIVACY_URL: it is missing"),
    (("dist/shims ", "dist "), r"acme.conf:10: SHIMS: .*footfall-PLATFORM"),
    (("SHIM_URL=", "APP="), r"acme.conf:11: APP: it is also in line 1"),
    (("SHIM_URL=https://dl.acme.example/shims", "nonsense"), r'acme.conf:11: "nonsense" is not KEY=value'),
])
def test_a_bad_line_is_named(project, change, message):
    assert CONFIG.replace(*change, 1) != CONFIG
    (project / "acme.conf").write_text(CONFIG.replace(*change, 1))
    done = render(project)
    assert done.returncode == 1 and not (project / "out/install.sh").exists()
    assert re.search(message, done.stderr), done.stderr


@pytest.mark.parametrize("arguments, message", [
    (["--config", "nothing.conf", "--out", "out"], "cannot read nothing.conf"),
    (["--out", "out"], "--config FILE is missing"),
    (["--config", "acme.conf"], "--out DIR or --block"),
    (["--config", "acme.conf", "--block", "fish"], "--block fish"),
    (["--config", "acme.conf", "--speed"], "unknown argument: --speed"),
])
def test_wrong_usage(project, arguments, message):
    done = subprocess.run([RENDER, *arguments], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode in (1, 2) and message in done.stderr


def test_line_endings_quotes_and_a_byte_order_mark(project):
    render(project)
    text = CONFIG.replace("APP=acme ", 'APP = "acme" ').replace("\n", "\r\n")
    (project / "acme.conf").write_bytes(b"\xef\xbb\xbf" + text.encode())
    done = render(project, "--out", "windows")
    assert done.stderr == ""
    assert (project / "windows/install.sh").read_bytes() == (project / "out/install.sh").read_bytes()


def test_a_number_sign_in_quotes(project):
    (project / "acme.conf").write_text(CONFIG.replace("NAME=Bob's", 'NAME="Bob\'s #1"  # comment', 1))
    assert render(project).stderr == ""
    assert settings((project / "out/install.sh").read_text())["name"] == "Bob'\\''s #1"


def test_the_checked_in_installer_is_rendered(tmp_path):
    """From Footfall's own configuration, but for what only a release build knows."""
    release_facts = ("SHA256SUMS", "ENDPOINT", "PRIVACY_URL", "SHIMS", "SHIM_URL")
    lines = (ROOT / "installers/footfall.conf").read_text().splitlines()
    (tmp_path / "footfall.conf").write_text(
        "".join(f"{line}\n" for line in lines if not line.startswith(release_facts)))
    render(tmp_path, config="footfall.conf")
    assert (tmp_path / "out/install.sh").read_text() == (ROOT / "installers/install.sh").read_text()
    assert f"RELEASE=v{(ROOT / 'VERSION').read_text().strip()}" in lines


OWN = """\
#!/bin/sh
# An installer that somebody has: it fails when told to.
set -eu
fail=no
while [ $# -gt 0 ]; do
    case $1 in
    fail) fail=yes ;;
    --no-telemetry) FOOTFALL_NO_TELEMETRY=1 ;;
    esac
    shift
done
BLOCK
footfall_cleanup() { rm -f "$HOME/tidy-me"; }
touch "$HOME/tidy-me"
case $fail in yes) exit 3 ;; esac
wait # for children of its own, and there are none
mkdir -p "$ACME_INSTALL_DIR"
footfall_succeeded
echo installed
"""


def test_the_block_in_an_installer_of_ones_own(lab, shell):
    """Which has done with its options where the block stands."""
    assert "--no-telemetry) FOOTFALL_NO_TELEMETRY=1 ;;" in lab.render(block="sh")
    script = OWN.replace("BLOCK", lab.render(block="sh"))
    for arguments, status, out, labels in (([], 0, "installed\n", ["install_complete", "install_start"]),
                                           (["fail"], 3, "", ["install_failed", "install_start"]),
                                           (["--no-telemetry"], 0, "installed\n", [])):
        case = lab.case()
        done = subprocess.run([*calls_of(shell, case.write(script))["file"], *arguments], env=case.environment(),
                              capture_output=True, text=True, timeout=20, check=False)
        assert (done.returncode, done.stdout) == (status, out)
        assert case.wait_for_events(len(labels)) == labels
        assert not (case.home / "tidy-me").exists()


def platforms():
    """The rows for machines that have an sh: kernel and machine as uname prints them, and the platform."""
    kernels = {"linux": "Linux", "darwin": "Darwin", "freebsd": "FreeBSD"}
    for line in (ROOT / "shim/spec/platforms.tsv").read_text().splitlines():
        platform, _, _, kernel, machines = (line.split("\t") + [""] * 5)[:5]
        for machine in machines.split() if kernel in kernels and not line.startswith("#") else ():
            yield kernels[kernel], machine, platform


def ask(script, fakes, question):
    done = subprocess.run(["sh", "-c", f"{script}\n{fakes}\n{question}"], capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin"}, check=False)
    return done.stdout.strip() or done.stderr


def block_and_installer(lab):
    """Both with their functions alone."""
    whole = lab.render().replace("{\n# >>> settings", "# >>> settings").replace('\nmain ${1+"$@"}\n}\n', "\n")
    return lab.render(block="sh").replace('\nfootfall_start ${1+"$@"}\n', "\n"), whole


def machine(kernel, name):
    return f"uname() {{ case $1 in -s) echo {kernel} ;; -m) echo {name} ;; *) echo {kernel} {name} ;; esac; }}\n"


def test_platforms_are_named_as_in_the_contract(lab):
    block, whole = block_and_installer(lab)
    cases = [*platforms(), ("MINGW64_NT-10.0-19045", "x86_64", "windows-x86_64")]
    for kernel, name, platform in cases:
        assert ask(block, machine(kernel, name), 'footfall_find_platform; echo "$footfall_platform"') == platform
        assert ask(whole, machine(kernel, name), 'find_platform; echo "$platform"') == platform
    assert PLATFORM in {platform for _, _, platform in cases}


def test_emulation_is_seen_through(lab):
    block, whole = block_and_installer(lab)
    rosetta = machine("Darwin", "x86_64") + "sysctl() { echo 1; }"
    assert ask(block, rosetta, 'footfall_find_platform; echo "$footfall_platform"') == "macos-aarch64"
    assert ask(whole, rosetta, 'find_platform; echo "$platform"') == "macos-aarch64"
    # The shim is static and suits the kernel; the product must suit the system.
    old = "has_32_bit_programs() { :; }"
    assert ask(whole, machine("Linux", "x86_64") + old, 'find_platform; echo "$platform"') == "linux-i686"
    assert ask(whole, machine("Linux", "aarch64") + old, 'find_platform; echo "$platform"') == "linux-armv7"


@pytest.mark.parametrize("libc, listed, chosen", [
    ("musl libc (x86_64)", ["linux-x86_64", "linux-x86_64-musl"], "linux-x86_64-musl"),
    ("musl libc (x86_64)", ["linux-x86_64"], "linux-x86_64"),
    ("ldd (GNU libc) 2.36", ["linux-x86_64-musl", "linux-x86_64-gnu"], "linux-x86_64-gnu"),
    ("ldd (GNU libc) 2.36", ["linux-x86_64-musl"], "linux-x86_64-musl"),
])
def test_the_build_for_the_systems_libc_is_chosen(lab, libc, listed, chosen):
    _, whole = block_and_installer(lab)
    fakes = machine("Linux", "x86_64") + f"ldd() {{ echo '{libc}'; }}; has_32_bit_programs() {{ return 1; }}"
    sums = " ".join(f"acme-{platform}.tar.gz=0" for platform in listed)
    assert ask(whole, fakes, f'sha256sums="{sums}"; find_platform; choose_artifact; echo "$file"') == \
        f"acme-{chosen}.tar.gz"
