"""Each program runs where its name says: under an emulator where there is one, else as far as its file shows."""

import json
import platform as machine
import re
import shutil
import subprocess

import pytest
from platform_list import each_platform
from shim_lab import ROOT, V4, wait_for
from sink import Sink
from wine_lab import Profile, start_wine

FORMATS = {"linux": "ELF", "freebsd": "ELF", "windows": "PE", "darwin": "Mach-O"}
# What a system has of its own; whatever else a program asks for it would have to bring along.
SYSTEM_LIBRARIES = {
    "linux": set(), "freebsd": {"libc.so.7", "libthr.so.3"}, "darwin": {"/usr/lib/libSystem.B.dylib"},
    "windows": {"advapi32.dll", "bcrypt.dll", "crypt32.dll", "iphlpapi.dll", "kernel32.dll", "msvcrt.dll", "ws2_32.dll"}}


def facts_of(file):
    done = subprocess.run([ROOT / "scripts/check-hardening", "--json", file], capture_output=True, text=True)
    return json.loads(done.stdout)[str(file)]


def emulated(platform, program):
    """The words that start a Linux program of another machine; its emulator comes from Debian's qemu-user."""
    if platform.target.split("-")[0] == machine.machine():
        return [program]
    if not shutil.which(platform.emulator):
        pytest.skip(f"{platform.emulator} is not installed: scripts/bootstrap test")
    return [platform.emulator, program]


@each_platform()
def test_its_file_is_of_its_platform(platform, release):
    facts = facts_of(platform.shim)
    name = platform.platform.split("-", 1)[1]
    assert (facts["format"], facts["machine"]) == (FORMATS[platform.kernel], name)


@each_platform()
def test_it_needs_nothing_that_its_system_lacks(platform, release):
    facts = facts_of(platform.shim)
    libraries = {name if platform.kernel == "darwin" else name.lower() for name in facts["libraries"]}
    assert libraries <= SYSTEM_LIBRARIES[platform.kernel], libraries
    assert platform.kernel != "linux" or not facts["loader"], "a static program names no loader"
    assert facts["stripped"]


@each_platform(lambda platform: platform.kernel == "linux")
def test_it_relocates_itself(platform, release):
    """Without a loader there is nobody to look symbols up: where one is left to look up, the program calls address 0."""
    for program in (platform.shim, platform.collector_file):
        if program.exists():
            lines = subprocess.run(["readelf", "-rW", program], capture_output=True, text=True, check=True).stdout
            kinds = set(re.findall(r"\bR_[A-Z0-9]+_\w+", lines))
            assert len(kinds) == 1 and kinds.pop().endswith("_RELATIVE"), lines


@each_platform(lambda platform: platform.oldest != "-")
def test_its_file_states_the_oldest_system(platform, release):
    """No older than the list says: Windows numbers 10 as it does, and takes every number up to its own."""
    stated = [int(part) for part in facts_of(platform.shim)["oldest"].split(".")]
    listed = [int(part) for part in platform.oldest.split(".")]
    assert stated == listed if platform.kernel == "darwin" else stated <= listed


@each_platform(lambda platform: platform.platform == "macos-aarch64")
def test_an_arm_mac_runs_it_for_it_is_signed(platform, release):
    """Ad hoc: its kernel runs nothing without."""
    assert facts_of(platform.shim)["signed"]


@each_platform(lambda platform: platform.kernel == "linux")
def test_an_event_by_tls_from(platform, release, pki, make_case):
    """The same from every machine: the bytes, the id, once, and nothing at all when told so."""
    shim = emulated(platform, platform.shim)
    with Sink(tls=pki) as sink:
        case = make_case(sink)
        words = ["emit", "install_start", "--app", "acme", "--endpoint", sink.url, "--release", "v1", "--method", "shell",
                 "--run", "r1", "--cacert", pki.ca]
        done = case.run([*shim, *words])
        assert (done.status, done.out, done.err) == (0, b"", b""), done
        assert wait_for(lambda: sink.requests, 20)
        cid = case.id
        assert V4.fullmatch(cid)
        assert sink.requests[0].tls in ("TLSv1.2", "TLSv1.3")
        arch = sink.requests[0].event["arch"]
        assert sink.requests[0].body.decode() == (
            f'{{"event_label":"install_start","os":"linux","arch":"{arch}","platform":"{platform.platform}",'
            f'"release":"v1","method":"shell","cid":"{cid}"}}')
        assert arch.lower() in platform.machines.split()

        again = case.run([*shim, *words, "--strict"])
        assert again.status == 3 and b"already" in again.err, again
        done = case.run([*shim, *words[:1], "install_complete", *words[2:], "--strict"])
        assert done.status == 0, done
        assert [request.event["cid"] for request in sink.requests] == [cid, cid]

        off = make_case(sink)
        off.run([*shim, *words], {"DO_NOT_TRACK": "1"}).assert_unnoticed(10)
        assert off.all_files() == [] and len(sink.requests) == 2 and off.wait_until_gone()


@each_platform(lambda platform: platform.kernel == "linux")
def test_an_unknown_authority_gets_nothing_from(platform, release, pki, make_case):
    shim = emulated(platform, platform.shim)
    with Sink(tls=pki) as sink:
        case = make_case(sink)
        done = case.run([*shim, "emit", "install_start", "--app", "acme", "--endpoint", sink.url, "--strict"])
        assert done.status == 4 and b"not trusted" in done.err, done
        assert sink.requests == []


@each_platform(lambda platform: platform.platform == "windows-x86_64")
def test_an_event_by_tls_from_windows(platform, release, pki, folder):
    missing = start_wine(platform.shim)
    if missing:
        pytest.skip(missing)
    with Sink(tls=pki) as sink:
        profile = Profile(folder, sink, pki.ca, platform.shim)
        try:
            assert profile.footfall("emit install_start --strict").status == 0
            event = sink.requests[0].event
            assert (event["os"], event["platform"], event["cid"]) == ("windows", platform.platform, profile.id)
            assert profile.footfall("emit install_start --strict").status == 3
            assert profile.footfall("emit install_complete --strict", {"DO_NOT_TRACK": "1"}).status == 3
            assert len(sink.requests) == 1
        finally:
            profile.end()


@each_platform(lambda platform: platform.collector == "yes", quick=("linux-x86_64",))
def test_the_collector_counts_an_event_on(platform, release, make_case):
    """Started as an operator does; the event is sent by the shim of the same platform."""
    case = make_case()
    log = case.folder / "log"
    with open(log, "wb") as file:
        collector = case.start([*emulated(platform, platform.collector_file), "--listen", "127.0.0.1:0", "--db",
                                case.folder / "events.db"], stderr=file)
    try:
        address = wait_for(lambda: [line.split()[-1] for line in log.read_text().splitlines() if "listening on" in line], 30)
        assert address, log.read_text()
        done = case.run([*emulated(platform, platform.shim), "emit", "install_start", "--app", "acme", "--strict",
                         "--endpoint", f"{address[0]}/v1/events", "--run", "r1"])
        assert done.status == 0, (done, log.read_text())
        collector.terminate()
        assert collector.wait(20) == 0, log.read_text()
        exported = case.run([*emulated(platform, platform.collector_file), "export", "--csv", "--db", case.folder / "events.db"])
        assert f",{platform.platform},".encode() in exported.out, exported
    finally:
        collector.kill()
        collector.wait()
