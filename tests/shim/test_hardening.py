"""The binary that ships: static, position-independent, and nothing both writable and executable."""

import platform
import subprocess

import pytest
from shim_lab import ROOT, SHIM, wait_for


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, SHIM], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def segments():
    """(type, flags) of the program headers, GNU_STACK and GNU_RELRO among them."""
    rows = []
    for line in readelf("-l").splitlines():
        words = line.split()
        if len(words) >= 8 and words[1].startswith("0x"):
            rows.append((words[0], "".join(words[6:-1])))
    return rows


def test_static(segments):
    assert "INTERP" not in [kind for kind, _ in segments]
    assert "NEEDED" not in readelf("-d")


def test_position_independent():
    assert "DYN (" in readelf("-h")
    assert "TEXTREL" not in readelf("-d")


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


def test_no_page_is_writable_and_executable(segments):
    assert [row for row in segments if "W" in row[1] and "E" in row[1]] == []
    assert ("GNU_STACK", "RW") in segments


def test_relocated_once_and_read_only_from_then_on(segments):
    assert "GNU_RELRO" in [kind for kind, _ in segments]
    flags = readelf("-d")
    assert "BIND_NOW" in flags and "NOW" in flags


def test_stack_protector():
    if platform.machine() != "x86_64":
        pytest.skip("its mark in the code is known for x86_64")
    code = subprocess.run(["objdump", "-d", SHIM], check=True, capture_output=True, text=True).stdout
    assert code.count("%fs:0x28") > 100


def test_stripped():
    assert ".symtab" not in readelf("-S") and ".debug" not in readelf("-S")


def test_no_path_of_the_machine_it_was_built_on():
    binary = SHIM.read_bytes()
    assert str(ROOT).encode() not in binary and b"/home/" not in binary
