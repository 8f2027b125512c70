"""What guards the Windows programs. Control Flow Guard: its table has each function that a pointer may lead to, and with
a guard that asks it before every such call the program does its work; Wine has no such guard, so one is put in. And the
stack's canary, which is another in each process."""

import os
import re
import struct
import subprocess
import sys

import pytest
from platform_list import each_platform
from shim_lab import ROOT, wait_for
from sink import Sink
from wine_lab import EXE, Profile, start_wine

LOAD_CONFIGURATION, RELOCATIONS, IMPORTS = 10, 5, 1  # of the PE format's data directories
SYSTEM32 = 0x800
BROKEN = 99  # what the guard below ends a program with
# In the place of __guard_dispatch_icall_fptr: %rax is where the call leads; but %r10 and %r11 nothing may change.
GUARD = """
    push %rcx
    push %rdx
here:
    lea here(%rip), %rcx
    sub $(section + 2), %rcx
    mov %rax, %rdx
    sub %rcx, %rdx
    cmp $image, %rdx    # what lies outside is a library's, which Windows asks that library's own table about
    jae allowed
    mov $count, %r11d
    lea table(%rcx), %r10
next:
    cmp (%r10), %edx
    je allowed
    add $4, %r10
    dec %r11d
    jnz next
    mov exit(%rcx), %rax
    mov $broken, %ecx
    and $-16, %rsp
    sub $32, %rsp
    call *%rax
allowed:
    pop %rdx
    pop %rcx
    jmp *%rax
"""


class Image:
    """A Windows program in its file. Places are relative to where it is loaded, as the format has them."""

    def __init__(self, file):
        self.data = bytearray(file.read_bytes())
        self.header = self.read("I", 60, raw=True)[0]
        count, size = self.read("H12xH", self.header + 6, raw=True)
        self.base, = self.read("Q", self.header + 48, raw=True)
        self.size, = self.read("I", self.header + 80, raw=True)
        self.sections = self.header + 24 + size
        self.parts = [self.read("8sIIII", self.sections + 40 * i, raw=True) for i in range(count)]
        place = self.directory(LOAD_CONFIGURATION)[0]
        self.flags, = self.read("H", place + 78)
        self.dispatch, table, self.count, self.guard = self.read("QQQI", place + 120)
        self.table = table - self.base
        self.callable = set(self.read(f"{self.count}I", self.table))

    def offset(self, place):
        return next(at + place - start for _, size, start, stored, at in self.parts
                    if start <= place < start + max(size, stored))

    def read(self, form, place, raw=False):
        return struct.unpack_from("<" + form, self.data, place if raw else self.offset(place))

    def directory(self, number):
        return self.read("II", self.header + 136 + 8 * number, raw=True)

    def part(self, name):
        return next(part for part in self.parts if part[0].rstrip(b"\0") == name)

    def is_code(self, place):
        _, size, start, *_ = self.part(b".text")
        return start <= place < start + size

    def addresses_in_data(self):
        """Every address that the loader adjusts."""
        place, size = self.directory(RELOCATIONS)
        end = place + size
        while place < end:
            page, length = self.read("II", place)
            for entry in self.read(f"{(length - 8) // 2}H", place + 8):
                if entry >> 12 == 10:
                    yield self.read("Q", page + (entry & 0xFFF))[0] - self.base
            place += length

    def import_of(self, wanted):
        """Where the address of a library's function stands."""
        place = self.directory(IMPORTS)[0]
        while any(entry := self.read("5I", place)):
            for i, name in enumerate(self.names(entry[0])):
                if name == wanted:
                    return entry[4] + 8 * i
            place += 20
        raise LookupError(wanted)

    def names(self, place):
        while name := self.read("Q", place)[0]:
            start = self.offset(name) + 2
            yield self.data[start:self.data.index(b"\0", start)].decode()
            place += 8

    def end(self):
        """Where a further section would be."""
        _, size, start, *_ = self.parts[-1]
        return -(-(start + size) // 0x1000) * 0x1000

    def add_code(self, code):
        self.data += bytes(-len(self.data) % 512)
        struct.pack_into("<8sIIIIIIHHI", self.data, self.sections + 40 * len(self.parts), b".guard", len(code), self.end(),
                         512, len(self.data), 0, 0, 0, 0, 0x60000020)
        struct.pack_into("<H", self.data, self.header + 6, len(self.parts) + 1)
        struct.pack_into("<I", self.data, self.header + 80, self.end() + 0x1000)
        self.data += code.ljust(512, b"\0")


def guarded(image, folder):
    """The program with a guard of ours, which Windows would put there when it loads it."""
    numbers = {"section": image.end(), "image": image.size, "count": image.count, "table": image.table, "broken": BROKEN,
               "exit": image.import_of("ExitProcess")}
    symbols = [word for name, value in numbers.items() for word in ("--defsym", f"{name}={value}")]
    subprocess.run(["as", "--64", *symbols, "-o", folder / "guard.o"], input=GUARD.encode(), check=True)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".text", folder / "guard.o", folder / "guard"], check=True)
    image.add_code((folder / "guard").read_bytes())
    struct.pack_into("<Q", image.data, image.offset(image.dispatch - image.base), image.base + image.end())
    program = folder / "guarded.exe"
    program.write_bytes(image.data)
    return program


@pytest.fixture
def wine():
    missing = start_wine()
    if missing:
        pytest.skip(missing)


@each_platform(lambda platform: platform.kernel == "windows")
def test_windows_is_told_to_guard(platform):
    image = Image(platform.shim)
    assert image.guard == 0x500 and len(image.callable) == image.count > 100, "instrumented, with a table"
    assert image.flags == SYSTEM32, "no library is looked for beside the program"


@each_platform(lambda platform: platform.kernel == "windows")
def test_no_function_in_data_is_missing(platform):
    image = Image(platform.shim)
    functions = set(filter(image.is_code, image.addresses_in_data()))
    assert len(functions) > 100 and functions <= image.callable, functions - image.callable


def test_no_function_that_code_takes_the_address_of_is_missing():
    image = Image(EXE)
    code = subprocess.run(["objdump", "-d", EXE], capture_output=True, text=True, check=True).stdout
    taken = {int(address, 16) - image.base for address in re.findall(r"\tlea .*# 0x([0-9a-f]+)", code)}
    functions = set(filter(image.is_code, taken))
    assert len(functions) > 20 and functions <= image.callable, functions - image.callable


def test_it_works_under_a_guard(wine, folder, pki):
    program = guarded(Image(EXE), folder)
    with Sink(tls=pki) as sink:
        profile = Profile(folder, sink, pki.ca, exe=program)
        done = profile.footfall("run -- cmd /c exit 7")
        assert done.status == 7, done
        assert wait_for(lambda: sorted(sink.labels) == ["install_failed", "install_start"], 20), sink.labels


def test_the_guard_guards(wine, folder):
    image = Image(EXE)
    image.data[image.offset(image.table):image.offset(image.table) + 4 * image.count] = bytes(4 * image.count)
    profile = Profile(folder, exe=guarded(image, folder))
    assert profile.footfall("explain").status == BROKEN


def test_the_canary_is_another_in_each_process(wine, folder):
    """Zig's own is this constant."""
    image = Image(EXE)
    constant = image.data.index(bytes.fromhex("0000000000000aff"), image.offset(image.part(b".data")[2]))
    place = next(start + constant - at for _, size, start, stored, at in image.parts if at <= constant < at + stored)
    seen = {canary_of_a_run(Profile(folder / str(i)), image.base + place) for i in range(2)}
    assert len(seen) == 2 and 0xFF0A000000000000 not in seen, seen


def canary_of_a_run(profile, address):
    with subprocess.Popen(profile.shell("footfall run -- cmd /c pause"), env=profile.environment(), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as run:
        run.stdout.read(1)  # what pause says: the program has begun
        found = [memory for pid in profile.processes() if (memory := read_memory(pid, address))]
        run.communicate(b"x", timeout=60)
    assert len(found) == 1, "one of these processes is the program"
    return struct.unpack("<Q", found[0])[0]


def read_memory(pid, address):
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        if "footfall.exe" not in maps.read():
            return None
        memory.seek(address)
        return memory.read(8)


@pytest.mark.long
def test_every_test_of_the_program_under_a_guard(wine, folder):
    environment = os.environ | {"FOOTFALL_EXE": str(guarded(Image(EXE), folder))}
    done = subprocess.run([sys.executable, "-m", "pytest", "-c", ROOT / "tests/pytest.ini", "-q",
                           ROOT / "tests/shim/test_windows.py"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and " 0 skipped" in done.stdout, done.stdout
