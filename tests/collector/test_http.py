"""Every answer the collector's HTTP interface promises, asked of the real program."""
import json
import socket
import time
import uuid

import pytest

from collector_lab import Collector, make_event, wait_until

JSON = {"Content-Type": "application/json"}
APPS = """
rate-limit = 0
[app default]
[app tool]
[app old]
retired = yes
"""


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    made = Collector(tmp_path_factory.mktemp("http"), APPS).start()
    yield made
    assert made.stop() == 0


def send(one, event=None, path="/v1/events", headers=JSON, body=None):
    return one.ask("POST", path, json.dumps(event) if body is None else body, headers)


def refused(answer, status, code, field=None):
    got, headers, body = answer
    assert (got, json.loads(body)) == (status, {"error": code, "field": field})
    assert headers["Content-Type"] == "application/json"
    return headers


def raw(one, data, wait=5, half_close=False):
    """Sends bytes as they are; returns all that comes back."""
    with socket.create_connection(one.address, wait) as s:
        s.sendall(data)
        if half_close:
            s.shutdown(socket.SHUT_WR)
        got = b""
        try:
            while True:
                some = s.recv(65536)
                if not some:
                    break
                got += some
        except (TimeoutError, ConnectionResetError):
            pass
        return got


def as_request(event=None, path="/v1/events", extra="", body=None, close=True):
    body = json.dumps(event or make_event()) if body is None else body
    return (f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"{extra}{'Connection: close' + chr(13) + chr(10) if close else ''}\r\n{body}").encode()


@pytest.mark.parametrize("path", ["/v1/events", "/v1/apps/tool/events", "/v1/apps/default/events", "/api/telemetry"])
def test_an_event_is_stored_on_every_path(one, path):
    status, headers, body = send(one, make_event(), path)
    assert (status, body) == (204, b"")
    assert "Set-Cookie" not in headers and "Server" not in headers


def test_events_count_for_the_app_of_the_path(one):
    before = one.metric("footfall_events_total", app="tool", event="install_failed") or 0
    for _ in range(6):
        assert one.post(make_event("install_failed"), "tool") == 204
    wait_until(lambda: one.metric("footfall_events_total", app="tool", event="install_failed") == before + 6)


@pytest.mark.parametrize("path", ["/v1/validate", "/v1/apps/tool/validate"])
def test_validate_checks_the_same_and_stores_nothing(one, path):
    before = one.stats()["totals"]
    status, _, body = send(one, make_event(), path)
    assert (status, json.loads(body)) == (200, {"valid": True})
    refused(send(one, make_event(method="sneaker"), path), 400, "invalid_value", "method")
    time.sleep(1.2)
    assert one.stats()["totals"] == before


BAD_VALUES = [
    ("event_label", "install_started"), ("event_label", ""), ("event_label", 1), ("event_label", None),
    ("event_label", "install_start\x00"), ("os", "li nux"), ("os", "x" * 65), ("os", "linüx"), ("arch", ["x86_64"]),
    ("arch", {"a": 1}), ("platform", "linux/x86_64"), ("release", ""), ("release", "v1\n"), ("release", True),
    ("method", "Shell"), ("method", "curl"), ("cid", "9b7f0ee2-0a5a-1bda-8f1a-3a9d53f1b3e7"),
    ("cid", "9b7f0ee2-0a5a-4bda-cf1a-3a9d53f1b3e7"), ("cid", "9B7F0EE2-0A5A-4BDA-8F1A-3A9D53F1B3E7"),
    ("cid", "9b7f0ee20a5a4bda8f1a3a9d53f1b3e7"), ("cid", ""), ("cid", "not-an-id"),
]


@pytest.mark.parametrize("member,value", BAD_VALUES, ids=lambda v: repr(v)[:24])
def test_a_value_outside_its_limits_is_refused_by_name(one, member, value):
    answer = send(one, make_event(**{member: value}))
    if value == "install_start\x00":
        refused(answer, 400, "invalid_json")
    else:
        refused(answer, 400, "invalid_value", member)


@pytest.mark.parametrize("member", list(make_event()))
def test_a_missing_member_is_named(one, member):
    event = make_event()
    del event[member]
    refused(send(one, event), 400, "missing_member", member)


def test_a_member_twice_is_refused_also_when_both_agree(one):
    body = json.dumps(make_event())
    refused(send(one, body=body[:-1] + ',"os":"linux"}'), 400, "duplicate_member", "os")


GOOD = json.dumps(make_event())
NOT_JSON = {
    "empty": "", "text": "hello", "array": "[" + GOOD + "]", "string": '"x"', "null": "null", "cut": GOOD[:-1],
    "trailing bytes": GOOD + "x", "two objects": GOOD + GOOD, "trailing comma": GOOD[:-1] + ",}",
    "comment": GOOD[:-1] + "/**/}", "single quotes": GOOD.replace('"', "'"), "bom": "\ufeff" + GOOD,
    "nul escape": GOOD.replace("linux", "li\\u0000nux"), "nul byte": GOOD.replace("linux", "li\x00nux"),
    "control byte": GOOD.replace("linux", "li\x01nux"), "lone surrogate": GOOD[:-1] + ',"x":"\\ud800"}',
    "low surrogate first": GOOD[:-1] + ',"x":"\\udc00\\ud800"}', "deep": GOOD[:-1] + ',"x":' + "[" * 9 + "]" * 9 + "}",
    "very deep": "[" * 2000 + "]" * 2000, "leading zero": GOOD[:-1] + ',"x":01}', "plus": GOOD[:-1] + ',"x":+1}',
    "nan": GOOD[:-1] + ',"x":NaN}', "bare dot": GOOD[:-1] + ',"x":1.}', "bad escape": GOOD[:-1] + ',"x":"\\q"}',
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_not_one_strict_json_object_is_refused(one, name):
    refused(send(one, body=NOT_JSON[name].encode()), 400, "invalid_json")


@pytest.mark.parametrize("bad", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"])
def test_bytes_that_are_not_utf8_are_refused(one, bad):
    refused(send(one, body=GOOD[:-1].encode() + b',"x":"' + bad + b'"}'), 400, "invalid_json")


def test_json_may_be_written_in_other_ways(one):
    event = make_event()
    escaped = json.dumps(event).replace("install_complete", "install\\u005fcomplete")
    assert send(one, body=escaped)[0] == 204
    assert send(one, body=json.dumps(event, indent=2) + "\r\n \t")[0] == 204
    assert send(one, body=json.dumps(dict(reversed(event.items()))))[0] == 204


def test_unknown_members_are_dropped_and_counted_by_kind_of_name(one):
    def unknown(kind):
        return one.metric("footfall_unknown_members_total", **{"class": kind})

    before = {kind: unknown(kind) for kind in ("address", "person", "machine", "path", "other")}
    extra = {"client_ip": "192.0.2.77", "userName": "sam", "hostname": "pc", "install_path": {"a": [1, None, True]},
             "zzz": "\U0001f600"}
    assert send(one, make_event(**extra))[0] == 204
    wait_until(lambda: {kind: unknown(kind) for kind in before} == {k: v + 1 for k, v in before.items()})


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_another_content_type_is_415(one, kind):
    refused(send(one, make_event(), headers={"Content-Type": kind} if kind is not None else {}), 415,
            "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"])
def test_json_with_parameters_is_json(one, kind):
    assert send(one, make_event(), headers={"Content-Type": kind})[0] == 204


def test_a_body_over_4096_bytes_is_413_and_the_connection_goes_on(one):
    event = make_event()
    exact = json.dumps(event) + " " * (4096 - len(json.dumps(event)))
    assert send(one, body=exact)[0] == 204
    refused(send(one, body=exact + " "), 413, "too_large")
    refused(send(one, body=" " * 900000), 413, "too_large")
    both = raw(one, as_request(body=exact + " ", close=False) + as_request())
    assert both.startswith(b"HTTP/1.1 413 ") and b"HTTP/1.1 204 " in both


def test_a_huge_body_is_refused_without_reading_it(one):
    head = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
    assert raw(one, head).startswith(b"HTTP/1.1 413 ")
    expect = head.replace(b"99999999999", b"5000").replace(b"Host: x", b"Host: x\r\nExpect: 100-continue")
    assert raw(one, expect).startswith(b"HTTP/1.1 413 ")


def test_no_length_or_a_chunked_body_is_411(one):
    head = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
    assert raw(one, head + b"\r\n").startswith(b"HTTP/1.1 411 ")
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD.encode())
    got = raw(one, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)
    assert got.startswith(b"HTTP/1.1 411 ") and got.endswith(b'{"error":"length_required","field":null}\n')


def test_a_length_and_chunks_at_once_never_smuggle(one):
    body = b"0\r\n\r\n" + as_request()
    head = (b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n" % len(body))
    assert raw(one, head + body, wait=1).count(b"HTTP/1.1 204") == 0
    two = as_request(extra="Content-Length: 5\r\n")
    assert b" 204 " not in raw(one, two, wait=1)


@pytest.mark.parametrize("length", ["-1", "abc", "0x10", "18446744073709551617", "1 1"])
def test_a_length_that_is_no_number_is_refused(one, length):
    head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    got = raw(one, head.encode() + GOOD.encode(), wait=2)
    assert got.split(b" ")[1][:1] == b"4" and b" 204 " not in got


@pytest.mark.parametrize("method,path,allow", [
    ("GET", "/v1/events", "POST"), ("PUT", "/v1/apps/tool/events", "POST"), ("DELETE", "/api/telemetry", "POST"),
    ("POST", "/v1/stats", "GET, HEAD"), ("POST", "/healthz", "GET, HEAD"), ("PATCH", "/metrics", "GET, HEAD"),
    ("GET", "/v1/install/9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7", "DELETE"), ("POST", "/", "GET, HEAD"), ("BREW", "/v1/validate", "POST"),
])
def test_another_method_is_405_and_says_which_would_do(one, method, path, allow):
    headers = refused(one.ask(method, path), 405, "method_not_allowed")
    assert headers["Allow"] == allow


@pytest.mark.parametrize("path", ["/v1/event", "/v1/events/", "/v2/events", "/v1/apps//events", "/v1/apps/tool", "/index",
                                  "/v1/events%00", "/v1/install/", "/../etc/passwd", "/assets/none.js"])
def test_other_paths_are_404(one, path):
    status = one.ask("GET" if path.startswith("/assets") else "POST", path, "{}", JSON)[0]
    assert status == 404


@pytest.mark.parametrize("app", ["nobody", "Tool", "tool%2e", "a" * 300, "%ff"])
def test_an_unknown_app_is_404(one, app):
    refused(send(one, make_event(), f"/v1/apps/{app}/events"), 404, "unknown_app")


def test_a_retired_app_is_410_but_still_erases(one):
    refused(send(one, make_event(), "/v1/apps/old/events"), 410, "app_retired")
    assert one.ask("DELETE", f"/v1/apps/old/install/{uuid.uuid4()}")[0] == 204


def test_a_collector_without_the_app_default_knows_only_the_others(tmp_path):
    one = Collector(tmp_path, "[app tool]\n").start()
    refused(send(one, make_event()), 404, "unknown_app")
    assert one.post(make_event(), "tool") == 204
    assert one.stop() == 0


def test_requests_may_be_pipelined(one):
    many = as_request(close=False) * 20 + as_request()
    assert raw(one, many).count(b"HTTP/1.1 204 ") == 21


def test_absolute_form_names_the_same_paths(one):
    assert raw(one, as_request(path="http://elsewhere.example/v1/events")).startswith(b"HTTP/1.1 204 ")
    assert raw(one, as_request(path="http://elsewhere.example")).startswith(b"HTTP/1.1 405 ")


def test_a_client_that_ends_its_side_still_gets_the_answer(one):
    assert raw(one, as_request(), half_close=True).startswith(b"HTTP/1.1 204 ")


def test_http_1_0_works(one):
    request = as_request().replace(b"HTTP/1.1", b"HTTP/1.0")
    assert b" 204 " in raw(one, request)


def test_a_header_flood_is_refused_and_hurts_nobody(one):
    flood = "".join(f"X-{i}: {'y' * 100}\r\n" for i in range(1000))
    got = raw(one, as_request(extra=flood))
    assert not got or got.split(b" ")[1] in (b"431", b"413", b"400")
    got = raw(one, b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n")
    assert not got or got.split(b" ")[1] in (b"414", b"431")
    assert one.post(make_event()) == 204


def test_a_byte_at_a_time_arrives_too(one):
    with socket.create_connection(one.address, 5) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in as_request():
            s.sendall(bytes([byte]))
        assert s.recv(100).startswith(b"HTTP/1.1 204 ")


def test_head_is_get_without_the_body(one):
    for path in ("/v1/policy", "/v1/stats", "/healthz", "/"):
        status, headers, body = one.ask("HEAD", path)
        assert (status, body) == (200, b"") and int(headers["Content-Length"]) > 10


def test_pages_have_an_etag(one):
    _, headers, _ = one.ask("GET", "/v1/policy")
    assert one.ask("GET", "/v1/policy", headers={"If-None-Match": headers["ETag"]})[0] == 304


def test_exactly_128_connections_at_once_are_served(one):
    open_ones = [socket.create_connection(one.address, 5) for _ in range(128)]
    for s in open_ones:
        s.sendall(as_request())
    assert [s.recv(100)[:13] for s in open_ones] == [b"HTTP/1.1 204 "] * 128
    for s in open_ones:
        s.close()


def test_health_is_a_real_read_and_write(one):
    status, _, body = one.ask("GET", "/healthz")
    assert (status, json.loads(body)) == (200, {"status": "ok"})
