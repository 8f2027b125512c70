"""Every relative link on every page leads somewhere, its anchor included."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
                       check=True).stdout.splitlines()
PAGES = [name for name in FILES if name.endswith(".md")]
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)


def prose(name):
    """The page without its code, where brackets are something else."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / name).read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(name):
    """Of a page's headings, as the usual hosts make them."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / name).read_text(), flags=re.MULTILINE | re.DOTALL)
    made = []
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        made.append(slug if slug not in made else f"{slug}-{made.count(slug)}")
    return made


def wrong(page, target):
    """What is wrong with a link; empty when nothing is."""
    path, _, anchor = target.partition("#")
    if re.match(r"[a-z]+:", target):
        return ""
    file = ((ROOT / page).parent / path).resolve() if path else ROOT / page
    if not file.is_relative_to(ROOT) or not file.exists():
        return f"{target}: there is no {path}"
    name = str(file.relative_to(ROOT))
    if not file.is_dir() and name not in FILES:
        return f"{target}: {path} is not in the repository"
    if anchor and anchor not in anchors(name):
        return f"{target}: {name} has {anchors(name)}"
    return ""


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    found = [a or b for a, b in LINK.findall(prose(page))]
    assert [each for each in (wrong(page, target) for target in found) if each] == []


def test_a_link_that_leads_nowhere_would_be_found():
    assert wrong("docs/adopt.md", "nowhere.md") and wrong("docs/adopt.md", "#nowhere") and wrong("docs/adopt.md", "../../etc")
    assert not wrong("README.md", "docs/adopt.md#in-your-ci") and not wrong("docs/adopt.md", "https://acme.example/")


def test_every_page_can_be_reached_from_the_readme():
    reached, new = set(), ["README.md"]
    while new:
        page = new.pop()
        reached.add(page)
        for a, b in LINK.findall(prose(page)):
            target = (a or b).partition("#")[0]
            file = ((ROOT / page).parent / target).resolve()
            if target.endswith(".md") and file.exists() and str(file.relative_to(ROOT)) not in reached:
                new.append(str(file.relative_to(ROOT)))
    assert set(PAGES) - reached == set()
