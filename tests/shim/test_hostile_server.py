"""A server that misbehaves in any way: nobody notices, the sender is gone by its deadline, and there
is never a second request (contract 5)."""

import os
import subprocess
import time

import pytest
import sink as server
from shim_lab import SHIM, wait_for
from sink import Sink

# What a server does: before it reads, after it has read, and what `emit --strict` then exits with.
NOT_DELIVERED, REFUSED, DELIVERED = 4, 5, 0
BEFORE = {"says nothing": server.silence, "resets": server.reset, "garbage": server.garbage, "drips": server.drip,
          "floods": server.endless_body}
AFTER = {
    "says nothing": (server.silence, NOT_DELIVERED), "resets": (server.reset, NOT_DELIVERED),
    "closes": (lambda sink, connection: None, NOT_DELIVERED), "garbage": (server.garbage, NOT_DELIVERED),
    "drips": (server.drip, NOT_DELIVERED), "redirects": (server.redirect, REFUSED),
    "endless body": (server.endless_body, DELIVERED), "100 MB": (server.big_body, DELIVERED),
    "endless head": (server.header_flood, DELIVERED),
    **{str(number): (server.status(number, *headers), REFUSED) for number, headers in {
        301: ["Location: http://127.0.0.1:1/"], 307: ["Location: /"], 308: ["Location: /"], 400: [], 401: [
            'WWW-Authenticate: Basic realm="x"'], 404: [], 407: ['Proxy-Authenticate: Basic realm="x"'], 413: [],
        417: [], 429: ["Retry-After: 0"], 500: [], 503: ["Retry-After: 0"]}.items()},
    "cookies": (server.status(204, "Set-Cookie: a=b", "Alt-Svc: h3=\":443\"", "Strict-Transport-Security: max-age=9"),
                DELIVERED),
    "200": (server.status(200, body=b"{}"), DELIVERED),
}


def one_call(case, *options):
    """One event; its sender must be gone by the deadline, given the slack of a busy machine."""
    start = time.monotonic()
    case.emit("install_start", "--deadline", "1", *options).assert_unnoticed()
    assert case.wait_until_gone(10)
    assert time.monotonic() - start < 1 + 1.5
    assert case.sink.connections <= 1 and len(case.sink.requests) <= 1


@pytest.fixture(params=["http", "https"])
def secure(request, pki):
    return (pki, ["--cacert", pki.ca]) if request.param == "https" else (None, [])


@pytest.mark.parametrize("way", BEFORE)
def test_before_the_request(make_case, secure, way):
    tls, trust = secure
    with Sink(greet=BEFORE[way], tls=tls) as sink:
        one_call(make_case(sink), *trust)
        assert sink.connections == 1


@pytest.mark.parametrize("way", AFTER)
def test_after_the_request(make_case, secure, way):
    tls, trust = secure
    with Sink(answer=AFTER[way][0], tls=tls) as sink:
        one_call(make_case(sink), *trust)
        assert sink.connections == 1 and sink.labels == ["install_start"]
        assert sink.sent < 50e6  # what lay in the buffers of the connection


@pytest.mark.parametrize("way", AFTER)
def test_strict_tells_the_kinds_apart(make_case, way):
    answer, expected = AFTER[way]
    with Sink(answer=answer) as sink:
        case = make_case(sink)
        result = case.emit("install_start", "--deadline", "1", "--strict")
        assert result.status == expected and result.out == b"", result
        assert (result.err != b"") == (expected != DELIVERED), result
        assert len(sink.requests) == 1 and sink.connections == 1


def test_never_accepts(make_case, secure):
    tls, trust = secure
    with Sink(accepts=False, tls=tls) as sink:
        one_call(make_case(sink), *trust)


def test_nobody_there(make_case):
    with Sink() as sink:
        pass
    one_call(make_case(sink))


def test_plain_text_where_tls_is_meant(make_case, pki):
    with Sink() as sink:
        case = make_case(sink)
        case.emit("install_start", "--cacert", pki.ca, endpoint=sink.url.replace("http:", "https:")).assert_unnoticed()
        assert case.wait_until_gone()
        assert all(b"install_start" not in request.head + request.body for request in sink.requests)


@pytest.mark.parametrize("way", ["endless body", "100 MB", "endless head"])
def test_it_does_not_read_on_till_the_deadline(make_case, way):
    with Sink(answer=AFTER[way][0]) as sink:
        case = make_case(sink)
        case.emit("install_start", "--deadline", "20").assert_unnoticed()
        assert case.wait_until_gone(8)


def test_no_more_than_four_kilobytes_are_read(make_case, secure):
    tls, trust = secure
    with Sink(answer=server.steady_body, tls=tls) as sink:
        case = make_case(sink)
        case.emit("install_start", "--deadline", "20", *trust).assert_unnoticed()
        assert case.wait_until_gone(8)
        assert wait_for(lambda: sink.sent >= 3072) and sink.sent < 65536


def test_nothing_of_a_reply_is_kept(make_case):
    """What the next event is, and which files there are, is the same as after a reply of one line."""
    seen = []
    for answer in (AFTER["cookies"][0], server.status(204)):
        with Sink(answer=answer) as sink:
            case = make_case(sink)
            for count, event in enumerate(("install_start", "install_complete"), 1):
                case.emit(event).assert_unnoticed()
                assert wait_for(lambda: len(sink.requests) == count)
                assert case.wait_until_gone()
            heads = [request.head.replace(str(sink.port).encode(), b"PORT") for request in sink.requests]
            seen.append((heads, case.files()))
            kept = b"".join(path.read_bytes() for path in case.home.rglob("*") if path.is_file())
            assert b"a=b" not in kept and b"h3" not in kept and b"max-age" not in kept
    assert seen[0] == seen[1]


def test_without_a_deadline_given_it_is_five_seconds(make_case):
    with Sink(answer=server.silence) as sink:
        case = make_case(sink)
        start = time.monotonic()
        case.emit("install_start").assert_unnoticed()
        assert wait_for(lambda: sink.requests)
        assert case.wait_until_gone(15)
        assert 4 < time.monotonic() - start < 5 + 2


QUIET_RESOLVER = """
import socket, sys
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
open("bound", "w")
s.recv(512)
open("asked", "w")
s.settimeout(20)
while True:
    s.recv(512)
"""


def without_names(case, words):
    """The words in a network of its own, where the only name server says nothing."""
    if os.getuid() != 0:
        pytest.skip("only root can set this up")
    (case.folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (case.folder / "resolver.py").write_text(QUIET_RESOLVER)
    script = """ip link set lo up && mount --bind resolv.conf /etc/resolv.conf || exit 1
        /usr/bin/python3 resolver.py & resolver=$!
        until [ -e bound ]; do sleep 0.01; done
        "$@"; status=$?
        read -r done; kill $resolver; exit $status"""
    return ["unshare", "-n", "-m", "sh", "-c", script, "sh", *words]


def test_a_resolver_that_never_answers(case):
    words = without_names(case, case.words("install_start", "--deadline", "1", endpoint="https://telemetry.example/v1/events"))
    process = case.start(words, cwd=case.folder, stdin=subprocess.PIPE)
    try:
        assert wait_for(lambda: (case.folder / "asked").exists())
        asked = time.monotonic()
        assert case.senders() and wait_for(lambda: not case.senders(), 10)
        assert time.monotonic() - asked < 1 + 1.5
    finally:
        process.communicate(b"\n")
    assert process.returncode == 0


def test_a_resolver_that_does_not_answer_forget(case):
    assert case.emit("install_start", "--strict").status == 0
    words = [SHIM, "forget", "--app", "acme", "--endpoint", "https://telemetry.example/v1/events", "--deadline", "1"]
    done = case.run(without_names(case, words), cwd=case.folder)
    assert done.status == 4 and b"deadline" in done.err and case.id_file.exists(), done
    assert done.seconds < 1 + 2


# ---- 410: the app is retired ----


def test_gone_means_never_again(make_case):
    with Sink(answer=server.status(410)) as sink:
        case = make_case(sink)
        case.emit("install_start").assert_unnoticed()
        assert case.wait_until_gone() and len(sink.requests) == 1
        for run in ("run-1", "run-2", "run-3"):
            case.emit("install_start", run=run).assert_unnoticed()
            case.emit("install_failed", run=run).assert_unnoticed()
        assert case.wait_until_gone()
        assert sink.connections == 1
        assert case.emit("install_start", "--strict", run="run-4").status == 3


def test_gone_is_for_one_app_alone(make_case):
    with Sink(answer=server.status(410)) as sink:
        case = make_case(sink)
        case.emit("install_start").assert_unnoticed()
        assert case.wait_until_gone()
        words = case.words("install_start")
        words[words.index("acme")] = "other"
        case.run(words).assert_unnoticed()
        assert wait_for(lambda: len(sink.requests) == 2)


def test_gone_is_remembered_without_a_home(make_case):
    with Sink(answer=server.status(410)) as sink:
        case = make_case(sink)
        case.own_tmp = True
        env = {"HOME": case.folder / "missing"}
        case.emit("install_start", env=env).assert_unnoticed()
        assert case.wait_until_gone()
        case.emit("install_start", run="run-2", env=env).assert_unnoticed()
        assert case.wait_until_gone() and sink.connections == 1


def test_unwell_today_is_not_gone(make_case):
    """Of all statuses only 410 is remembered."""
    with Sink(answer=server.status(503)) as sink:
        case = make_case(sink)
        for run in ("run-1", "run-2"):
            case.emit("install_start", run=run).assert_unnoticed()
            assert case.wait_until_gone()
        assert len(sink.requests) == 2
