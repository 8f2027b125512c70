"""One fact in one place: usage text, manual and completions say what the option table says."""
import re
import shutil
import subprocess

import pytest

from shim_lab import ROOT

SHIM = ROOT / "build" / "footfall"
MANUAL = (ROOT / "shim" / "footfall.1").read_text()
COMPLETIONS = ROOT / "shim" / "completions"
COMMANDS = ("emit", "run", "explain", "id", "forget", "enable", "disable")
LETTERS = dict(E=["emit"], R=["run"], X=["explain"], I=["id"], F=["forget"], C=["enable", "disable"])
OPTIONS = [(name, variable if variable != "NULL" else None, [c for letter in letters.split("|") for c in LETTERS[letter.strip()]])
           for name, variable, letters in
           re.findall(r'OPTION\(\w+,\s*"([\w-]+)",\s*(?:"[^"]*"|NULL),\s*"?(\w+)"?,\s*([A-Z| ]+),', (ROOT / "shim/options.def").read_text())]
MEMBERS = [line.split("\t") for line in (ROOT / "shim/spec/event.tsv").read_text().splitlines() if not line.startswith("#")][1:]


def test_the_table_was_read_whole():
    assert len(OPTIONS) == (ROOT / "shim/options.def").read_text().count("OPTION(") - 1  # one stands in its comment


@pytest.mark.parametrize("command", COMMANDS)
def test_usage_lists_exactly_the_commands_options(command):
    text = subprocess.run([SHIM, command, "--help"], capture_output=True, text=True).stdout
    assert sorted(re.findall(r"^  --([\w-]+)", text, re.M)) == sorted(n for n, _, cs in OPTIONS if command in cs)


def test_manual_documents_every_option_and_variable_and_no_other():
    items = re.findall(r"^\.It Fl \\-([\w-]+)", MANUAL, re.M)
    assert sorted(items) == sorted(name for name, _, _ in OPTIONS)
    assert set(re.findall(r"FOOTFALL_\w+", MANUAL)) == {variable for _, variable, _ in OPTIONS if variable}


def test_manual_documents_members_methods_and_statuses():
    for name, _, _, allowed, _, description in MEMBERS:
        assert re.search(rf"^\.It Li {name}\n{re.escape(description)}$", MANUAL, re.M), name
        for word in allowed.split():
            assert word == "-" or word in MANUAL, word
    statuses = re.findall(r"STATUS_\w+ = (\d)", (ROOT / "shim/status.h").read_text())
    section = MANUAL[MANUAL.index(".Sh EXIT STATUS"):MANUAL.index(".Sh EXAMPLES")]
    assert re.findall(r"^\.It (\d)$", section, re.M) == statuses
    for section in ("ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES"):
        assert f".Sh {section}\n" in MANUAL


def test_manual_is_lint_clean():
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", ROOT / "shim/footfall.1"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def bash_words(command):
    """What bash itself completes after the command."""
    script = f'source "{COMPLETIONS}/footfall.bash"; COMP_WORDS=(footfall {command} ""); COMP_CWORD=2; _footfall; ' \
             'printf "%s\\n" "${COMPREPLY[@]}"'
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()


def fish_words(command):
    script = f"source {COMPLETIONS}/footfall.fish; complete -C 'footfall {command} --'"
    done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True)
    return [line.split("\t")[0].rstrip("=") for line in done.stdout.splitlines()]


def powershell_words(command):
    if shutil.which("pwsh") is None:
        pytest.skip("no pwsh on PATH")
    line = f"footfall {command} --"
    script = f". '{COMPLETIONS}/footfall.ps1'; " \
             f"(TabExpansion2 -inputScript '{line}' -cursorColumn {len(line)}).CompletionMatches.CompletionText"
    return subprocess.run(["pwsh", "-NoProfile", "-Command", script], capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("words", [bash_words, fish_words, powershell_words])
def test_completions_offer_exactly_the_commands_options(words, command):
    offered = {word for word in words(command) if word.startswith("--") and word != "--"}
    assert offered == {f"--{name}" for name, _, cs in OPTIONS if command in cs}


def test_zsh_completion_loads_and_knows_every_option():
    text = (COMPLETIONS / "_footfall").read_text()
    assert subprocess.run(["zsh", "-n", COMPLETIONS / "_footfall"]).returncode == 0
    for name, _, _ in OPTIONS:
        assert re.search(rf"--{name}[=\s)]", text), name
    assert set(re.findall(r"--([\w-]+)", text)) - {"version"} == {name for name, _, _ in OPTIONS}
