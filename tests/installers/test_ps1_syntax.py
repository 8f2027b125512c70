"""install.ps1 as Windows PowerShell 5.1 reads it: what the file may hold, and what only 7 knows."""

import re
import shutil
import subprocess

import pytest
from installer_lab import ROOT
from ps1_ways import PWSH, need_pwsh, script_of

SCRIPT = ROOT / "installers/install.ps1"
BLOCK_START, BLOCK_END = "# >>> footfall telemetry", "# <<< footfall telemetry"

# Order matters: here-strings before strings, strings and comments before what may stand in them.
TOKEN = re.compile(r"""
    (?P<comment>\#[^\n]*)
  | (?P<here>@"\n.*?\n"@|@'\n.*?\n'@)
  | (?P<string>'(?:[^']|'')*'|"(?:[^"`]|`.|"")*")
  | (?P<variable>\$\{[^}]*\}|\$[\w:]+|\$[$?^])
  | (?P<parameter>(?<![\w)\]])-[A-Za-z]\w*)
  | (?P<word>[A-Za-z_][\w-]*)
  | (?P<operator>\?\?=|\?\?|\?\.|\?\[|&&|\|\||\?|\S)
  | (?P<space>\s+)
""", re.VERBOSE | re.DOTALL)

# Of PowerShell 7 alone: operators, parameters of cmdlets that 5.1 has, keywords.
NEW_OPERATORS = {"??", "??=", "?.", "?[", "&&", "||", "?"}
NEW_PARAMETERS = {
    "-asbytestream", "-skipcertificatecheck", "-sslprotocol", "-retryintervalsec", "-maximumretrycount", "-parallel",
    "-asutc", "-leafbase", "-extension", "-noproxy", "-form", "-resume", "-skiphttperrorcheck", "-skipheadervalidation",
    "-statuscodevariable", "-connectiontimeoutseconds", "-operationtimeoutseconds", "-ashashtable", "-noemphasis",
    "-additionalchildpath", "-allowunencryptedauthentication", "-custommethod", "-preserveauthorizationonredirect"}
NEW_WORDS = {"clean", "remove-alias", "join-string", "get-uptime", "get-error", "test-json", "convertfrom-markdown"}
UNSET_IN_5_1 = {"$iswindows", "$islinux", "$ismacos", "$iscoreclr", "$psstyle"}


def tokens(text):
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        yield match.lastgroup, match[0], text.count("\n", 0, at) + 1
        at = match.end()


def too_new(text):
    for kind, token, line in tokens(text):
        known = {"operator": NEW_OPERATORS, "parameter": NEW_PARAMETERS, "word": NEW_WORDS,
                 "variable": UNSET_IN_5_1}.get(kind, ())
        if token.lower() in known:
            yield f"{line}: {token}"
        elif kind == "variable" and token.lower() == "$env" or kind == "word" and token.lower() == "exit":
            yield f"{line}: {token}"


def test_only_what_5_1_knows_and_nothing_that_closes_a_window():
    assert list(too_new(SCRIPT.read_text())) == []


@pytest.mark.parametrize("line", ["$x = $a ? 1 : 2", "$x = $a ?? 2", "a && b", "a || b", "$IsWindows", "exit 1",
                                  "Invoke-WebRequest x -SkipHttpErrorCheck", "$x?.Length; ${x}?[0]", "exit"])
def test_that_check_sees(line):
    assert list(too_new(line))


def test_plain_ascii_without_a_mark_at_its_beginning():
    """Windows PowerShell 5.1 reads a file without a BOM in the machine's code page."""
    bytes_ = SCRIPT.read_bytes()
    assert not [number for number, byte in enumerate(bytes_) if byte > 126 or byte < 32 and byte != 10]
    assert bytes_.startswith(b"# Installs")


def test_web_requests_never_ask_back():
    """Without -UseBasicParsing Windows PowerShell prompts."""
    text = SCRIPT.read_text()
    requests = [line for line in text.splitlines() if re.search(r"\b(Invoke-WebRequest|iwr)\b.* -", line)]
    assert requests and all("-UseBasicParsing" in line for line in requests)


def test_nothing_stands_behind_what_runs():
    """A cut that leaves whole statements would run them: the file is one statement and comments."""
    code = [(token, line) for kind, token, line in tokens(SCRIPT.read_text()) if kind not in ("comment", "space")]
    assert [token for token, _ in code[:8]] == ["if", "(", "$true", ")", "{", "&", "{", "$app"]
    depth = 0
    for number, (token, line) in enumerate(code):
        depth += (token == "{") - (token == "}")
        assert depth > 0 or number < 4 or number == len(code) - 1, f"line {line}: outside of the statement"
    assert depth == 0 and [token for token, _ in code[-4:]] == ["}", "@", "args", "}"]


def test_one_marked_block(lab):
    for text in (SCRIPT.read_text(), script_of(lab)):
        assert text.count(BLOCK_START) == text.count(BLOCK_END) == 1
        outside = text[:text.index(BLOCK_START)] + text[text.index(BLOCK_END):]
        used = set(re.findall(r"\b[A-Z][a-z]+-Footfall\w*", outside))
        assert used == {"Enter-Footfall", "Complete-Footfall", "Exit-Footfall", "Get-FootfallPlatform"}


def test_the_rendered_script_holds_what_was_asked_for(lab):
    text = script_of(lab, NAME="Jack's Acme")
    assert "$name = 'Jack''s Acme'" in text and "$footfall_prefix = 'ACME'" in text
    assert script_of(lab, NAME="Jack's Acme") == text


ANALYSE = """
if (-not (Get-Module -ListAvailable PSScriptAnalyzer)) { 'no PSScriptAnalyzer'; return }
$rules = @{
    PSUseCompatibleSyntax = @{ Enable = $true; TargetVersions = @('5.1', '7.0') }
    PSUseCompatibleCmdlets = @{ Compatibility = @('desktop-5.1.14393.206-windows') }
}
$left_out = 'PSAvoidUsingWriteHost', 'PSAvoidUsingPositionalParameters', 'PSUseDeclaredVarsMoreThanAssignments'
Invoke-ScriptAnalyzer -Path FILE -Settings @{ Rules = $rules; ExcludeRules = $left_out } |
    ForEach-Object { "$($_.Line): $($_.RuleName): $($_.Message)" }
"""


def analyse(file):
    need_pwsh()
    command = ANALYSE.replace("FILE", f"'{file}'")
    out = subprocess.run([PWSH, "-NoProfile", "-NonInteractive", "-Command", command], capture_output=True, text=True,
                         check=True, timeout=300, env={"PATH": "/usr/bin:/bin", "POWERSHELL_TELEMETRY_OPTOUT": "1"})
    if out.stdout.startswith("no PSScriptAnalyzer"):
        pytest.skip("PowerShell has no PSScriptAnalyzer here")
    return out.stdout + out.stderr


def test_what_the_script_analyzer_says():
    assert analyse(SCRIPT) == ""


def test_the_script_analyzer_looks_for_5_1(tmp_path):
    shutil.copy(SCRIPT, tmp_path / "new.ps1")
    with open(tmp_path / "new.ps1", "a", encoding="ascii") as file:
        file.write("$x = $true ? 1 : 2\nGet-Uptime\n")
    said = analyse(tmp_path / "new.ps1")
    assert "PSUseCompatibleSyntax" in said and "PSUseCompatibleCmdlets" in said
