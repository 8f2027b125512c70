"""Which events go out: the gates of the contract, on the shipped binary. Off leaves no trace."""
import json
import pathlib
import subprocess

import pytest

from shim_lab import ROOT, SHIM, in_mounts, wait_for
from sink import Sink, silence, status

SPEC = ROOT / "shim" / "spec"
CI_VARIABLES = [line for line in (SPEC / "ci.txt").read_text().splitlines() if line and not line.startswith("#")]
ROWS = [line.split("\t") for line in (SPEC / "optout.tsv").read_text().splitlines()
        if line and not line.startswith("#")][1:]


def value_of(cell):
    return {"(unset)": None, "(empty)": ""}.get(cell, cell.replace("_", " "))


def sends(case, *options, env=None, event="install_start", run=None):
    """What a strict emit says: True delivered, False a gate said no and nothing was left behind."""
    before = sorted(map(str, case.folder.rglob("*")))
    done = case.emit(event, "--strict", *options, env=env, run=run or f"run-{id(object())}-{len(case.sink.requests)}")
    assert done.status in (0, 3), done
    if done.status == 3:
        assert sorted(map(str, case.folder.rglob("*"))) == before, "off left something behind"
    return done.status == 0


@pytest.mark.parametrize("kind,cell,expected", ROWS, ids=["-".join(row) for row in ROWS])
def test_truth_table(case, kind, cell, expected):
    names = {"NEG": ["DO_NOT_TRACK", "NO_TELEMETRY", "ACME_NO_TELEMETRY"], "POS": ["ACME_TELEMETRY"], "CI": ["CI"]}
    for name in names[kind]:
        assert sends(case, env={name: value_of(cell)}, run=name) == (expected == "yes"), name


def test_every_ci_variable_stops_it_and_ci_false_frees(case):
    for name in CI_VARIABLES:
        if name == "CI":
            continue
        assert not sends(case, env={name: "x"}), name
        assert not sends(case, env={name: "x", "CI": ""}), name
        assert not sends(case, env={name: "x", "ACME_TELEMETRY": "1"}), name
        assert sends(case, env={name: "x", "CI": "false"}, run=f"{name}-false"), name
        assert sends(case, env={name: ""}, run=f"{name}-empty"), name
    assert sends(case, "--allow-ci", env={"CI": "true"}, run="flag")
    assert sends(case, env={"CI": "true", "FOOTFALL_ALLOW_CI": "1"}, run="variable")
    assert not sends(case, env={"CI": "true", "FOOTFALL_ALLOW_CI": "0"})


def test_flag_and_developer_mode(case):
    assert not sends(case, "--no-telemetry")
    assert not sends(case, env={"FOOTFALL_NO_TELEMETRY": "1"})
    assert not sends(case, env={"ACME_DEV": "1"})
    assert sends(case, env={"ACME_DEV": "0"}, run="not-dev")
    assert sends(case, "--release", "v1-dirty" + "x" * 64, run="not-dirty")
    for release in ("dev", "0.0.0-dev", "v1.0-3-gabc-dirty", "v1-" + "x" * 52 + "-dirty\r", "x" * 64 + "-dirty",
                    "x" * 200 + "-dirty\r\n"):
        assert not sends(case, "--release", release), release


def test_saved_choice(case):
    assert case.run(["build/footfall", "disable", "--app", "acme"], cwd=ROOT).status == 0
    assert (case.place / "telemetry").read_text() == "off\n"
    assert (case.place / "telemetry").stat().st_mode & 0o777 == 0o600
    assert not sends(case)
    assert sends(case, env={"ACME_TELEMETRY": "1"}, run="explicit")
    assert not sends(case, env={"ACME_TELEMETRY": "1", "DO_NOT_TRACK": "1"})
    assert case.run(["build/footfall", "enable", "--app", "acme"], cwd=ROOT).status == 0
    assert sends(case, run="enabled")


@pytest.mark.parametrize("content", [b"", b"garbage", b"\0" * 40, b"on" * 40, b"\xff\xfeo\0f\0f\0"])
def test_a_choice_nobody_can_read_means_off(case, content):
    case.place.mkdir()
    (case.place / "telemetry").write_bytes(content)
    assert not sends(case)


def test_a_choice_that_is_no_file_means_off(case):
    case.place.mkdir()
    choice = case.place / "telemetry"
    choice.mkdir()
    assert not sends(case)
    choice.rmdir()
    choice.symlink_to("nowhere")
    assert not sends(case)
    choice.unlink()
    assert sends(case, run="gone")


@pytest.mark.parametrize("content", [b"on\n", b"\xef\xbb\xbfon\r\n", "on\r\n".encode("utf-16"), b"Enabled"])
def test_a_choice_windows_tools_wrote(case, content):
    case.place.mkdir()
    (case.place / "telemetry").write_bytes(content)
    assert sends(case, "--consent", "opt-in", run="on")


def test_consent(case):
    assert not sends(case, "--consent", "opt-in")
    assert not sends(case, "--consent", "opt-in", env={"ACME_TELEMETRY": "1"})
    case.run(["build/footfall", "enable", "--app", "acme"], cwd=ROOT)
    assert sends(case, "--consent", "opt-in", run="consented")


def test_fleet_switch_is_absolute(case):
    """In a mount namespace with an /etc of its own, so that the machine's is left alone."""
    for owner in ("acme", "footfall"):
        words = case.words("install_start", "--strict", run=f"fleet-{owner}")
        script = 'mount -t tmpfs none /etc && mkdir /etc/%s && : >/etc/%s/no-telemetry && exec "$@"' % (owner, owner)
        done = case.run(["unshare", "-m", "sh", "-c", script, "sh", *words], env={"ACME_TELEMETRY": "1"})
        assert done.status == 3 and b"administrator" in done.err, done
    assert case.sink.requests == []


@pytest.mark.parametrize("endpoint", ["", "http://t.example/v1/events", "ftp://localhost/", "https://u:p@localhost/",
                                      "localhost", "http://127.0.0.1.example/"])
def test_unusable_endpoints(case, endpoint):
    before = sorted(case.folder.rglob("*"))
    done = case.run(["build/footfall", "emit", "install_start", "--app", "acme", "--endpoint", endpoint, "--strict"],
                    cwd=ROOT)
    assert done.status == 3 and sorted(case.folder.rglob("*")) == before


def test_the_environment_wins_for_the_endpoint_alone(case):
    done = case.emit("install_start", "--strict", "--release", "flag", endpoint="https://127.0.0.1:1/",
                     env={"FOOTFALL_ENDPOINT": case.sink.url, "FOOTFALL_RELEASE": "variable"})
    assert done.status == 0, done
    assert case.sink.requests[-1].event["release"] == "flag"


def test_options_from_the_environment(case):
    env = {"FOOTFALL_APP": "acme", "FOOTFALL_ENDPOINT": case.sink.url, "FOOTFALL_RELEASE": "v9",
           "FOOTFALL_METHOD": "deb", "FOOTFALL_PLATFORM": "plan9-mips", "FOOTFALL_RUN": "from-env"}
    assert case.run([ROOT / "build/footfall", "emit", "install_start", "--strict"], env=env).status == 0
    event = case.sink.requests[-1].event
    assert (event["release"], event["method"], event["platform"]) == ("v9", "deb", "plan9-mips")
    assert case.run([ROOT / "build/footfall", "emit", "install_start", "--strict"], env=env).status == 3


def test_explain_names_the_gate_and_its_source(case):
    def explain(*options, env=None):
        done = case.run([ROOT / "build/footfall", "explain", "--app", "acme", "--endpoint", case.sink.url, "--json",
                         *options], env=env)
        assert done.status == 0, done
        return json.loads(done.out)

    assert explain()["would_send"] is True
    for env, gate, source in (({"DO_NOT_TRACK": "1"}, "do-not-track", "DO_NOT_TRACK=1"),
                              ({"NO_TELEMETRY": "yes"}, "no-telemetry", "NO_TELEMETRY=yes"),
                              ({"ACME_NO_TELEMETRY": "x"}, "app-no-telemetry", "ACME_NO_TELEMETRY=x"),
                              ({"ACME_TELEMETRY": "0"}, "app-telemetry", "ACME_TELEMETRY=0"),
                              ({"GITHUB_ACTIONS": "1"}, "ci", "GITHUB_ACTIONS=1"), ({"CI": "1"}, "ci", "CI=1"),
                              ({"ACME_DEV": "1"}, "developer", "ACME_DEV=1")):
        told = explain(env=env)
        assert (told["would_send"], told["gate"], told["source"]) == (False, gate, source)
    assert sorted(map(str, case.folder.rglob("*"))) == sorted(map(str, (case.home, case.temporary)))
    case.run([ROOT / "build/footfall", "disable", "--app", "acme"])
    told = explain()
    assert told["gate"] == "choice" and pathlib.Path(told["source"]) == case.place / "telemetry"
    assert case.sink.connections == 0


def explain(case, *options, env=None, text=False):
    words = [SHIM, "explain", "--app", "acme", "--endpoint", case.sink.url, *([] if text else ["--json"]), *options]
    done = case.run(words, env=env)
    assert done.status == 0, done
    return done.out.decode() if text else json.loads(done.out.decode())


@pytest.mark.parametrize("env,options,source", [
    ({"ACME_DEV": "0"}, ["--release", "dev"], "--release dev"), ({"ACME_DEV": "1"}, ["--release", "dev"], "ACME_DEV=1"),
    ({}, ["--release", "x" * 70 + "-dirty"], "--release " + "x" * 70 + "-dirty"),
    ({"CI": "true", "GITHUB_ACTIONS": "true"}, [], "CI=true"), ({"CI": "", "GITHUB_ACTIONS": "true"}, [], "GITHUB_ACTIONS=true"),
    ({"FOOTFALL_NO_TELEMETRY": "maybe"}, [], "FOOTFALL_NO_TELEMETRY=maybe"), ({}, ["--no-telemetry"], "--no-telemetry"),
    ({"FOOTFALL_NO_TELEMETRY": "1"}, ["--no-telemetry"], "--no-telemetry"),
    ({"HOME": None}, ["--consent", "opt-in"], None),
])
def test_explain_names_what_decided(case, env, options, source):
    told = explain(case, *options, env=env)
    assert told["would_send"] is False and told["source"] == source


def test_explain_without_a_home(case):
    assert explain(case, env={"HOME": None})["id_file"] is None
    assert "/telemetry_id" not in explain(case, env={"HOME": None}, text=True)


@pytest.mark.usefixtures("own_tmp")
def test_explain_names_the_place_that_holds_the_end(make_case, case):
    with Sink(answer=status(410)) as sink:
        assert case.emit("install_start", "--strict", endpoint=sink.url, env={"HOME": None}).status == 5
    told = explain(case)
    assert told["gate"] == "retired" and told["source"].startswith(f"{case.temporary}/"), told
    assert pathlib.Path(told["source"]).exists()


def test_explain_knows_that_nothing_can_be_remembered(case):
    """As emit does, which sends nothing then."""
    script = "mount --rbind /tmp /tmp && mount -o remount,ro,bind /tmp"
    nowhere = {"HOME": "/nonexistent", "TMPDIR": None}
    done = case.run(in_mounts(script, [SHIM, "explain", "--app", "acme", "--endpoint", case.sink.url, "--json"]), env=nowhere)
    assert (json.loads(done.out)["would_send"], json.loads(done.out)["gate"]) == (False, "no-place"), done
    done = case.run(in_mounts(script, case.words("install_start", "--strict")), env=nowhere)
    assert done.status == 4 and b"no place to remember" in done.err


@pytest.mark.parametrize("value,expected", [
    (b"ok \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "ok \u00e9 \u20ac \U0001f600"), (b"\xff", "?"), (b"\xc3", "?"), (b"a\x80b", "a?b"),
    (b"\xc0\xaf", "??"), (b"\xe0\x80\x80", "???"), (b"\xed\xa0\x80", "???"), (b"\xf4\x90\x80\x80", "????"), (b"\xf8\x88", "??"),
    (b"\xe2\x82", "??"), (b"\x01\"\\\x7f", '\x01"\\\x7f')])
def test_explain_for_programs_is_utf_8(case, value, expected):
    env = {**{name: text.encode() for name, text in case.environment().items()}, b"DO_NOT_TRACK": value}
    done = subprocess.run([SHIM, "explain", "--app", "acme", "--json"], env=env, capture_output=True)
    assert json.loads(done.stdout.decode("utf-8", "strict"))["source"] == f"DO_NOT_TRACK={expected}"


def test_the_receipt_shows_what_was_sent(case):
    assert sends(case, "--release", "v7", run="a")
    done = case.run([ROOT / "build/footfall", "explain", "--app", "acme", "--json"])
    last = json.loads(done.out)["last_sent"]
    assert last["body"].encode() == case.sink.requests[-1].body
    assert last["endpoint"] == case.sink.url and last["status"] == 204


def test_the_receipt_of_what_was_not_answered(make_case):
    """The id has left. Where nobody took the call it has not."""
    with Sink(answer=silence) as sink:
        case = make_case(sink)
        explain = [ROOT / "build/footfall", "explain", "--app", "acme"]
        assert case.emit("install_start", "--strict", run="a", endpoint="http://127.0.0.1:1/").status == 4
        assert b"Nothing has been sent" in case.run(explain).out
        assert case.emit("install_start", "--strict", "--deadline", "0.5").status == 4
        last = json.loads(case.run([*explain, "--json"]).out)["last_sent"]
        assert last["body"].encode() == sink.requests[-1].body
        assert last["endpoint"] == sink.url and last["status"] is None
        assert f"to {sink.url} (no answer):" in case.run(explain).out.decode()
    with Sink(port=sink.port) as sink:
        assert case.run([ROOT / "build/footfall", "forget", "--app", "acme"]).status == 0
        assert sink.requests[-1].line.startswith("DELETE ")


def test_the_receipt_is_there_before_the_answer(make_case):
    """A sender that is killed meanwhile, as with its container, leaves it."""
    with Sink(answer=silence) as sink:
        case = make_case(sink)
        case.emit("install_start").assert_unnoticed()
        assert wait_for(lambda: sink.requests)
        case.end()
    assert (case.place / "telemetry_last").read_bytes().splitlines()[1:] == [b"0", sink.url.encode(), sink.requests[0].body]


def test_nothing_is_sent_for_no_event(case):
    for label in ("", "install_done", "INSTALL_START", "install_start\n"):
        assert case.emit(label, "--strict").status == 2
        case.emit(label).assert_unnoticed()
    assert not wait_for(lambda: case.sink.requests, 0.3)
