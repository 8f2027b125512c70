"""Every command on every page is run: by the page's own test, or here; or it is listed here with the reason why not."""

import os
import pathlib
import re
import subprocess

import pytest
from collector_lab import BINARY, Collector
from shim_lab import SHIM
from sink import Sink

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [name for name in subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True,
                                         text=True, check=True).stdout.splitlines()]

# Whose ```sh blocks make a story, and the test that runs it as it stands.
STORIES = {"docs/adopt.md": "installers/test_adopt_page.py", "docs/package.md": "hooks/test_package_page.py",
           "docs/operate.md": "docs/test_operate_page.py", "docs/verify.md": "release/"}

ELSEWHERE = {  # what is no command of ours to run here, and why
    r"export FOOTFALL=": "the tests of the stories set it",
    r"curl -fsSL https://acme\.example/install\.sh \| sh": "a made-up address; docs/adopt.md has the same with a real one",
    r"footfall-collector export --csv": "test_the_readmes_figures_are_of_that_form",
    r'curl -X DELETE "https://t\.acme\.example': "installers/test_disclose.py runs it as it stands on a project's page",
    r"footfall_succeeded|--no-telemetry\) FOOTFALL_NO_TELEMETRY=1 ;;": "a line for an installer: installers/test_render.py pastes it",
    r"(install -|systemctl |footfall-collector --db /var|find /var/backups)": "docs/test_operate_page.py, in a folder that stands for a server",
    r"(\[app default\]|ga4-|posthog-)": "docs/test_operate_page.py: a configuration",
    r'"scripts": \{ "postinstall"|require\(': "lines for package.json and a program: hooks/test_npm.py has them",
    r"from \. import footfall_hook|footfall_hook\.first_run\(\)": "lines for a program: hooks/test_pip.py has them",
}


IN_YAML = {  # what a CI service or a server would run or read
    r"python3 footfall/scripts/smoke( --shell \"busybox ash\")? (install\.sh|\$\{\{ matrix\.installer \}\})$": "installers/test_smoke.py runs it",
    r"git clone --depth 1|apt-get update && apt-get install -y busybox": "needs a network and the service's own variables",
}


def without_stories(name):
    return re.sub(r"^```(sh|yaml)\n.*?^```$", "", (ROOT / name).read_text(), flags=re.MULTILINE | re.DOTALL)


def commands(name):
    """Lines of indented and ```text blocks, and what follows `$ ` in ```console ones; comments, pictures and
    ```usage lines are none."""
    text = without_stories(name)
    found = []
    for kind, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        lines = block.splitlines()
        if kind == "console":
            found += [line[2:] for line in lines if line.startswith("$ ")]
        elif kind == "text":
            found += lines
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for block in re.findall(r"(?<=\n\n)((?:    .*\n)+)", text):
        found += [line[4:] for line in block.splitlines()]
    return [re.sub(r"\s+#.*", "", line).strip() for line in found if line.strip() and not line.startswith("#")]


ALL = [(page, line) for page in PAGES for line in commands(page)]


@pytest.mark.parametrize("page", [page for page in PAGES if "```sh\n" in (ROOT / page).read_text()])
def test_a_page_with_a_story_has_a_test_that_runs_it(page):
    test = ROOT / "tests" / STORIES[page]
    files = [test] if test.is_file() else sorted(test.glob("test_*.py"))
    assert any(page in file.read_text() or pathlib.Path(page).name in file.read_text() for file in files)


@pytest.mark.parametrize("line", sorted({line for _, line in ALL if line.startswith("make")}))
def test_make_knows_what_is_asked_of_it(line):
    """With -n: that it does what it says is what the rest of the tests, and the targets themselves, are about."""
    done = subprocess.run([*line.split(), "-n"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/footfall").symlink_to(SHIM)
    for name in ("render-installers", "disclose"):
        (tmp_path / "bin" / name).write_text(f'#!/bin/sh\nexec {ROOT}/scripts/{name} "$@"\n')
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "acme.conf").write_text("APP=acme\nRELEASE=v1\nDOWNLOAD_URL=https://acme.example/dl\nARTIFACT=acme-{platform}.tgz\n"
                                        "BINARIES=acme\n")
    return tmp_path


@pytest.mark.parametrize("line", sorted({line for _, line in ALL if re.match(r"footfall |render-installers ", line)}))
def test_a_command_of_ours_does_something(folder, line):
    with Sink() as sink:
        environment = {"PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": str(folder), "FOOTFALL_ENDPOINT": sink.url}
        done = subprocess.run(["sh", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stdout and not done.stderr, done


def is_covered(line):
    return re.match(r"make\b|footfall |render-installers ", line) or any(re.match(pattern, line) for pattern in ELSEWHERE)


def test_no_command_is_left_out():
    assert len(ALL) > 20
    assert [f"{page}: {line}" for page, line in ALL if not is_covered(line)] == []
    unused = [pattern for pattern in ELSEWHERE if not any(re.match(pattern, line) for _, line in ALL)]
    assert unused == []


@pytest.mark.parametrize("page", [page for page in PAGES if "```yaml\n" in (ROOT / page).read_text()])
def test_what_a_service_runs_is_known(page):
    for block in re.findall(r"^```yaml\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL):
        lines = re.findall(r"^ *- run: (.*)$", block, re.MULTILINE)
        if "script:" in block:
            lines += re.findall(r"^ *- (.*)$", block[block.index("script:"):], re.MULTILINE)
        assert lines or "scrape_configs:" in block
        for command in (part for line in lines for part in re.split(r" && (?=python3)", line)):
            assert any(re.match(pattern, command) for pattern in IN_YAML), command
    assert (ROOT / "scripts/smoke").exists() and "--shell" in (ROOT / "scripts/smoke").read_text()


def test_the_readmes_figures_are_of_that_form(tmp_path):
    if not BINARY.exists():
        pytest.skip("build/footfall-collector is not built: make build/footfall-collector")
    one = Collector(tmp_path).start()
    done = subprocess.run([BINARY, "--db", one.db, "export", "--csv"], capture_output=True, text=True, env={"PATH": os.defpath})
    one.stop()
    assert done.stdout.splitlines()[0] in (ROOT / "README.md").read_text().splitlines()


# ---- what is named in passing ----


def inline(page):
    text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


@pytest.mark.parametrize("page", PAGES)
def test_what_is_named_in_passing_is_there(page):
    options = set(re.findall(r'^OPTION\(\w+, "([\w-]+)"', (ROOT / "shim/options.def").read_text(), re.MULTILINE))
    names = {"emit", "run", "explain", "id", "forget", "enable", "disable", "--version", "--help", "emit|run"}
    missing = []
    for code in inline(page):
        words = code.split()
        if re.fullmatch(r"(scripts|shim|docs|tests|collector|installers)/[\w./*-]+", words[0]) and not list(ROOT.glob(words[0])):
            missing.append(code)
        if words[0] == "footfall" and len(words) > 1 and words[1] not in names and "|" not in words[1]:
            missing.append(code)
        if words[0] == "footfall":
            missing += [f"{code}: {word}" for word in words if re.fullmatch(r"--[a-z-]+", word)
                        and word[2:] not in options and word not in names]
        if words[0] == "make" and subprocess.run([*words, "-n"], cwd=ROOT, capture_output=True, timeout=120).returncode != 0:
            missing.append(code)
    assert missing == []
