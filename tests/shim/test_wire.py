"""What goes over the wire, byte for byte (contract 1)."""

import json
import os
import platform
import re
import shutil

import pytest
from shim_lab import ROOT, wait_for
from sink import Sink

MEMBERS = ["event_label", "os", "arch", "platform", "release", "method", "cid"]
ARCH = platform.machine()


def one_request(case):
    assert wait_for(lambda: case.sink.requests)
    assert case.wait_until_gone()
    assert len(case.sink.requests) == 1 and case.sink.connections == 1
    return case.sink.requests[0]


def send(case, *options, **more):
    case.emit("install_start", *options, **more).assert_unnoticed()
    return one_request(case)


def test_the_exact_bytes(case):
    request = send(case, "--release", "v0.1.2", "--method", "shell", "--platform", "linux-x86_64")
    body = (f'{{"event_label":"install_start","os":"linux","arch":"{ARCH}","platform":"linux-x86_64",'
            f'"release":"v0.1.2","method":"shell","cid":"{case.id}"}}').encode()
    assert request.body == body
    assert request.head == (f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{case.sink.port}\r\n"
                            f"Content-Type: application/json\r\nContent-Length: {len(body)}").encode()


@pytest.mark.parametrize("label", ["install_start", "install_complete", "install_failed"])
def test_the_same_head_over_tls(make_case, pki, label):
    with Sink(tls=pki) as sink:
        case = make_case(sink)
        case.emit(label, "--cacert", pki.ca).assert_unnoticed()
        request = one_request(case)
    assert request.label == label
    assert [name for name, _ in request.headers] == ["Host", "Content-Type", "Content-Length"]
    assert request.head.startswith(b"POST /v1/events HTTP/1.1\r\n")


def test_members_and_order_without_any_option(case):
    event = json.loads(send(case).body, object_pairs_hook=list)
    assert [name for name, _ in event] == MEMBERS
    values = dict(event)
    assert values["release"] == "unknown" and values["method"] == "other"
    assert values["platform"] == f"linux-{ARCH}"
    assert values["arch"] == ARCH and values["os"] == "linux"


@pytest.mark.parametrize("given, sent", [
    ("v1.2.3", "v1.2.3"),
    ('v1","admin":"1', "v1admin1"),
    ("v1\\\"\n\r\t\x01", "v1"),
    ("../../etc/passwd", "....etcpasswd"),
    ("größe", "gre"),
    ("a" * 64, "a" * 64),
    ("b" * 65, "b" * 64),
    ("c" * 100000, "c" * 64),
    ("'\"{}[]", "unknown"),
    ("", "unknown"),
    ("A.b_c+d-e", "A.b_c+d-e"),
])
@pytest.mark.parametrize("member", ["release", "platform"])
def test_nothing_a_caller_passes_breaks_the_json(case, member, given, sent):
    event = send(case, f"--{member}", given).event
    assert list(event) == MEMBERS
    assert event[member] == sent


def test_bytes_that_are_no_text(case):
    assert send(case, "--release", os.fsdecode(b"v\xff\xfe1\x80")).event["release"] == "v1"


@pytest.mark.parametrize("given, sent", [
    *[(name, name) for name in "shell powershell deb rpm apk pacman brew npm pip scoop choco winget other".split()],
    ("sh", "other"), ("SHELL", "other"), ('deb"', "deb"), ("", "other"),
])
def test_the_method_is_of_a_closed_set(case, given, sent):
    assert send(case, "--method", given).event["method"] == sent


@pytest.mark.parametrize("member, variable", [
    ("release", "FOOTFALL_RELEASE"), ("method", "FOOTFALL_METHOD"), ("platform", "FOOTFALL_PLATFORM")])
def test_values_from_the_environment(case, member, variable):
    assert send(case, env={variable: "npm"}).event[member] == "npm"


@pytest.mark.parametrize("member, variable", [("release", "FOOTFALL_RELEASE"), ("method", "FOOTFALL_METHOD")])
def test_a_flag_wins_over_the_environment(case, member, variable):
    assert send(case, f"--{member}", "npm", env={variable: "deb"}).event[member] == "npm"


def test_for_the_endpoint_the_environment_wins(case):
    assert send(case, endpoint="http://127.0.0.1:9/v1/events", env={"FOOTFALL_ENDPOINT": case.sink.url}).label


def test_the_path_and_query_of_the_endpoint_are_kept(case):
    send(case, endpoint=f"http://127.0.0.1:{case.sink.port}/api/telemetry?x=%20y")
    assert case.sink.requests[0].line == "POST /api/telemetry?x=%20y HTTP/1.1"


@pytest.mark.parametrize("event", ["install_start\n", "Install_Start", "install", "", "install_start,x", "heartbeat"])
def test_an_event_that_is_none_sends_nothing(case, event):
    case.emit(event).assert_unnoticed()
    assert case.wait_until_gone()
    assert case.sink.connections == 0 and case.all_files() == []


@pytest.mark.parametrize("endpoint", [
    "http://example.invalid/v1/events", "http://127.0.0.1.example.invalid/", "ftp://127.0.0.1/", "file:///etc/passwd",
    "https://", "http://[::1", "http://user:secret@127.0.0.1:{port}/", "http://127.0.0.1:{port}\r\nX: y/", "//127.0.0.1",
    "http://127.1:{port}/", "http://2130706433:{port}/", "http://0x7f.0.0.1:{port}/", "http://127.0.0.1:99999/",
])
def test_an_unusable_endpoint_leaves_no_trace(case, endpoint):
    case.emit("install_start", endpoint=endpoint.format(port=case.sink.port)).assert_unnoticed()
    assert case.wait_until_gone()
    assert case.sink.connections == 0 and case.all_files() == []


def test_the_receipt_is_what_was_sent(case):
    request = send(case)
    time, status, endpoint, body = (case.place / "telemetry_last").read_text().splitlines()
    assert body.encode() == request.body and endpoint == case.sink.url and status == "204"
    assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\dZ", time)


def test_few_packets(make_case, pki, tmp_path):
    """The end of the handshake waits for the request, and no acknowledgement goes alone at the start."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    log = tmp_path / "strace"
    with Sink(tls=pki) as sink:
        case = make_case(sink)
        strace = ["strace", "-f", "-o", log, "-e", "trace=connect,sendto,setsockopt", ROOT / "build/footfall"]
        case.run([*strace, "emit", "install_start", "--app", "acme", "--endpoint", sink.url, "--cacert", pki.ca, "--strict"])
        assert len(sink.requests) == 1
    calls = log.read_text()
    assert re.search(r"TCP_QUICKACK, \[0\].*?\n.*connect\(", calls, re.S)
    flags = re.findall(r"sendto\(.*, (\S+), NULL, 0\) += \d+", calls)
    hello, *handshake, request = ("MSG_MORE" in each for each in flags[:-1])  # the last is TLS's goodbye
    assert not hello and handshake and all(handshake) and not request, calls
