"""install.sh and its pasted block under callers with ways of their own: what they have set, export, hold open or clean up."""

import os
import signal
import subprocess
import time

from installer_lab import wait_for
from sh_shells import calls_of

COMPLETE = ["install_complete", "install_start"]
FAILED = ["install_failed", "install_start"]
# Until the shim runs, and so until the outcome is sent from where the installer then is.
UNTIL_READY = 'while [ ! -e "$footfall_folder/ready" ]; do sleep 0.1; done\n'


def run(case, script, shell="dash", runner=(), cwd=None, **environment):
    words = [*runner, *calls_of(shell, case.write(script))["file"]]
    return subprocess.run(words, env=case.environment(**environment), capture_output=True, text=True, timeout=60, cwd=cwd,
                          stdin=subprocess.DEVNULL)


def pasted(lab, before="", between="", after=""):
    return f"{before}\n{lab.render(block='sh')}\n{between}\nfootfall_succeeded\n{after}\necho installed\n"


def left_behind(case):
    return [*case.leftovers, *(path.name for path in case.home.glob(".acme/footfall.*"))]


def test_a_relative_temporary_folder(lab, shell):
    for relative in ("tmp", "."):
        case = lab.case()
        done = run(case, lab.render(), shell, cwd=case.folder, TMPDIR=relative)
        assert done.returncode == 0 and case.wait_for_events(2) == COMPLETE
        assert wait_for(lambda: not left_behind(case)), left_behind(case)
        assert not [*case.folder.glob("footfall.*")]


def test_words_divided_in_another_way(lab, shell):
    """As in bash's "strict mode"; what the script has set it has afterwards."""
    for divider in ("$(printf '\\n\\t')", ",", ""):
        case = lab.case()
        done = run(case, pasted(lab, f'set -eu\nIFS="{divider}"\nmine=$IFS', after='[ "$IFS" = "$mine" ]'), shell)
        assert (done.returncode, done.stdout) == (0, "installed\n"), done
        assert case.wait_for_events(2) == COMPLETE


def test_words_whose_division_cannot_be_changed(lab, shell):
    """No telemetry then, where they are divided in another way; the script goes on, opted out or not."""
    for divider, labels in (("IFS=:; readonly IFS", []), ("readonly IFS", None)):
        for environment in ({}, {"ACME_NO_TELEMETRY": "1"}):
            case = lab.case()
            done = run(case, pasted(lab, f"set -eu\n{divider}"), shell, **environment)
            assert (done.returncode, done.stdout) == (0, "installed\n"), done
            assert not [line for line in done.stderr.splitlines() if "Acme sends" not in line], done.stderr
            time.sleep(0.3)
            assert wait_for(lambda: not case.leftovers) and (labels is None or case.events == labels)


def test_what_is_exported_after_the_start(lab, shell):
    """To quiet the programs that it runs, or to give them a home: no choice of its user's."""
    case = lab.case()
    between = UNTIL_READY + """
        mkdir -p elsewhere
        export CI=1 DO_NOT_TRACK=1 ACME_NO_TELEMETRY=1 ACME_DEV=1 ACME_TELEMETRY=0 HOME="$PWD/elsewhere"
        export TMPDIR="$PWD/elsewhere" XDG_RUNTIME_DIR="$PWD/elsewhere"
    """
    assert run(case, pasted(lab, between=between), shell, cwd=case.folder).returncode == 0
    assert case.wait_for_events(2) == COMPLETE
    assert wait_for(lambda: not left_behind(case))
    assert not [*(case.folder / "elsewhere").iterdir()] and case.labels == COMPLETE


def test_a_signal_that_is_ignored_from_the_start(lab, shell):
    """No shell can trap it; nothing of ours may wait for it."""
    case = lab.case()
    assert run(case, lab.render(), shell, runner=["env", "--ignore-signal=USR1"]).returncode == 0
    assert case.wait_for_events(2) == COMPLETE
    assert wait_for(lambda: not case.leftovers and not case.processes, 5)


def test_a_lock_ends_with_the_script_that_holds_it(lab):
    """The idiom of flock(1); the shim has not even come."""
    case = lab.case()
    script = pasted(lab, "#!/bin/bash\nexec 200>lock\nflock -n 200 || exit 7")
    for _ in range(2):
        done = run(case, script, "bash", cwd=case.folder, FOOTFALL_SHIM_URL=f"{lab.url}/gate={case.name}/shims")
        assert done.returncode == 0, done
    lab.releases.gates[case.name].set()
    assert case.wait_for_events(4) == sorted(COMPLETE * 2)


def test_interrupted_at_the_notice(lab, shell):
    case = lab.case()
    script = lab.render().replace("        footfall_print_notice || :\n", "        footfall_print_notice || :\n        sleep 2 || :\n")
    process = subprocess.Popen(calls_of(shell, case.write(script))["file"], env=case.environment(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    assert wait_for(lambda: case.leftovers)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(10) in (-2, 130)
    assert not left_behind(case) and case.events == []


def end_at(lab, case, shell, line):
    """Runs the installer, which gets a TERM behind that line, once."""
    script = lab.render().replace(line, f'{line}    [ -n "${{killed-}}" ] || {{ killed=1; kill -s TERM "$$"; sleep 1 || :; }}\n', 1)
    assert script != lab.render()
    process = subprocess.Popen(calls_of(shell, case.write(script))["file"], env=case.environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert process.wait(20) in (-15, 143)


def test_a_signal_before_anything_has_begun(lab, shell):
    """As when it has ended the background process, too, which had not yet come to ignore it."""
    case = lab.case()
    end_at(lab, case, shell, "        footfall_state=running\n")
    assert case.wait_for_events(2) == FAILED
    assert wait_for(lambda: not left_behind(case)), left_behind(case)


def test_a_signal_while_success_is_stated(lab, shell):
    case = lab.case()
    end_at(lab, case, shell, '    ( : >"$footfall_folder/$footfall_said" ) 2>/dev/null || :\n')
    assert case.wait_for_events(2) == COMPLETE
    assert wait_for(lambda: not left_behind(case)), left_behind(case)


def test_a_stranger_with_the_installers_number(lab):
    """The installer has gone while the shim was fetched, and its number has been given to somebody else."""
    case = lab.case()
    another = lab.render().replace("footfall_birth=$1;", "footfall_birth=$1${footfall_was-};")
    assert another != lab.render()
    script = another.replace("    unpack\n", "    sleep 3\n    unpack\n", 1)
    process = subprocess.Popen(calls_of("dash", case.write(script))["file"], env=case.environment(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    assert case.wait_for_events(2, 2.5) == FAILED and process.poll() is None
    assert process.wait() == 0


def test_a_trap_for_errors_does_not_run_beside(lab):
    script = pasted(lab, "set -E\ntrap 'echo trapped >>log' ERR", between=UNTIL_READY +
                    'printf "#!/bin/sh\\nexit 9\\n" >bad && chmod 700 bad && mv -f bad "$footfall_folder/footfall"')
    case = lab.case()
    assert run(case, script, "bash", cwd=case.folder).returncode == 0
    assert wait_for(lambda: not case.leftovers)
    assert not (case.folder / "log").exists()
