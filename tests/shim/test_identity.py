"""Who: the client id and the file that holds it (contract 3)."""

import os
import stat
import threading

import pytest
from shim_lab import NOBODY, V4, wait_for

ID = "9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7"
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can set this up")


def ids_sent(case, count=1):
    assert wait_for(lambda: len(case.sink.requests) >= count), f"only {len(case.sink.requests)} arrived"
    assert case.wait_until_gone()
    return [request.event["cid"] for request in case.sink.requests]


def send(case, **more):
    case.emit("install_start", **more).assert_unnoticed()
    (sent,) = ids_sent(case)
    assert V4.fullmatch(sent)
    return sent


def put(case, content):
    case.place.mkdir(mode=0o700, exist_ok=True)
    case.id_file.write_bytes(content)


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def assert_no_temporary_file(case):
    assert [name for name in case.files() if name.endswith(".tmp")] == []


def test_a_fresh_home_gets_an_id(case):
    sent = send(case)
    assert case.id_file.read_bytes() == sent.encode() + b"\n"


def test_the_id_stays(case):
    sent = {send(case)}
    case.sink.requests.clear()
    case.emit("install_complete").assert_unnoticed()
    sent.update(ids_sent(case))
    assert len(sent) == 1


def test_two_homes_have_two_ids(make_case, sink):
    first, second = make_case(sink), make_case(sink)
    first.emit("install_start")
    second.emit("install_start")
    assert len(set(ids_sent(first, 2))) == 2 and second.wait_until_gone()
    assert first.id != second.id


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_for_its_owner_alone_whatever_the_umask(case, umask):
    send(case, umask=umask)
    assert mode(case.id_file) == 0o600 and mode(case.place) == 0o700
    assert mode(case.place / "telemetry_last") == 0o600


def test_a_folder_that_is_there_keeps_its_mode(case):
    case.place.mkdir()
    case.place.chmod(0o755)
    send(case)
    assert mode(case.place) == 0o755 and mode(case.id_file) == 0o600


def test_no_id_without_an_event(case):
    case.emit("install_start", "--no-telemetry").assert_unnoticed()
    case.emit("install_start", env={"DO_NOT_TRACK": "1"}).assert_unnoticed()
    case.emit("no_such_event").assert_unnoticed()
    assert case.all_files() == []


def agree(case, calls, round_):
    started = [case.start(case.words("install_start", run=f"{round_}.{i}")) for i in range(calls)]
    assert [process.wait(30) for process in started] == [0] * calls
    ids = ids_sent(case, calls)
    assert set(ids) == {case.id} and len(ids) == calls
    assert_no_temporary_file(case)


@pytest.mark.parametrize("round_", range(3))
def test_installs_at_once_in_a_fresh_home_agree(case, round_):
    agree(case, 20, round_)


@pytest.mark.parametrize("content", [b"", b"not an id\n"], ids=["empty", "bad"])
def test_installs_at_once_agree_what_replaces_a_bad_file(case, content):
    put(case, content)
    agree(case, 20, 0)


@pytest.mark.long
def test_installs_at_once_agree_every_time(make_case, sink):
    for round_ in range(200):
        sink.requests.clear()
        agree(make_case(sink), 20, round_)


@pytest.mark.parametrize("content", [
    ID.upper().encode() + b"\n", ID.encode(), ID.encode() + b"\r\n", ID.encode() + b"\r\n\r\n", b"  " + ID.encode() + b" \t\n",
    b"\xef\xbb\xbf" + ID.encode() + b"\r\n", (ID + "\r\n").encode("utf-16"), (ID + "\r\n").encode("utf-16-le"),
    b"\xfe\xff" + ID.upper().encode("utf-16-be"), ID.encode() + b"\n" * 200,
], ids=["upper", "bare", "crlf", "two lines", "spaces", "bom", "utf-16", "utf-16 no bom", "utf-16-be", "long end"])
def test_what_editors_and_powershell_write_is_read(case, content):
    put(case, content)
    assert send(case) == ID


@pytest.mark.parametrize("content", [
    b"", b"\n", b"\0" * 37, ID[:-1].encode(), ID.encode() + b"0", ID.encode() + b"\n" + ID.encode(),
    ID.replace("-4", "-1", 1).encode(), b"00000000-0000-0000-0000-000000000000", ID.replace("-8", "-c", 1).encode(),
    b'x","event_label":"install_complete', b'{"cid":"' + ID.encode() + b'"}', b"'; rm -rf / #", b"{" + ID.encode() + b"}",
    b"A" * 200000, ID.encode() + b"\0", ID.encode() + b" " * 300 + b"x", ID.replace("-", "").encode(), b"\xff" * 36,
    ID.encode("utf-32"), b"%s%n%s%n",
], ids=["empty", "line", "nul", "short", "long", "two", "v1", "nil", "variant", "quotes", "json", "shell", "braces",
        "200 kB", "nul end", "much more", "no dashes", "bytes", "utf-32", "format"])
def test_what_is_no_id_is_replaced(case, content):
    put(case, content)
    sent = send(case)
    if content.startswith(ID.encode() + b" "):
        assert sent == ID  # the first 256 bytes are an id; nobody reads more
        return
    assert sent != ID and case.id_file.read_bytes() == sent.encode() + b"\n"
    assert mode(case.id_file) == 0o600
    assert_no_temporary_file(case)


def test_at_most_256_bytes_are_read(case):
    put(case, b"A" * 200000)
    trace = case.folder / "trace"
    case.run(["strace", "-f", "-y", "-e", "trace=read,pread64,readv", "-o", trace, *case.words("install_start")])
    ids_sent(case)
    reads = [line for line in trace.read_text().splitlines() if "telemetry_id" in line]
    assert reads and all(line.endswith(", 256) = 256") for line in reads), reads


# ---- things in its place that are no plain file of one's own ----


def test_a_link_to_a_secret_is_not_followed(case):
    secret = case.folder / "secret"
    secret.write_text(ID + "\n")
    case.place.mkdir()
    case.id_file.symlink_to(secret)
    assert send(case) != ID
    assert secret.read_text() == ID + "\n"


def test_a_dangling_link_creates_nothing(case):
    case.place.mkdir()
    case.id_file.symlink_to(case.folder / "nowhere")
    send(case)
    assert not (case.folder / "nowhere").exists()


def test_a_link_to_itself(case):
    case.place.mkdir()
    case.id_file.symlink_to("telemetry_id")
    send(case)


def test_a_fifo_is_not_waited_for(case):
    case.place.mkdir()
    os.mkfifo(case.id_file)
    send(case)


@as_root
def test_a_device_is_not_opened(case):
    case.place.mkdir()
    os.mknod(case.id_file, 0o600 | stat.S_IFCHR, os.makedev(1, 8))  # /dev/random
    trace = case.folder / "trace"
    case.run(["strace", "-f", "-e", "trace=open,openat", "-o", trace, *case.words("install_start")])
    assert len(ids_sent(case)) == 1
    assert '"telemetry_id"' not in trace.read_text()


def test_a_folder_there_costs_the_id_and_not_the_event(case):
    case.place.mkdir()
    case.id_file.mkdir()
    send(case)
    assert case.id_file.is_dir()
    assert_no_temporary_file(case)


@as_root
def test_somebody_elses_file_is_not_read(case):
    put(case, ID.encode() + b"\n")
    os.chown(case.id_file, NOBODY, NOBODY)
    assert send(case) != ID


@as_root
def test_a_file_that_cannot_be_read(case):
    put(case, ID.encode() + b"\n")
    case.id_file.chmod(0)
    for path in (case.place, case.id_file):
        os.chown(path, NOBODY, NOBODY)
    assert send(case, **case.for_nobody()) != ID


@pytest.mark.usefixtures("own_tmp")
@pytest.mark.parametrize("kind", ["file", "fifo", "dangling link", "link to itself"])
def test_the_folders_place_is_taken(case, kind):
    if kind == "file":
        case.place.write_text("mine")
    elif kind == "fifo":
        os.mkfifo(case.place)
    else:
        case.place.symlink_to("nowhere" if kind == "dangling link" else ".acme")
    send(case)
    assert case.files() == [".acme"]
    assert kind != "file" or case.place.read_text() == "mine"


def swap_until(stop, file, contents):
    """Replaces the file again and again, as a rename does: whole."""
    while not stop.is_set():
        for content in contents:
            new = file.with_suffix(".new")
            if isinstance(content, bytes):
                new.write_bytes(content)
            else:
                new.symlink_to(content)
            new.rename(file)


@pytest.mark.parametrize("kind", ["two ids", "link"])
def test_being_replaced_while_read(case, kind):
    other = ID.replace("9b7f", "aaaa")
    secret = case.folder / "secret"
    secret.write_text(ID.replace("9b7f", "bbbb"))
    put(case, ID.encode())
    stop = threading.Event()
    contents = [ID.encode(), other.encode()] if kind == "two ids" else [ID.encode(), secret]
    thread = threading.Thread(target=swap_until, args=(stop, case.id_file, contents))
    thread.start()
    try:
        for i in range(30):
            case.emit("install_start", run=i).assert_unnoticed()
        ids = ids_sent(case, 30)
    finally:
        stop.set()
        thread.join()
    assert len(ids) == 30 and all(V4.fullmatch(cid) for cid in ids)
    assert secret.read_text() not in ids
    if kind == "two ids":
        assert set(ids) <= {ID, other}
    assert secret.read_text() == ID.replace("9b7f", "bbbb")


# ---- homes that cannot hold one ----


@pytest.mark.usefixtures("own_tmp")
def test_an_id_that_is_there_serves_in_a_home_that_cannot_be_written(case):
    put(case, ID.encode() + b"\n")
    read_only = 'mount --bind "$HOME" "$HOME" && mount -o remount,ro,bind "$HOME" && exec "$@"'
    case.run(["unshare", "-m", "sh", "-c", read_only, "sh", *case.words("install_start")]).assert_unnoticed()
    assert ids_sent(case) == [ID]
    assert case.files() == [".acme", ".acme/telemetry_id"]


@pytest.mark.usefixtures("own_tmp")
def test_a_home_without_a_folder_gets_an_id_for_this_time(case):
    assert V4.fullmatch(send(case, env={"HOME": case.folder / "missing"}))
    assert not (case.folder / "missing").exists() and case.files() == []
