"""make TELEMETRY=off: the same command line, with no network code in the program at all."""

import json
import os
import platform
import re
import signal
import subprocess

import pytest
from shim_lab import ROOT, SHIM, V4, wait_for

TARGET = f"{platform.machine()}-linux-musl"
OFF = ROOT / f"build/shim/off-{TARGET}/footfall"
NETWORK = re.compile(r"curl|mbedtls|psa_|x509|socket|^_*(connect|bind|send|sendto|sendmsg|recv|recvfrom|recvmsg|accept4?)$|"
                     r"addrinfo|gethostby|res_m?(send|query)|dns", re.I)
TRACES = b"curl|mbedtls|resolv\\.conf|/etc/hosts|HTTP/1|https_proxy|ca-certificates|BEGIN CERTIFICATE|ClientHello|chacha|TLS"
REASON = b"footfall: not sent: built without telemetry (see: footfall explain)\n"


@pytest.fixture(scope="module", autouse=True)
def off():
    if not OFF.exists():
        pytest.skip("the shim without telemetry is not built: make test-programs")


def call(case, *words, **more):
    return case.run([OFF, *words], **more)


def symbols(folder):
    """Of the same objects, linked in the same way, but for the option that takes the symbols off."""
    file = ROOT / "build/shim" / folder / "footfall.symbols"
    lines = subprocess.run(["nm", file], check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.split()[-1] for line in lines]


def test_no_symbol_of_a_network():
    names = symbols(f"off-{TARGET}")
    assert "footfall_main" in names or "main" in names
    assert [name for name in names if NETWORK.search(name)] == []


def test_the_pattern_finds_a_network_where_there_is_one():
    found = {name for name in symbols(TARGET) if NETWORK.search(name)}
    assert {"socket", "connect", "curl_easy_perform"} <= found or len(found) > 100, found


def test_no_word_of_a_network():
    assert re.findall(TRACES, OFF.read_bytes()) == []
    assert len(set(re.findall(TRACES, SHIM.read_bytes()))) > 5


def test_windows_imports_no_network():
    exe = ROOT / "build/shim/off-x86_64-windows-gnu/footfall.exe"
    imported = {name.lower() for name in re.findall(rb"[\w.-]+\.dll", exe.read_bytes(), re.I)}
    assert b"kernel32.dll" in imported
    assert not imported & {b"ws2_32.dll", b"crypt32.dll", b"iphlpapi.dll", b"winhttp.dll", b"wininet.dll"}, imported
    assert b"ws2_32.dll" in (ROOT / "build/footfall.exe").read_bytes().lower()


def test_emit_is_silent_and_leaves_no_trace(case):
    file = case.folder / "trace"
    for event in ("install_start", "install_complete", "install_failed", "nonsense"):
        case.run(["strace", "-f", "-o", file, *case.words(event, "--watch", shim=OFF)],
                 {"ACME_TELEMETRY": "1", "FOOTFALL_ALLOW_CI": "1"}).assert_unnoticed(5)
        calls = re.findall(r"^\d+\s+(\w+)\(", file.read_text(), re.M)
        assert "execve" in calls
        assert not {"socket", "connect", "fork", "clone", "clone3", "mkdir", "mkdirat"} & set(calls)
    assert case.all_files() == [] and case.sink.connections == 0


@pytest.mark.parametrize("env", [{}, {"DO_NOT_TRACK": "1"}, {"CI": "true"}, {"ACME_TELEMETRY": "1"}])
def test_strictly_it_is_suppressed_by_the_build_before_anything_else(case, env):
    done = case.emit("install_start", "--strict", env=env, shim=OFF)
    assert (done.status, done.out, done.err) == (3, b"", REASON)
    assert case.all_files() == [] and case.sink.connections == 0


def test_wrong_usage_is_told_as_ever(case):
    done = call(case, "emit", "--strict", "--app", "acme")
    assert done.status == 2 and b"the event is missing" in done.err


def test_explain_says_so(case):
    done = call(case, "explain", "--app", "acme", "--endpoint", case.sink.url)
    assert done.status == 0
    assert done.out.decode().startswith("This event would not be sent: built without telemetry.\n")
    told = json.loads(call(case, "explain", "--app", "acme", "--json").out)
    assert (told["would_send"], told["gate"], told["reason"]) == (False, "built-without-telemetry", "built without telemetry")
    assert case.all_files() == []


def test_the_same_command_line():
    """Every line of help, of the program and of each command, is the other's."""
    for words in (["--help"], ["--version"], *([name, "--help"] for name in
                  ("emit", "run", "explain", "id", "forget", "enable", "disable"))):
        ours, theirs = (subprocess.run([program, *words], capture_output=True, check=True).stdout for program in (OFF, SHIM))
        assert ours == theirs and len(ours) > 5, words


@pytest.mark.parametrize("script,status", [("exit 0", 0), ("exit 77", 77), ("kill -TERM $$", 143)])
def test_run_hands_on_the_status(case, script, status):
    done = call(case, "run", "--app", "acme", "--endpoint", case.sink.url, "--", "sh", "-c", f"echo out; echo err >&2; {script}")
    assert (done.status, done.out, done.err) == (status, b"out\n", b"err\n")
    assert case.all_files() == [] and case.sink.connections == 0


def test_run_finds_no_command_and_hands_on_signals(case):
    line = [OFF, "run", "--app", "acme", "--endpoint", case.sink.url, "--"]
    assert case.run([*line, "no-such-command-here"]).status == 127
    script = "trap 'exit 9' TERM; : >ready; while :; do sleep 0.05; done"
    process = case.start([*line, "sh", "-c", script], cwd=case.folder)
    assert wait_for(lambda: (case.folder / "ready").exists())
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(10) == 9


def test_the_local_state_is_managed_as_ever(case):
    assert call(case, "id", "--app", "acme").status == 1
    made = call(case, "id", "--app", "acme", "--reset")
    assert made.status == 0 and V4.fullmatch(made.out.decode().strip())
    assert call(case, "id", "--app", "acme").out == made.out
    assert case.run([SHIM, "id", "--app", "acme"]).out == made.out
    for word, saved in (("enable", "on\n"), ("disable", "off\n")):
        assert call(case, word, "--app", "acme").status == 0
        assert (case.place / "telemetry").read_text() == saved


def test_a_choice_made_with_it_holds_for_the_other_one(case):
    assert call(case, "disable", "--app", "acme").status == 0
    assert b"switched off for this user" in case.emit("install_start", "--strict").err


def test_forget_with_nothing_sent(case):
    assert call(case, "forget", "--app", "acme").status == 0
    assert call(case, "id", "--app", "acme", "--reset").status == 0
    done = call(case, "forget", "--app", "acme")
    assert done.status == 0 and b"no collector was asked" in done.out and b"deleted: " in done.out
    assert not case.id_file.exists()


def test_forget_names_whom_it_could_not_ask(case):
    """Another build has sent something from this home."""
    assert case.emit("install_start", "--strict").status == 0
    cid, asked = case.id, case.sink.connections
    done = call(case, "forget", "--app", "acme")
    erase = case.sink.url.rsplit("/", 1)[0] + f"/install/{cid}"
    assert done.status == 4 and erase in done.err.decode() and b"built without telemetry" in done.err
    assert b"deleted: " in done.out and not case.id_file.exists() and not (case.place / "telemetry_last").exists()
    assert case.sink.connections == asked


def test_forget_tells_a_bad_address_as_ever(case):
    assert call(case, "id", "--app", "acme", "--reset").status == 0
    done = call(case, "forget", "--app", "acme", "--endpoint", "http://example.com/")
    assert done.status == 2 and case.id_file.exists()


def test_switching_needs_no_clean():
    """What one build writes the other does not."""
    written = [set(re.findall(r" -o (build/\S+)", subprocess.run(["make", "-n", "-B", *words], cwd=ROOT, check=True,
                                                                 capture_output=True, text=True).stdout))
               for words in (["TELEMETRY=off"], ["build/footfall"])]
    assert all(len(files) > 20 for files in written) and not written[0] & written[1]


def test_a_word_nobody_can_interpret_builds_nothing():
    done = subprocess.run(["make", "-n", "TELEMETRY=perhaps"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "TELEMETRY=perhaps: give on or off" in done.stderr
