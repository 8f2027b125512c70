"""The commands people type: help, errors that name the remedy, id, enable, disable, forget."""
import re
import uuid

import pytest

from shim_lab import ROOT
from sink import Sink, status

SHIM = ROOT / "build" / "footfall"
VERSION = (ROOT / "VERSION").read_text().strip()


def call(case, *words, **more):
    return case.run([SHIM, *words], **more)


def test_help_goes_to_standard_output(case):
    for words in (["--help"], ["-h"], ["help"], *([name, "--help"] for name in
                  ("emit", "run", "explain", "id", "forget", "enable", "disable"))):
        done = call(case, *words)
        assert done.status == 0 and done.err == b"" and b"sage" in done.out, (words, done)
    assert call(case, "--version").out.decode() == f"footfall {VERSION}\n"


def test_what_cannot_be_printed_is_a_failure(case):
    for words in (["--help"], ["--version"], ["explain", "--app", "acme"], ["id", "--reset", "--app", "acme"],
                  ["enable", "--app", "acme"]):
        done = case.run(["sh", "-c", 'exec "$@" >/dev/full', "sh", SHIM, *words])
        assert done.status == 1 and done.err.count(b"\n") == 1 and b"standard output" in done.err, words


def test_no_words_is_wrong_usage(case):
    done = call(case)
    assert done.status == 2 and done.out == b"" and b"Usage" in done.err


@pytest.mark.parametrize("words,expected", [
    (["emti"], "did you mean emit?"),
    (["frobnicate"], "see footfall --help"),
    (["emit", "install_start", "--strict", "--ap", "acme"], "did you mean --app?"),
    (["explain", "--app", "acme", "--endpiont=x"], "unknown option --endpiont; did you mean --endpoint?"),
    (["explain", "--app"], "--app needs a value"),
    (["explain", "--app", "acme", "--json=1"], "--json takes no value"),
    (["explain"], "--app NAME is missing"),
    (["explain", "--app", "../evil"], "--app ../evil"),
    (["explain", "--app", "A"], "lower-case"),
    (["explain", "bogus", "--app", "acme"], "no such event: bogus"),
    (["explain", "install_start", "twice", "--app", "acme"], "twice is one word too many"),
    (["emit", "install_start", "--strict", "--app", "a", "--deadline", "soon"], "--deadline soon"),
    (["emit", "install_start", "--strict", "--app", "a", "--watch-limit", "0"], "--watch-limit 0"),
    (["emit", "install_start", "--strict", "--app", "a", "--watch=x"], "--watch x"),
    (["emit", "install_start", "--strict", "--app", "a", "--consent", "maybe"], "the only value is opt-in"),
    (["emit", "--strict", "--app", "a"], "the event is missing"),
    (["emit", "install_start", "--strict", "--app", "a", "--run", "x" * 201], "at most 200 bytes"),
    (["run", "--app", "a"], "no command"),
    (["run", "--app", "a", "true"], "put -- before the command"),
    (["forget", "--app", "a", "--strict"], "unknown option --strict"),
])
def test_errors_name_the_input_and_the_remedy(case, words, expected):
    done = call(case, *words)
    assert done.status == 2 and done.out == b"", done
    assert done.err.startswith(b"footfall: ") and expected in done.err.decode() and done.err.count(b"\n") == 1, done


@pytest.mark.parametrize("words", [["emit"], ["emit", "x"], ["emit", "install_start"], ["emit", "--bogus"],
                                   ["emit", "install_start", "--app", "../x"], ["emit", "install_start", "--app"],
                                   ["emit", "install_start", "--app", "a", "--deadline", "x"]])
def test_emit_says_nothing_about_wrong_usage(case, words):
    call(case, *words).assert_unnoticed()


def test_id_shows_makes_nothing_and_resets(case):
    done = call(case, "id", "--app", "acme")
    assert done.status == 1 and done.out == b"" and b"no id" in done.err
    assert not case.place.exists()
    assert case.emit("install_start", "--strict").status == 0
    first = call(case, "id", "--app", "acme").out.decode().strip()
    assert uuid.UUID(first).version == 4 and case.sink.requests[-1].event["cid"] == first
    second = call(case, "id", "--app", "acme", "--reset").out.decode().strip()
    assert second != first and case.id_file.read_text() == second + "\n"
    assert case.id_file.stat().st_mode & 0o777 == 0o600


def test_enable_and_disable_say_what_they_did(case):
    assert call(case, "disable", "--app", "acme").out.decode() == f"telemetry of acme is off ({case.place}/telemetry)\n"
    assert call(case, "enable", "--app", "acme").out.decode() == f"telemetry of acme is on ({case.place}/telemetry)\n"
    done = call(case, "disable", "--app", "acme", env={"HOME": None})
    assert done.status == 1 and b"HOME names no folder" in done.err


def test_forget_asks_first_and_deletes_then(case):
    assert case.emit("install_start", "--strict").status == 0
    cid = case.id_file.read_text().strip()
    done = call(case, "forget", "--app", "acme", "--endpoint", case.sink.url)
    assert done.status == 0, done
    request = case.sink.requests[-1]
    line = request.line
    assert line.startswith("DELETE ") and line.split()[1].endswith(f"/install/{cid}")
    assert f"deleted: {case.id_file}" in done.out.decode() and "erased at the collector" in done.out.decode()
    assert not case.id_file.exists() and not (case.place / "telemetry_last").exists()
    again = call(case, "forget", "--app", "acme", "--endpoint", case.sink.url)
    assert again.status == 0 and b"nothing to forget" in again.out


def test_forget_finds_the_endpoint_in_the_receipt(case):
    assert case.emit("install_start", "--strict").status == 0
    assert call(case, "forget", "--app", "acme").status == 0
    assert len(case.sink.requests) == 2


def test_forget_with_an_address_of_its_own(case):
    assert case.emit("install_start", "--strict").status == 0
    cid = case.id_file.read_text().strip()
    address = re.sub(r"/v1/.*|/$", "", case.sink.url) + "/gone?id={cid}"
    assert call(case, "forget", "--app", "acme", "--erase-endpoint", address).status == 0
    assert f"/gone?id={cid}" in str(case.sink.requests[-1].line)


@pytest.mark.parametrize("answer,expected", [(status(404), 5), (status(503), 5)])
def test_a_refused_erasure_deletes_nothing_here(make_case, answer, expected):
    with Sink() as good:
        case = make_case(good)
        assert case.emit("install_start", "--strict").status == 0
    with Sink(answer=answer) as sink:
        done = call(case, "forget", "--app", "acme", "--endpoint", sink.url)
    assert done.status == expected and b"nothing was deleted here" in done.err and case.id_file.exists()


def test_an_erasure_that_did_not_arrive_deletes_nothing_here(case):
    assert case.emit("install_start", "--strict").status == 0
    done = call(case, "forget", "--app", "acme", "--endpoint", "https://127.0.0.1:1/v1/events")
    assert done.status == 4 and case.id_file.exists()


@pytest.mark.parametrize("answer,expected", [(status(204), 0), (status(200), 0), (status(400), 5), (status(429), 5),
                                             (status(503), 5), (status(302), 5)])
def test_strict_statuses(make_case, answer, expected):
    with Sink(answer=answer) as sink:
        done = make_case(sink).emit("install_start", "--strict")
    assert done.status == expected and (done.err == b"") == (expected == 0), done


def test_strict_names_a_missing_certificate_file(case):
    done = case.emit("install_start", "--strict", "--cacert", "/nonexistent.pem", endpoint="https://127.0.0.1:1/")
    assert done.status == 4 and b"/nonexistent.pem" in done.err
