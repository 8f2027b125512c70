"""A download that was cut short runs nothing, wherever it was cut."""

import concurrent.futures
import os
import select
import signal
import time

import pytest
from sh_shells import calls_of

WORKERS = 2


def wait(shell, cut):
    """A shell may also hang on what it got: its user would wait for ever."""
    handle = os.pidfd_open(shell)
    ended = select.select([handle], [], [], 20)[0]
    os.close(handle)
    if not ended:
        os.kill(shell, signal.SIGKILL)
    os.waitpid(shell, 0)
    assert ended, f"the shell hangs when the script ends after {cut} bytes"


def run_cut_scripts(command, script, cuts, case, number):
    """Feeds the script's first bytes to the shell, for each of the cuts; the longest comes first, so
    that one file can be cut further and further."""
    file, output = case.folder / f"cut{number}", case.folder / f"output{number}"
    file.write_bytes(script)
    words = [str(word) for word in command]
    environment = case.environment(PATH="/usr/bin:/bin")
    actions = [(os.POSIX_SPAWN_OPEN, 0, str(file), os.O_RDONLY, 0),
               (os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
               (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    for cut in sorted(cuts, reverse=True):
        os.truncate(file, cut)
        wait(os.posix_spawn(words[0], words, environment, file_actions=actions), cut)
    return output.read_bytes()


def check_cuts(lab, shell, step):
    case = lab.case()
    script = lab.render().replace(lab.url, f"{lab.url}/for={case.name}").encode()
    command = [word for word in calls_of(shell, "")["file"] if word]
    # Without its last newline the script is still whole.
    cuts = list(range(1, len(script) - 1, step))
    if cuts[-1] != len(script) - 2:
        cuts += range(len(script) - 40, len(script) - 1)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        parts = [pool.submit(run_cut_scripts, command, script, cuts[number::WORKERS], case, number)
                 for number in range(WORKERS)]
        output = b"".join(part.result() for part in parts)
    time.sleep(0.3)
    assert output == b"", "something ran"
    assert case.events == []
    assert not case.target.exists() and case.leftovers == [] and os.listdir(case.home) == []
    assert not [path for path in lab.releases.seen if f"/for={case.name}/" in path], "something was downloaded"


def test_cut_here_and_there(lab, shell):
    check_cuts(lab, shell, 97 if shell != "dash" else 13)


@pytest.mark.long
def test_cut_at_every_byte(lab, shell):
    check_cuts(lab, shell, 1)


def test_the_whole_runs(lab):
    """So that the tests above can fail: the same call with nothing cut installs."""
    case = lab.case()
    run_cut_scripts(["/bin/sh"], lab.render().encode(), [len(lab.render())], case, 0)
    assert (case.target / "acme").exists()
    assert case.wait_for_events(2) == ["install_complete", "install_start"]
