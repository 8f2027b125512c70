"""The binaries that ship: static, position-independent, nothing both writable and executable, and canaries; and the
script that says so, make release's own, notices what has not got them."""

import json
import struct
import subprocess

import pytest
from platform_list import each_platform
from shim_lab import ROOT, SHIM, wait_for

CHECK = ROOT / "scripts/check-hardening"


def check(*words):
    return subprocess.run([CHECK, *words], capture_output=True, text=True)


def facts_of(file):
    return json.loads(check("--json", file).stdout)[str(file)]


def test_static():
    facts = facts_of(SHIM)
    assert facts["libraries"] == [] and not facts["loader"] and facts["stripped"]


@each_platform()
def test_hardened(platform):
    files = [file for file in (platform.shim, platform.collector_file) if file.exists()]
    if not files:
        pytest.skip("build/test/release is not there: make test-programs")
    done = check(*files)
    assert done.returncode == 0 and "LACKS" not in done.stdout and done.stdout.count("NX") == len(files), done


# ---- what is not hardened ----

HARDENED = ["-pie", "-fPIE", "-fstack-protector-all", "-Wl,-z,relro,-z,now,-z,noexecstack"]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A program of enough functions to tell whether they are protected."""
    file = tmp_path_factory.mktemp("hardening") / "program.c"
    lines = [f"int f{i}(char *p) {{ volatile char room[32]; room[{i % 32}] = *p; return room[{i % 32}]; }}" for i in range(80)]
    calls = " + ".join(f"f{i}(words[0])" for i in range(80))
    file.write_text("\n".join([*lines, f"int main(int count, char **words) {{ return count == 99 ? {calls} : 0; }}"]))
    return file


def made(source, *options):
    program = source.parent / "program"
    subprocess.run(["gcc", "-O1", "-fno-inline", *options, source, "-o", program], check=True, capture_output=True)
    return program


def test_a_hardened_program_passes(source):
    done = check(made(source, *HARDENED))
    assert done.returncode == 0, done


def test_a_program_that_has_its_checks_from_a_shared_library_passes(source):
    """As on FreeBSD, whose canary is a variable of the C library."""
    variable = ["-mstack-protector-guard=global", "-Wl,--defsym=__stack_chk_guard=main"]
    assert check(made(source, *HARDENED, *variable)).returncode == 0


@pytest.mark.parametrize("instead, lacks", [
    (["-no-pie", "-fno-PIE"], "loaded anywhere (PIE)"), (["-fno-stack-protector"], "stack canaries"),
    (["-Wl,-z,execstack"], "not executable (NX)"), (["-Wl,-z,norelro"], "read-only (RELRO)"),
    (["-Wl,-z,lazy"], "at start (BIND_NOW)")], ids=["pie", "canary", "nx", "relro", "bind-now"])
def test_a_program_made_without_is_told(source, instead, lacks):
    done = check(made(source, *HARDENED, *instead))
    assert done.returncode == 1 and lacks in done.stdout.partition("LACKS")[2], done


def test_a_page_writable_and_executable_is_told(source):
    program = made(source, *HARDENED)
    data = bytearray(program.read_bytes())
    for header in range(64, 64 + 56 * data[56], 56):
        kind, flags = struct.unpack_from("<II", data, header)
        if kind == 1 and flags & 1:
            struct.pack_into("<I", data, header + 4, flags | 2)
    program.write_bytes(data)
    done = check(program)
    assert done.returncode == 1 and "both writable and executable" in done.stdout.partition("LACKS")[2], done


@each_platform(lambda platform: platform.kernel == "windows")
@pytest.mark.parametrize("mark, lacks", [(0x20, "HIGH_ENTROPY_VA"), (0x40, "DYNAMIC_BASE"), (0x100, "NX"), (0x4000, "GUARD_CF")])
def test_a_windows_program_without_is_told(platform, folder, mark, lacks):
    data = bytearray(platform.shim.read_bytes())
    place = struct.unpack_from("<I", data, 60)[0] + 24 + 70
    struct.pack_into("<H", data, place, struct.unpack_from("<H", data, place)[0] & ~mark)
    (folder / "without.exe").write_bytes(data)
    done = check(folder / "without.exe")
    assert done.returncode == 1 and lacks in done.stdout.partition("LACKS")[2], done


@each_platform(lambda platform: platform.kernel == "darwin")
def test_a_mac_program_without_is_told(platform, folder):
    data = bytearray(platform.shim.read_bytes())
    struct.pack_into("<I", data, 24, struct.unpack_from("<I", data, 24)[0] & ~0x200000)
    (folder / "without").write_bytes(data.replace(b"___stack_chk_fail\0", b"___other_chk_fail\0"))
    done = check(folder / "without")
    assert done.returncode == 1 and "PIE" in done.stdout and "canaries" in done.stdout, done


def test_what_is_no_program_is_told(folder):
    (folder / "text").write_text("hello")
    done = check(folder / "text")
    assert done.returncode == 1 and "no ELF, PE or Mach-O program" in done.stderr, done


# ---- the one of this machine ----


def test_loaded_at_another_address_each_time(case):
    seen = set()
    for i in range(3):
        case.emit("install_start", "--watch", "--watch-limit", "5", run=i)
        (watcher,) = wait_for(lambda: [pid for pid in case.processes() if mapped(pid)])[:1]
        seen.add(mapped(watcher))
        case.end()
        assert case.wait_until_gone()
    assert len(seen) == 3, seen


def mapped(pid):
    """Where the program is in a process's memory."""
    try:
        with open(f"/proc/{pid}/maps") as maps:
            return next((line.split("-")[0] for line in maps if str(SHIM) in line), None)
    except OSError:
        return None


def test_no_path_of_the_machine_it_was_built_on():
    binary = SHIM.read_bytes()
    assert str(ROOT).encode() not in binary and b"/home/" not in binary
