"""The power goes at any moment: what was answered with 204 is there, what was erased is not, and the store is whole."""
import concurrent.futures
import os
import pathlib
import shutil
import signal

import pytest

import write_log
from collector_lab import Collector, check, make_event, stored_ids

EVENTS, CLIENTS = 24, 3


@pytest.fixture(name="log", scope="module")
def logged_run(tmp_path_factory):
    """The steps of a collector that takes events from several clients at once, erases some, and ends."""
    folder = tmp_path_factory.mktemp("power")
    one = Collector(folder / "store", "rate-limit = 0\n[app default]\n")
    one.start(wrapper=[*write_log.STRACE, "-o", folder / "log"])
    child = int(pathlib.Path(f"/proc/{one.process.pid}/task/{one.process.pid}/children").read_text().split()[0])
    try:
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            events = [make_event() for _ in range(EVENTS)]
            assert set(clients.map(one.post, events)) == {204}
            for event in events[::6]:
                assert one.ask("DELETE", f"/v1/install/{event['cid']}")[0] == 204
    finally:
        os.kill(child, signal.SIGTERM)
        one.wait()
    return write_log.read(folder / "log")


def states(log, every):
    for what, answers, files in write_log.power_cuts(log, every):
        if any(file.endswith("footfall.db") and content for file, content in files.items()):
            yield what, answers, files


def ids(answers, request):
    return {answer.cid.replace("-", "") for answer in answers if answer.request == request}


def assert_whole(folder, what, answers, files, leaving):
    """leaving: ids whose erasure may be under way, and so be there or not."""
    folder.mkdir()
    for file, content in files.items():
        if not file.endswith("-shm"):  # the index of the journal; made anew whenever a store is opened
            (folder / pathlib.Path(file).name).write_bytes(content)
    found = stored_ids(folder / "footfall.db")
    check(folder / "footfall.db")
    assert not ids(answers, b"POST") - leaving - set(found), f"{what}: answered and lost"
    assert not ids(answers, b"DELETE") & set(found), f"{what}: erased and back"
    assert len(found) == len(set(found)), f"{what}: stored twice"
    shutil.rmtree(folder)


def all_answers(log):
    return [step for _, step in log if isinstance(step, write_log.Answer)]


def test_the_log_has_every_answer(log):
    answers = all_answers(log)
    assert len(ids(answers, b"POST")) == EVENTS and len(ids(answers, b"DELETE")) == EVENTS // 6


@pytest.mark.parametrize("every", [17, pytest.param(1, marks=pytest.mark.long)])
def test_a_power_cut_loses_nothing(log, tmp_path, every):
    count, leaving = 0, ids(all_answers(log), b"DELETE")
    for what, answers, files in states(log, every):
        assert_whole(tmp_path / "state", what, answers, files, leaving)
        count += 1
    assert count > 20


def test_a_missing_sync_would_be_seen(log, tmp_path):
    """The same writes, as if no sync had been asked for."""
    lazy = [(number, step) for number, step in log if not isinstance(step, write_log.Sync) or step.file.endswith(".db")]
    with pytest.raises(AssertionError, match="answered and lost"):
        for what, answers, files in states(lazy, 5):
            assert_whole(tmp_path / what.replace(" ", "_"), what, answers, files, leaving=set())
