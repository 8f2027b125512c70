"""Starting, configuring, reloading and ending the collector, as an operator does."""
import ctypes
import json
import os
import pathlib
import pwd
import re
import signal
import socket
import subprocess
import time

import pytest

from collector_lab import BINARY, ROOT, Collector, free_port, make_event, wait_until

JSON = {"Content-Type": "application/json"}
LANDLOCK_CREATE_RULESET, LANDLOCK_ASK_VERSION = 444, 1  # linux/landlock.h, on every architecture


def run(*arguments, **more):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=20, **more)


def refused(done, status, *words):
    """One line on standard error that names the thing and the remedy."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("footfall-collector: ")]
    assert done.returncode == status and len(lines) == 1 and done.stdout == "", (done.returncode, done.stderr)
    for word in words:
        assert word in lines[0], lines[0]


def test_help_and_version():
    done = run("--help")
    assert done.returncode == 0 and done.stdout.startswith("usage: footfall-collector") and done.stderr == ""
    for word in ("--config", "--listen", "--db", "--rate-limit", "backup", "purge", "export", "check"):
        assert word in done.stdout
    assert run("--version").stdout == f"footfall-collector {(ROOT / 'VERSION').read_text().strip()}\n"


@pytest.mark.parametrize("arguments,words", [
    (["--lisen", "x"], ["--lisen", "--listen"]), (["bakup", "f"], ["bakup", "backup"]), (["--db"], ["--db", "value"]),
    (["backup"], ["backup", "file"]), (["export"], ["--csv"]), (["--csv"], ["export"]), (["--rate-limit", "many"], ["many", "number"]),
    (["--rate-limit", "-1"], ["-1"]), (["check", "purge"], ["second", '"purge"', "one at a time"]), (["--listen", "nowhere"], ["nowhere", "ADDR:PORT"]), (["--listen", "::1:80"], ["::1:80", "[::1]"]),
    (["--listen", "127.0.0.1:99999"], ["99999"]), (["--listen", "192.0.2.1:0"], ["192.0.2.1"]),
])
def test_a_wrong_command_line_is_one_clear_line(tmp_path, arguments, words):
    done = run(*arguments, cwd=tmp_path)
    refused(done, 4 if "192.0.2.1:0" in arguments else 2, *words)
    assert not list(tmp_path.iterdir())


BAD_CONFIGURATIONS = [
    ("listen = 127.0.0.1:0\nretension-days = 3\n", ":2:", "retension-days", "retention-days"),
    ("[app default]\nrate-limit = 3\n", ":2:", "rate-limit", "above the first"),
    ("rate-limit = lots\n", ":1:", "lots", "0 to 1000000"), ("# fine\n\nk = 0\n", ":3:", '"0"', "1 to 1000000"),
    ("log = xml\n", ":1:", "xml", "text json"), ("sandbox = maybe\n", ":1:", "maybe", "yes or no"),
    ("[app Default]\n", ":1:", "Default", "lower-case"), ("[app a]\n[app a]\n", ":2:", '"a"', "one section"),
    ("[aap x]\n", ":1:", "[aap x]", "[app NAME]"), ("nonsense\n", ":1:", "nonsense", "key = value"),
    ("k = 5\ntrusted-proxies = 10.0.0.0/33\n\n[app a]\n", ":2:", "10.0.0.0/33", "10.0.0.0/8"),
    ("k = 5\nlisten = localhost:80\n\n[app a]\n", ":2:", "localhost:80", "ADDR:PORT"), ("db = " + "x" * 300 + "\n", ":1:", "255"),
    ("default-app = mytol\n[app mytool]\n", ":1:", "mytol", "[app NAME]"),
    ("purge-hour = 24\n", ":1:", "24", "0 to 23"), ("listen=1\0\n", ":1:", "text"),
]


@pytest.mark.parametrize("text,words", [(c[0], c[1:]) for c in BAD_CONFIGURATIONS], ids=lambda v: repr(v)[:20])
def test_a_wrong_configuration_names_file_line_thing_and_remedy(tmp_path, text, words):
    file = tmp_path / "c.conf"
    file.write_text(text)
    refused(run("--config", file, cwd=tmp_path), 2, "c.conf", *words)
    assert [p.name for p in tmp_path.iterdir()] == ["c.conf"]


def test_a_configuration_that_cannot_be_read(tmp_path):
    refused(run("--config", tmp_path / "none.conf"), 2, "none.conf", "No such file")
    refused(run("--config", tmp_path), 2, str(tmp_path))


def test_without_a_configuration_there_is_one_app(tmp_path):
    process = subprocess.Popen([BINARY, "--listen", "127.0.0.1:0"], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
                               env={"PATH": "/usr/bin"})
    line = ""
    while "listening on" not in line:
        line = process.stderr.readline()
        assert line
    address = re.fullmatch(r"listening on http://(127\.0\.0\.1):([1-9]\d*)\n", line)
    one = Collector(tmp_path / "x")
    one.address = (address[1], int(address[2]))
    assert one.post(make_event()) == 204 and one.post(make_event(), "default") == 204 and one.post(make_event(), "x") == 404
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    process.stderr.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["footfall.db", "x"]


def test_a_port_that_is_taken(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = "127.0.0.1:%d" % other.getsockname()[1]
        refused(run("--listen", address, "--db", tmp_path / "a.db"), 4, address, "another program")


def test_an_address_in_the_configuration_that_is_none(tmp_path):
    file = tmp_path / "c.conf"
    file.write_text("listen = localhost:80\n")
    refused(run("--config", file, cwd=tmp_path), 2, "localhost:80", "ADDR:PORT")


def test_a_store_has_one_collector(tmp_path):
    """A second one would not know of the first one's erasures: a late event would come back."""
    one = Collector(tmp_path).start()
    refused(run("--listen", "127.0.0.1:0", "--db", one.db), 3, str(one.db), "another collector")
    assert run("--db", one.db, "check").stdout == "ok\n", "subcommands may look on"
    assert one.post(make_event()) == 204
    one.kill()
    one.start()
    assert one.post(make_event()) == 204, "a killed one holds nothing"
    ending = one.process
    ending.terminate()
    one.start()
    assert ending.wait(10) == 0 and one.post(make_event()) == 204, "one that ends is waited for"
    assert one.stop() == 0


def test_ipv6(tmp_path):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    one = Collector(tmp_path, "[app default]\n", listen="[::1]:0").start()
    assert one.address[0] == "::1" and one.post(make_event()) == 204
    assert one.stop() == 0


def test_a_folder_that_is_not_there_or_cannot_be_written(tmp_path):
    refused(run("--listen", "127.0.0.1:0", "--db", tmp_path / "none" / "a.db"), 3, "none/a.db", "folder")
    refused(run("--db", tmp_path / "none.db", "check"), 3, "none.db")
    assert not (tmp_path / "none.db").exists(), "a subcommand makes no store"
    locked = tmp_path / "locked"
    locked.mkdir()
    nobody = pwd.getpwnam("nobody")
    (locked / "a.conf").write_text("user = nobody\n")
    os.chmod(tmp_path, 0o755)
    os.chmod(locked, 0o555)
    if os.geteuid() != 0:
        refused(run("--listen", "127.0.0.1:0", "--db", locked / "a.db"), 3, "a.db", "folder")
    else:
        refused(run("--listen", "127.0.0.1:0", "--db", locked / "a.db", "--config", locked / "a.conf"), 3, "a.db")
        assert nobody.pw_uid != 0


def test_root_is_given_up_after_binding(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can give it up")
    nobody = pwd.getpwnam("nobody")
    folder = pathlib.Path("/tmp") / f"footfall-{os.getpid()}"
    folder.mkdir()
    try:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        for config in ("user = nobody\n", ""):  # named, or the owner of the store's folder
            one = Collector(tmp_path / "c", config + "[app default]\n")
            one.db = folder / "a.db"
            one.start()
            status = pathlib.Path(f"/proc/{one.process.pid}/status").read_text()
            assert re.search(rf"^Uid:\s+({nobody.pw_uid}\s*){{4}}$", status, re.M)
            assert re.search(r"^CapEff:\s+0+$", status, re.M) and re.search(r"^NoNewPrivs:\s+1$", status, re.M)
            assert one.post(make_event()) == 204
            assert one.stop() == 0
    finally:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def of_process(process, *fields):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return [re.search(rf"^{field}:(.*)$", status, re.M).group(1).split() for field in fields]


@pytest.mark.parametrize("user", ["", "user = root\n"])
def test_started_as_root_in_a_folder_of_root_it_is_nobody_but_for_files(tmp_path, user):
    if os.geteuid() != 0:
        pytest.skip("only root can give it up")
    nobody = pwd.getpwnam("nobody")
    one = Collector(tmp_path, user + "[app default]\n").start()
    uid, gid, groups = str(nobody.pw_uid), str(nobody.pw_gid), []
    assert of_process(one.process, "Uid", "Gid", "Groups") == [[uid] * 3 + ["0"], [gid] * 4, groups]
    assert all(int(value, 16) == 0 for [value] in of_process(one.process, "CapPrm", "CapEff", "CapBnd", "CapInh"))
    for thread in pathlib.Path(f"/proc/{one.process.pid}/task").iterdir():
        assert re.search(rf"^Uid:\s+{uid}\s+{uid}\s+{uid}\s+0$", (thread / "status").read_text(), re.M)
    assert one.post(make_event()) == 204
    assert one.stop() == 0
    assert one.db.stat().st_uid == 0
    assert any("nobody" in line for line in one.log)


@pytest.mark.parametrize("wrapper", [["setpriv", "--bounding-set=-all", "--inh-caps=-all"], ["unshare", "--map-root-user"]])
def test_root_in_name_only_starts_all_the_same(tmp_path, wrapper):
    if os.geteuid() != 0:
        pytest.skip("only root can give it up")
    if subprocess.run([*wrapper, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip(f"not allowed here: {' '.join(wrapper)}")
    one = Collector(tmp_path, "[app default]\n").start(wrapper=wrapper)
    assert of_process(one.process, "Uid", "CapPrm") == [["0"] * 4, ["0" * 16]]
    assert one.post(make_event()) == 204
    assert one.stop() == 0
    assert any("name only" in line for line in one.log)


def test_the_sandbox_is_on_where_the_system_has_it(tmp_path):
    one = Collector(tmp_path, "[app default]\n").start()
    said = [line for line in one.log if "sandbox" in line]
    assert len(said) == 1
    landlock = ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_ASK_VERSION) >= 1
    assert f"landlock={'yes' if landlock else 'no'} seccomp=yes" in said[0]
    status = pathlib.Path(f"/proc/{one.process.pid}/status").read_text()
    assert re.search(r"^Seccomp:\s+2$", status, re.M) and re.search(r"^NoNewPrivs:\s+1$", status, re.M)
    assert one.stop() == 0
    one = Collector(tmp_path, "sandbox = no\n[app default]\n").start()
    assert not any("sandbox" in line for line in one.log)
    assert one.stop() == 0


def test_a_store_is_readable_by_its_owner_alone(tmp_path):
    old = os.umask(0)
    try:
        one = Collector(tmp_path, "[app default]\n").start()
    finally:
        os.umask(old)
    one.post(make_event())
    for file in tmp_path.glob("footfall.db*"):
        assert file.stat().st_mode & 0o777 == 0o600, file
    assert one.stop() == 0


def test_hup_reloads_and_keeps_the_old_when_the_new_is_wrong(tmp_path):
    one = Collector(tmp_path, "rate-limit = 0\n[app default]\n").start()
    assert one.post(make_event(), "later") == 404
    one.config.write_text("rate-limit = 0\nlog-requests = yes\n[app default]\nretired = yes\n[app later]\n")
    one.process.send_signal(signal.SIGHUP)
    wait_until(lambda: any("reloaded" in line for line in one.log))
    assert one.post(make_event(), "later") == 204 and one.post(make_event()) == 410
    one.config.write_text("rate-limitt = 0\n")
    one.process.send_signal(signal.SIGHUP)
    wait_until(lambda: any("not reloaded" in line and "rate-limitt" in line and ":1:" in line for line in one.log))
    assert one.post(make_event(), "later") == 204
    one.config.write_text("rate-limit = 0\nlisten = localhost:80\n[app later]\n")
    one.process.send_signal(signal.SIGHUP)
    wait_until(lambda: any("not reloaded" in line and "localhost:80" in line and ":2:" in line for line in one.log))
    one.config.write_text("rate-limit = 0\nworkers = 3\nlog = json\n[app later]\n")
    one.process.send_signal(signal.SIGHUP)
    wait_until(lambda: any("need a restart" in line for line in one.log))
    wait_until(lambda: one.log[-1].startswith("{"))
    assert one.stop() == 0


def test_reloading_under_load_breaks_nothing(tmp_path):
    one = Collector(tmp_path, "rate-limit = 0\n[app default]\n").start()
    for i in range(30):
        one.process.send_signal(signal.SIGHUP)
        for _ in range(5):
            assert one.post(make_event()) == 204
    assert one.stop() == 0


def test_log_lines_are_json_on_request(tmp_path):
    one = Collector(tmp_path, "log = json\nlog-requests = yes\nrate-limit = 0\n[app default]\n").start()
    one.post(make_event())
    one.ask("GET", "/nothing")
    assert one.stop() == 0
    entries = [json.loads(line) for line in one.log]
    assert all({"time", "level", "message"} <= set(e) for e in entries)
    requests = [e for e in entries if e["message"] == "request"]
    assert {(r["route"], r["status"]) for r in requests} == {("/v1/events", "204"), ("none", "404")}


def test_int_ends_it_too_and_stopping_answers_what_is_under_way(tmp_path):
    one = Collector(tmp_path, "rate-limit = 0\n[app default]\n").start()
    with socket.create_connection(one.address, 5) as s:
        body = json.dumps(make_event()).encode()
        s.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
        s.sendall(body[:10])
        time.sleep(0.2)
        one.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        with pytest.raises(OSError):
            socket.create_connection(one.address, 1).close()
        s.sendall(body[10:])
        answer = s.recv(1000)
    assert answer.startswith(b"HTTP/1.1 204 ") and b"Connection: close" in answer
    assert one.stop() == 0


def test_an_idle_connection_does_not_delay_the_end(tmp_path):
    one = Collector(tmp_path, "[app default]\n").start()
    with socket.create_connection(one.address, 5) as s:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        s.recv(1000)
        began = time.monotonic()
        assert one.stop() == 0
        assert time.monotonic() - began < 3


def test_the_manual_knows_every_key_and_option():
    table = (ROOT / "collector" / "config_keys.h").read_text()
    keys = re.findall(r'^(?:APP_)?KEY\("([^"]+)", (\w+), \w+, ("[^"]*"|\d+),', table, re.M)
    manual = (ROOT / "collector" / "footfall-collector.conf.5").read_text()
    described = dict(re.findall(r"^\.It Ic (\S+)(.*)$", manual, re.M))
    assert set(described) == {key for key, _, _ in keys}
    for key, kind, preset in keys:
        told = re.search(rf"^\.It Ic {key} Ar \S+ Pq (.*)$", manual, re.M)
        value = preset.strip('"')
        if kind == "SWITCH":
            value = "yes" if value == "1" else "no"
        assert told and told[1] == (value or "none"), (key, told and told[1], value)
    usage = run("--help").stdout
    manual = (ROOT / "collector" / "footfall-collector.1").read_text()
    for option in re.findall(r"--[a-z-]+", usage):
        assert option[2:] in manual.replace("\\-", "-"), option
    reasons = re.findall(r'X\(\w+, "(\w+)", (\d+),', (ROOT / "collector" / "reject.h").read_text())
    for code, status in reasons:
        assert code in manual, code


@pytest.mark.parametrize("name", ["footfall-collector.1", "footfall-collector.conf.5"])
def test_the_manual_pages_are_well_formed(name):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", ROOT / "collector" / name], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
