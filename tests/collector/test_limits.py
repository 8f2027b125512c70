"""One machine cannot flood the collector, bend its figures, or hold it up."""
import json
import os
import pathlib
import random
import socket
import threading
import time
import uuid

import pytest

from collector_lab import Collector, make_event, wait_until

JSON = {"Content-Type": "application/json"}


def send(one, headers=None, **members):
    status, got, body = one.ask("POST", "/v1/events", json.dumps(make_event(**members)), {**JSON, **(headers or {})})
    if status == 429:
        assert int(got["Retry-After"]) > 0
    return status


def test_an_address_has_so_many_events_a_minute(tmp_path):
    one = Collector(tmp_path, "rate-limit = 10\n[app default]\n").start()
    assert [send(one) for _ in range(13)] == [204] * 10 + [429] * 3
    # What stores nothing is not limited by it.
    assert one.ask("POST", "/v1/events", "{", JSON)[0] == 400
    assert one.ask("POST", "/v1/validate", json.dumps(make_event()), JSON)[0] == 200
    assert one.ask("GET", "/v1/stats")[0] == 200
    # Erasing has its own.
    assert [one.ask("DELETE", f"/v1/install/{uuid.uuid4()}")[0] for _ in range(11)] == [204] * 10 + [429]
    wait_until(lambda: send(one) == 204, 10, "a new token")
    assert one.stop() == 0


def test_a_limit_is_on_by_default_and_0_turns_it_off(tmp_path):
    one = Collector(tmp_path / "a", "[app default]\n").start()
    answers = [send(one) for _ in range(70)]
    assert answers[:60] == [204] * 60 and 429 in answers
    assert one.stop() == 0
    one = Collector(tmp_path / "b", "rate-limit = 0\n[app default]\n").start()
    assert {send(one) for _ in range(100)} == {204}
    assert one.stop() == 0


def test_forwarded_addresses_are_believed_from_named_proxies_only(tmp_path):
    one = Collector(tmp_path / "a", "rate-limit = 3\n[app default]\n").start()
    assert [send(one, {"X-Forwarded-For": f"198.51.100.{i}"}) for i in range(5)] == [204] * 3 + [429] * 2
    assert one.stop() == 0
    one = Collector(tmp_path / "b", "rate-limit = 3\ntrusted-proxies = 127.0.0.0/8, 10.0.0.0/8\n[app default]\n").start()
    assert [send(one, {"X-Forwarded-For": f"198.51.100.{i}"}) for i in range(5)] == [204] * 5
    # The right-most stranger counts: what stands left of it is the stranger's own invention.
    assert [send(one, {"X-Forwarded-For": f"192.0.2.{i}, 203.0.113.9, 10.1.1.1"}) for i in range(5)] == [204] * 3 + [429] * 2
    # An IPv6 network of a household is one.
    assert [send(one, {"X-Forwarded-For": f"2001:db8:1:2::{i}"}) for i in range(5)] == [204] * 3 + [429] * 2
    assert send(one, {"X-Forwarded-For": "2001:db8:1:3::1"}) == 204
    # With the client's port, as some proxies write it.
    assert [send(one, {"X-Forwarded-For": f"203.0.113.{i}:50{i}60"}) for i in range(20, 25)] == [204] * 5
    assert [send(one, {"X-Forwarded-For": f"203.0.113.30:50{i}60"}) for i in range(5)] == [204] * 3 + [429] * 2
    assert [send(one, {"X-Forwarded-For": f"[2001:db8:{i}::1]:5060"}) for i in range(4, 9)] == [204] * 5
    assert one.stop() == 0


def test_an_id_has_so_many_events_a_day(tmp_path):
    one = Collector(tmp_path, "rate-limit = 0\n[app default]\ndaily-cap = 5\n").start()
    cid = str(uuid.uuid4())
    assert [send(one, cid=cid) for _ in range(7)] == [204] * 5 + [429] * 2
    assert send(one) == 204
    assert one.stop() == 0
    one.start()
    assert send(one, cid=cid) == 429, "a restart forgets nothing"
    wait_until(lambda: one.stats()["rejected"]["by_reason"] == {"daily_cap": 3})
    assert one.stats()["totals"]["completes"] == 6
    assert one.stop() == 0


def memory_kb(one):
    status = pathlib.Path(f"/proc/{one.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def test_a_thousand_idle_connections_cost_little_and_hold_up_nobody(tmp_path):
    one = Collector(tmp_path, "rate-limit = 0\n[app default]\n").start()
    idle = [socket.create_connection(one.address, 10) for _ in range(1000)]
    for s in idle[:500]:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    for s in idle[:500]:
        assert s.recv(1000).startswith(b"HTTP/1.1 200")
    assert one.post(make_event()) == 204
    if "asan" not in one.binary.name:
        assert memory_kb(one) <= 32 * 1024
    for s in idle:
        s.close()
    assert one.stop() == 0


def test_slow_clients_are_ended_and_others_served(tmp_path):
    one = Collector(tmp_path, "rate-limit = 0\nrequest-seconds = 2\n[app default]\n").start()
    slow = [socket.create_connection(one.address, 10) for _ in range(300)]
    began, ended = time.monotonic(), None
    stop = threading.Event()

    def drip():
        while not stop.is_set():
            for s in slow:
                try:
                    s.send(b"X")
                except OSError:
                    pass
            stop.wait(0.4)

    for s in slow:
        s.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    dripper = threading.Thread(target=drip)
    dripper.start()
    try:
        while ended is None and time.monotonic() - began < 12:
            assert one.post(make_event()) == 204
            if one.metric("footfall_connections") <= 5:
                ended = time.monotonic() - began
            time.sleep(0.3)
    finally:
        stop.set()
        dripper.join()
    assert ended is not None and ended < 10, "a byte now and then must not keep a connection"
    for s in slow:
        s.close()
    assert one.stop() == 0


def malformed(rng):
    good = json.dumps(make_event())
    kind = rng.randrange(8)
    if kind == 0:
        body = "".join(chr(rng.randrange(1, 256)) for _ in range(rng.randrange(200)))
    elif kind == 1:
        body = good[: rng.randrange(len(good))]
    elif kind == 2:
        at = rng.randrange(len(good))
        body = good[:at] + chr(rng.randrange(256)) + good[at + 1:]
    elif kind == 3:
        body = "[" * rng.randrange(1, 3000)
    elif kind == 4:
        body = good[:-1] + ',"' + "k" * rng.randrange(1000) + '":' + rng.choice(["{}", "[[]]", "1e999", "-", '"\\u0000"']) + "}"
    elif kind == 5:
        body = good.replace("linux", rng.choice(["", "a b", "x" * 65, "\\ud800", "é"]))
    elif kind == 6:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(1, 300))) + b"\r\n\r\n"
    else:
        body = good
    data = body.encode("utf-8", "surrogatepass")
    length = len(data) if rng.random() < 0.98 else rng.randrange(6000)
    return (f"POST {rng.choice(['/v1/events', '/v1/validate', '/v1/apps/x/events', '/%zz'])} HTTP/1.1\r\nHost: x\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n").encode() + data


def flood(one, count, seed):
    rng = random.Random(seed)
    for _ in range(count):
        try:
            with socket.create_connection(one.address, 5) as s:
                s.sendall(malformed(rng))
                s.shutdown(socket.SHUT_WR)
                while s.recv(4096):
                    pass
        except OSError:
            pass


def survive(tmp_path, count):
    one = Collector(tmp_path, "rate-limit = 0\nrequest-seconds = 1\n[app default]\n")
    one.start()
    flood(one, 200, 1)
    before = memory_kb(one)
    threads = [threading.Thread(target=flood, args=(one, count // 4, seed)) for seed in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert memory_kb(one) < before + 20 * 1024
    assert one.post(make_event()) == 204
    assert one.stop() == 0
    assert not [line for line in one.log if "ERROR" in line or "runtime error" in line], one.log[-5:]


def test_malformed_requests_in_thousands(tmp_path):
    survive(tmp_path, 4000)


@pytest.mark.long
def test_malformed_requests_in_a_million(tmp_path):
    survive(tmp_path, 1_000_000)


def test_malformed_requests_under_sanitizers(tmp_path):
    one = Collector(tmp_path, "rate-limit = 0\nrequest-seconds = 1\nsandbox = no\n[app default]\n")
    # The sandbox forbids what the search for leaks needs.
    one.binary = one.binary.with_name("footfall-collector-asan")
    if not one.binary.exists():
        pytest.skip("make build/footfall-collector-asan")
    one.env["ASAN_OPTIONS"] = "detect_leaks=1"
    one.start()
    for seed in range(4):
        flood(one, 300, seed)
    for path in ("/", "/v1/stats", "/metrics", "/v1/policy", "/v1/schema", "/healthz", "/v1/stats?days=x"):
        one.ask("GET", path)
    assert one.post(make_event()) == 204
    assert one.ask("DELETE", f"/v1/install/{uuid.uuid4()}")[0] == 204
    assert one.stop() == 0, one.log[-30:]
    assert not [line for line in one.log if "ERROR" in line or "runtime error" in line], one.log[-30:]
