"""disclose: the privacy page says what is true of the event's bytes, and every way out on it works."""

import html.parser
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest
from collector_lab import Collector
from installer_lab import MEMBERS, ROOT, SHIM
from ps1_ways import SECONDS, address_of, need_pwsh, powershell, script_of
from ps1_ways import write as write_ps1
from shim_lab import Case, in_mounts
from sink import Sink
from wine_lab import EXE, LOADER, start_wine, windows, wine_environment

DISCLOSE = ROOT / "scripts/disclose"
CONFIG = "APP=acme\nNAME=Acme\nRELEASE=v1.2.3\nENDPOINT={}\nPRIVACY_URL=https://acme.example/privacy\n"


def disclose(folder, *words, endpoint="https://t.acme.example/v1/events", more=""):
    config = folder / "page.conf"
    config.write_text(CONFIG.format(endpoint) + more)
    return subprocess.run([DISCLOSE, "--config", config, *words], capture_output=True, text=True, cwd=folder,
                          env={"PATH": "/usr/bin:/bin"})


def page(folder, *words, **more):
    done = disclose(folder, *(words or ["--retention", "400"]), **more)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def section(text, heading):
    """What stands below a heading, up to the next of the same rank."""
    mark = heading.split(" ")[0]
    return re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{2,{len(mark)}}} |\Z)", text, re.MULTILINE | re.DOTALL)[1]


def codes(text):
    return re.findall(r"^    (.+)$", text, re.MULTILINE)


def test_packages_are_on_the_page_when_there_are_some(tmp_path):
    """With every way out that docs/package.md has for a package manager."""
    assert "Package managers" not in page(tmp_path)
    text = page(tmp_path, "--retention", "400", "--packages")
    ways = section(text, "### Package managers")
    for way in ("/etc/acme/no-telemetry", "countme=0", "HOMEBREW_NO_ANALYTICS", "brew analytics off", "npm install --no-telemetry",
                "telemetry=false", "YARN_ENABLE_TELEMETRY=0", "/NoTelemetry"):
        assert way in ways and way in (ROOT / "docs/package.md").read_text(), way
    notice = re.search(r"begins with `(.*?)`", text)[1]
    assert notice.replace("Acme", "@NAME@") in (ROOT / "installers/hooks/hook.ps1").read_text()


def test_a_name_with_a_backslash(tmp_path):
    config = tmp_path / "page.conf"
    config.write_text(CONFIG.format("https://t.acme.example/v1/events").replace("NAME=Acme", "NAME=A\\tB"))
    done = subprocess.run([DISCLOSE, "--config", config, "--retention", "400"], capture_output=True, text=True, check=True)
    assert done.stdout.count("`A\\tB sends one anonymous event") == 2


# ---- what is sent ----


@pytest.fixture
def sent(tmp_path):
    """An event as the shim sends it, and the page for where it went."""
    with Sink() as sink:
        case = Case(tmp_path / "case", sink)
        assert case.emit("install_complete", "--strict", "--release", "v9.9", "--method", "deb").status == 0
        yield sink.requests[0], page(tmp_path, endpoint=sink.url)
        case.end()


def test_the_page_names_the_members_that_are_sent_and_no_other(sent):
    request, text = sent
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \| `(.*)` \|$", text, re.MULTILINE)
    event = json.loads(request.body)
    assert [name for name, *_ in rows] == list(event) == MEMBERS
    for name, _, can_be, example in rows:
        for value in (event[name], example):
            most = re.match(r"at most (\d+) of the characters `A-Z a-z 0-9 \. _ \+ -`", can_be)
            if most:
                assert re.fullmatch(rf"[A-Za-z0-9._+-]{{1,{most[1]}}}", value), (name, value)
            elif can_be == "a random UUID, made on your machine":
                assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", value)
            else:
                assert f"`{value}`" in can_be, (name, value)


def test_the_example_is_an_event_byte_for_byte(sent):
    request, text = sent
    (example,) = codes(section(text, "## What is sent"))
    values = json.loads(example)
    sent_values = json.loads(request.body)
    for name in MEMBERS:  # put what was sent into the example, and it is what was sent
        example = example.replace(f'"{name}":"{values[name]}"', f'"{name}":"{sent_values[name]}"')
    assert example.encode() == request.body


def test_the_headers_and_the_address_are_those_of_the_wire(sent):
    request, text = sent
    named = re.search(r"Of headers it has (.*), and no other", text)[1]
    assert sorted(re.findall(r"`([\w-]+)`", named)) == sorted(name for name, _ in request.headers)
    address = re.search(r"request to `http://([^/]+)(/[^`]*)`", text)
    assert dict(request.headers)["Host"] == address[1] and request.line == f"POST {address[2]} HTTP/1.1"


# ---- the two forms ----


class Words(html.parser.HTMLParser):
    """The text, and that each element ends where it should."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title"):
            self.text.append(data)


@pytest.mark.parametrize("words", [(), ("--passed-on", "Some Analytics")], ids=["kept", "passed on"])
def test_it_promises_nothing_of_what_is_passed_on(tmp_path, words):
    said = disclose(tmp_path, "--retention", "30", *words).stdout
    assert ("nowhere else" in said) == (not words)
    assert ("passed on to Some Analytics is not erased by this" in said) == bool(words)
    assert ("How long they are kept there is not for us to say" in said) == bool(words)


def test_the_html_is_well_formed_and_says_the_same(tmp_path):
    done = disclose(tmp_path, "--retention", "30", "--passed-on", 'A & B <"x">', "--out", "out")
    assert done.returncode == 0, done.stderr
    source = (tmp_path / "out/privacy.html").read_text()
    assert source.startswith("<!DOCTYPE html>\n") and xml.etree.ElementTree.fromstring(source.split("\n", 1)[1]) is not None
    words = Words()
    words.feed(source)
    assert words.open == []
    lines = [line for line in (tmp_path / "out/privacy.md").read_text().splitlines() if not line.startswith("|---")]
    table = [re.sub(r"\|", "", line) if line.startswith("| ") else line for line in lines]
    plain = [re.sub(r"^(#+|-) |`", "", line) for line in table]
    assert "".join("".join(words.text).split()) == "".join("".join(plain).split())


def test_the_same_from_the_same_in_any_locale(tmp_path):
    first = page(tmp_path)
    again = subprocess.run([DISCLOSE, "--config", tmp_path / "page.conf", "--retention", "400"], capture_output=True, text=True,
                           env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TMPDIR": str(tmp_path)}).stdout
    assert first == again
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.conf"]


# ---- what becomes of it ----


@pytest.mark.parametrize("lines, path, days, to", [
    ("", "/v1/events", 400, "to nobody."),
    ("retention-days = 30\n", "/v1/events", 30, "to nobody."),
    ("retention-days = 30\n[app default]\nretention-days=60\n[app acme]\n", "/v1/events", 60, "to nobody."),
    ("retention-days = 30\n[app default]\nretention-days=60\n[app acme]\n", "/v1/apps/acme/events", 30, "to nobody."),
    ("default-app = acme\n[app acme]\n# a note\nretention-days = 7\nga4-measurement-id = G-1\n", "/v1/events", 7, "Google Analytics 4"),
    ("[app default]\nga4-measurement-id = G-1\nposthog-key-file = key\n", "/api/telemetry", 400, "Google Analytics 4, PostHog"),
])
def test_the_policy_is_that_of_a_collector_with_this_configuration(tmp_path, lines, path, days, to):
    (tmp_path / "key").write_text("phc_1")
    lines = lines.replace("= key", f"= {tmp_path}/key")
    collector = Collector(tmp_path, lines, {"FOOTFALL_GA4_SECRET": "s"})
    text = page(tmp_path, "--collector", collector.config, endpoint="https://t.acme.example" + path)
    assert f"Events are deleted after {days} days." in text
    assert re.search(r"^- Passed on: .*", text, re.MULTILINE)[0].count(to) == 1
    if not collector.binary.exists():
        pytest.skip("build/footfall-collector is not built: make build/footfall-collector")
    collector.start()
    try:
        policy = json.loads(collector.ask("GET", "/v1/policy")[2])
    finally:
        collector.stop()
    app = re.search("/apps/(.*)/", path)
    told = next(each for each in policy["apps"] if each["app"] == app[1]) if app else policy
    assert told["retention_days"] == days
    forwarded = (told if app else policy["apps"][0])["forwarded_to"]
    assert [name for name in ("Google Analytics 4", "PostHog") if name in text] == forwarded


@pytest.mark.parametrize("words, more, status, says", [
    ([], "", 2, "how long are events kept?"),
    (["--retention", "soon"], "", 2, "--retention soon: give a number of days"),
    (["--retention", "4", "--bogus"], "", 2, "unknown argument: --bogus"),
    (["--collector", "nowhere.conf"], "", 1, "cannot read nowhere.conf"),
    (["--collector", "bad.conf"], "", 1, 'bad.conf:1: "retentoin-days = 3" is no key'),
    (["--collector", "other.conf"], "", 1, "knows no app called default"),
    (["--retention", "4"], "NONSENSE=1\n", 1, "page.conf:6: NONSENSE: there is no such key"),
    (["--retention", "4", "--out", "/dev/null/x"], "", 1, "cannot create /dev/null/x"),
])
def test_errors_name_the_input_and_the_remedy(tmp_path, words, more, status, says):
    (tmp_path / "bad.conf").write_text("retentoin-days = 3\n")
    (tmp_path / "other.conf").write_text("[app other]\n")
    done = disclose(tmp_path, *words, more=more)
    assert done.returncode == status and says in done.stderr and done.stdout == "", done


def test_without_an_endpoint_there_is_nothing_to_disclose(tmp_path):
    (tmp_path / "c").write_text("APP=acme\nRELEASE=v1\n")
    done = subprocess.run([DISCLOSE, "--config", tmp_path / "c", "--retention", "1"], capture_output=True, text=True)
    assert done.returncode == 1 and "ENDPOINT: it is missing" in done.stderr and "PRIVACY_URL: it is missing" in done.stderr


# ---- the notice, and every way out ----


@pytest.fixture
def text(tmp_path):
    return page(tmp_path)


def ways_out(shell):
    """Collected before anything runs: (what for, command) of a shell's list."""
    done = subprocess.run([DISCLOSE, "--config", "/dev/stdin", "--retention", "400"], capture_output=True, text=True, check=True,
                          input=CONFIG.format("https://t.acme.example/v1/events"))
    items = re.findall(r"^- (.*?): `(.*)`$", section(done.stdout, f"### {shell}"), re.MULTILINE)
    assert len(items) >= 4, shell
    return [pytest.param(what, command, id=f"{shell}: {what}") for what, command in items]


def serve(case):
    """The address of install.sh for this case."""
    folder = case.lab.served / "scripts"
    folder.mkdir(exist_ok=True)
    (folder / f"{case.name}.sh").write_text(case.lab.render())
    return f"{case.lab.url}/scripts/{case.name}.sh"


def run_here(case, words):
    return subprocess.run(words, cwd=case.folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                          env=case.environment(FOOTFALL_SHIM_URL=f"{case.lab.url}/for={case.name}/shims"))


def assert_silent(case, done):
    assert done.returncode == 0 and (case.target / "acme").exists(), done.stderr
    assert "anonymous" not in done.stderr + done.stdout
    assert not [path for path in case.lab.releases.seen if f"/for={case.name}/" in path], "the shim was fetched"
    assert case.events == [] and not (case.home / ".acme/telemetry_id").exists() and not [name for name in case.leftovers if name != "fish.root"]


def test_the_notices_are_what_the_installers_print(lab, text):
    """And an install that nobody opted out of is counted, which the tests below rely on."""
    notices = dict(re.findall(r"^- `install\.(sh|ps1)`: `(.*)`$", text, re.MULTILINE))
    case = lab.case()
    done = run_here(case, ["sh", "-c", f"curl -fsSL {serve(case)} | sh"])
    assert notices["sh"] in done.stderr.splitlines()
    assert case.wait_for_events(2) == ["install_complete", "install_start"]
    need_pwsh()
    case = lab.case()
    write_ps1(case, script_of(lab))
    done = powershell(case, f"irm {address_of(case)} | iex")
    assert notices["ps1"] in done.stdout.splitlines(), done
    assert case.wait_for_events(2, SECONDS) == ["install_complete", "install_start"]


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh"])
@pytest.mark.parametrize("what, command", ways_out("sh, bash, zsh"))
def test_sh(lab, shell, what, command):
    case = lab.case()
    assert_silent(case, opt_out(case, [shell, "-c"], what, command, "curl ... | sh"))


@pytest.mark.parametrize("what, command", ways_out("fish"))
def test_fish(lab, what, command):
    case = lab.case()
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    assert_silent(case, opt_out(case, ["fish", "-c"], what, command, "curl ... | sh"))


def opt_out(case, shell, what, command, install):
    """Does what the page says; then installs, in another session where it holds beyond one."""
    address = f"curl -fsSL {serve(case)}"
    if "curl ..." in command:
        return run_here(case, [*shell, command.replace("curl ...", address)])
    install = install.replace("curl ...", address)
    if what.startswith("every user"):  # with an /etc of its own, where sudo need not be asked
        if os.geteuid() != 0:
            pytest.skip("not root: cannot mount an /etc of its own")
        script = "set -e; mkdir etc; cp /etc/passwd /etc/hosts /etc/nsswitch.conf etc; mount --bind etc /etc; test ! -e /etc/apt"
        return run_here(case, in_mounts(script, [*shell, f"{command.replace('sudo ', '')}\n{install}"]))
    if what.startswith(("for good", "every", "all tools")) and "export" not in command:
        assert run_here(case, [*shell, command]).returncode == 0
        return run_here(case, [*shell, install])
    return run_here(case, [*shell, f"{command}\n{install}"])


@pytest.mark.parametrize("what, command", ways_out("PowerShell"))
def test_powershell(lab, what, command):
    need_pwsh()
    case = lab.case()
    write_ps1(case, script_of(lab))
    install = f"irm {address_of(case)} | iex"
    shims = {"FOOTFALL_SHIM_URL": f"{lab.url}/for={case.name}/shims"}
    if "Windows machine" in what:  # what it makes is what footfall.exe looks for: test_cmd
        done = powershell(case, command, ProgramData=case.folder)
        assert done.returncode == 0 and (case.folder / "acme/no-telemetry").is_file(), done
        return
    if what == "for good":
        assert powershell(case, command).returncode == 0
        command = install
    elif "..." in command:
        command = command.replace("irm ...", install.split(" |")[0])
    elif "install.ps1" not in command:
        command += f"; {install}"
    assert_silent(case, powershell(case, command, **shims))


@pytest.mark.parametrize("what, command", ways_out("cmd"))
def test_cmd(tmp_path, what, command):
    """The shim for Windows, in the session or in a later one, sees what cmd.exe was told."""
    if missing := start_wine():
        pytest.skip(missing)
    folders = [f"set {name}={windows(tmp_path / name)}" for name in ("USERPROFILE", "ProgramData")]
    for name in ("USERPROFILE", "ProgramData"):
        (tmp_path / name).mkdir()
    explain = f"{windows(EXE)} explain --json --app acme --endpoint https://t.acme.example/v1/events"

    def cmd(*lines):
        """Once in some hundred times Wine's cmd ends before its first line; then it is asked again."""
        (tmp_path / "session.bat").write_text("\r\n".join(["@echo off", "echo begun", *folders, *lines, ""]))
        for _ in range(3):
            said = subprocess.run([LOADER, "cmd", "/c", "session.bat"], env=wine_environment(), timeout=SECONDS, cwd=tmp_path,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
            if said.startswith("begun"):
                return said.partition("\n")[2]
        raise AssertionError("Wine's cmd does not begin")

    assert json.loads(cmd(explain))["gate"] == "none"
    if command.startswith("set "):
        told = cmd(command, explain)
    else:
        cmd(command)
        told = cmd(explain)
    told = json.loads(told[told.index("{"):])
    expected = {"this session": "app-no-telemetry", "all tools that honour it": "do-not-track", "for good": "choice"}
    assert not told["would_send"] and told["gate"] == expected.get(what, "fleet"), told


# ---- seeing and erasing ----


def test_what_explains_and_what_erases_do_so(tmp_path):
    with Sink() as sink:
        text = page(tmp_path, endpoint=sink.url)
        (see,), (forget, by_hand) = (codes(section(text, heading)) for heading in ("## How to see it", "## How to erase it"))
        shown = {}
        for way, command in (("shim", forget), ("hand", by_hand)):
            case = Case(tmp_path / way, sink)
            case.emit("install_start", "--strict")
            words = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
            (tmp_path / "bin").mkdir(exist_ok=True)
            if not (tmp_path / "bin/footfall").exists():
                (tmp_path / "bin/footfall").symlink_to(SHIM)
            shown[way] = case.run(["sh", "-c", see], words)
            assert case.id in shown[way].out.decode() and "This event would be sent." in shown[way].out.decode()
            cid = case.id
            done = case.run(["sh", "-c", command], words)
            assert done.status == 0, done
            assert sink.requests[-1].line == f"DELETE /v1/install/{cid} HTTP/1.1"
            assert not case.id_file.exists() and not (case.place / "telemetry_last").exists()
            case.end()
