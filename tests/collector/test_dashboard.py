"""The dashboard, over HTTP and in a real browser."""
import fcntl
import gzip
import html
import json
import os
import re
import shutil
import subprocess
import time

import pytest

from collector_lab import ROOT, Collector, make_event

SEED = ROOT / "tests" / "collector" / "seed.py"
MODULES = ROOT / "build" / "tools" / "browser" / "node_modules"
VISIT = ROOT / "tests" / "collector" / "browser" / "visit.cjs"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """A collector with 90 days of installs, a bad release on Windows among them."""
    one = Collector(tmp_path_factory.mktemp("seeded"), "rate-limit = 0\n[app default]\n")
    events = subprocess.run([SEED, "--a-day", "150"], check=True, capture_output=True).stdout
    subprocess.run([ROOT / "build" / "load", one.db], input=events, check=True)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def collector(tmp_path):
    made = []

    def start(config="rate-limit = 0\n[app default]\n"):
        made.append(Collector(tmp_path / "c", config).start())
        return made[-1]

    yield start
    for one in made:
        one.stop()


def page(one, query=""):
    status, headers, body = one.ask("GET", "/" + query)
    assert status == 200, body
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    return body.decode()


def cells(text):
    """The page's words without its markup."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def figures(text):
    return [html.unescape(f) for f in re.findall(r"<div><dt>[^<]*</dt><dd>([^<]*)</dd>", text.split("</dl>")[0])]


def test_the_numbers_are_those_of_stats(seeded):
    totals = seeded.stats(days=30)["totals"]
    shown = figures(page(seeded))
    assert shown[0] == f"{totals['completes']:,}"
    assert shown[1] == f"{totals['starts']:,}"
    assert shown[3] == f"{totals['unknown']:,}"
    rate = 100 * totals["failures"] / (totals["failures"] + totals["completes"])
    assert shown[2] == f"{rate:.1f}%"


@pytest.mark.parametrize("query", [
    {"days": 7}, {"days": 90, "release": "v2.2.0"}, {"platform": "windows-x86_64", "method": "scoop"},
    {"from": "2026-01-01", "to": "2030-01-01"},
])
def test_filters_in_the_address_filter(seeded, query):
    address = "?" + "&".join(f"{name}={value}" for name, value in query.items())
    totals = seeded.stats(**query)["totals"]
    text = page(seeded, address)
    assert figures(text)[:2] == [f"{totals['completes']:,}", f"{totals['starts']:,}"]
    for name in ("release", "platform", "method"):
        chosen = re.search(rf'<select name="{name}">.*?</select>', text, re.S)[0]
        assert f'value="{query.get(name, "")}" selected' in chosen
    assert html.unescape(re.search(r'data-stats="v1/stats\?([^"]*)"', text)[1]).count("=") == max(1, len(
        query if "days" in query or "from" in query else {**query, "days": 30}))


def test_regressions_are_marked_and_nothing_else_is(seeded):
    text = page(seeded, "?days=90")
    told = cells(re.search(r'<ul class="jumps">.*?</ul>', text, re.S)[0])
    assert "v2.4.0 on windows-x86_64 : 1" in told
    assert "v2.3.0 on linux-aarch64" in told
    assert text.count("<li><b>") == 2
    table = re.search(r'<table class="heat">.*?</table>', text, re.S)[0]
    row = re.search(r'<th scope="row">windows-x86_64</th>.*?</tr>', table, re.S)[0]
    columns = re.findall(r'<th scope="col">([^<]*)</th>', table)[1:]
    marked = [columns[i] for i, cell in enumerate(re.findall(r"<td.*?</td>", row)) if "jump" in cell]
    assert marked == ["v2.4.0"]


def test_small_cells_are_not_shown(collector):
    one = collector("rate-limit = 0\nk = 5\n[app default]\n")
    one.post_all(make_event(release="v1.0.0") for _ in range(9))
    one.post_all(make_event(release="v9-rare", platform="plan9-x86_64") for _ in range(2))
    text = page(one)
    assert "v1.0.0" in text
    assert "v9-rare" not in text and "plan9" not in text
    assert figures(text)[0] == "11"
    assert '<option value="v1.0.0"' in text and '<option value="other"' not in text, "no filter finds what was folded"
    alone = page(one, "?release=v9-rare")
    assert "fewer than 5 installs" in alone and "<dt>Completed</dt>" not in alone


def test_an_empty_store_says_so(collector):
    text = page(collector())
    assert "No events in these days" in text and "What we keep" in text


def test_what_is_kept_is_what_the_configuration_says(collector):
    one = collector("k = 7\nposthog-key-file = /nonexistent\n[app a]\nretention-days = 90\n[app b]\n"
                    "retention-days = 30\n")
    text = cells(page(one))
    assert "after 30 to 90 days" in text and "fewer than 7 installs" in text and "go on to PostHog" in text
    assert "after 30 days" in cells(page(one, "?app=b"))
    with (ROOT / "shim" / "spec" / "event.tsv").open() as table:
        for line in table:
            if not line.startswith(("#", "member")):
                assert f"{line.split(chr(9))[5].strip()} ( {line.split(chr(9))[0]} )" in text


def test_several_apps_can_be_chosen(collector):
    one = collector("rate-limit = 0\n[app alpha]\n[app beta]\n")
    one.post_all((make_event() for _ in range(6)), app="alpha")
    one.post_all((make_event() for _ in range(8)), app="beta")
    assert figures(page(one))[0] == "14"
    assert figures(page(one, "?app=beta"))[0] == "8"
    assert "<h1>beta</h1>" in page(one, "?app=beta") and "<h1>All apps</h1>" in page(one)


@pytest.mark.parametrize("query, named", [
    ("?utm_source=x", "utm_source"), ("?days=0", "days"), ("?days=x", "days"), ("?from=yesterday", "from"), ("?to=2026-02-30", "to"),
])
def test_a_wrong_address_is_named(collector, query, named):
    status, headers, body = collector().ask("GET", "/" + query)
    assert status == 400
    assert f"<code>{named}</code>" in body.decode() and b"<script>" not in body
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_markup_in_a_filter_stays_text(collector):
    one = collector()
    one.post_all([make_event()])
    status, _, body = one.ask("GET", "/?release=%22%3E%3Cimg%20src=x%3E")
    assert status in (200, 400)
    assert b"<img" not in body and b'"">' not in body


def test_the_policy_of_the_page_is_strict_and_kept(seeded):
    _, headers, body = seeded.ask("GET", "/")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    text = body.decode()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', text)
    assert addresses and not [a for a in addresses if a.startswith(("http", "/"))]
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"


def test_static_parts_are_small_and_asked_for_once(seeded):
    names = re.findall(r'(assets/[^"]+)"', page(seeded))
    assert len(names) == 5
    whole = 0
    for name in names:
        status, headers, plain = seeded.ask("GET", "/" + name)
        assert status == 200 and "immutable" in headers["Cache-Control"] and "Content-Encoding" not in headers
        status, headers, small = seeded.ask("GET", "/" + name, headers={"Accept-Encoding": "gzip"})
        assert status == 200 and headers["Content-Encoding"] == "gzip" and headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(small) == plain
        status, _, nothing = seeded.ask("GET", "/" + name, headers={"Accept-Encoding": "gzip",
                                                                     "If-None-Match": headers["ETag"]})
        assert (status, nothing) == (304, b"")
        whole += len(small)
    assert whole < 40_000


def test_the_page_is_quick(seeded):
    took = []
    for days in range(60, 75):
        begin = time.monotonic()
        page(seeded, f"?days={days}&platform=linux-x86_64")
        took.append(time.monotonic() - begin)
    assert sorted(took)[len(took) // 2] < 0.2


def go_and_see(url, folder):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium or not shutil.which("node") or not (MODULES / ".ready").exists():
        pytest.skip("needs chromium, node and `make collector-test-tools`")
    folder.mkdir()
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "CHROMIUM": chromium, "BROWSER_MODULES": str(MODULES)}
    done = subprocess.run(["node", VISIT, url + "/", os.environ.get("SCREENSHOTS") or folder], env=env,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout), url=url)


@pytest.fixture(scope="module")
def visit(seeded, tmp_path_factory):
    """What a browser saw: one visit for all tests below, also where several workers share them."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    report = shared / "visit.json"
    with (shared / "visit.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not report.exists():
            report.write_text(json.dumps(go_and_see(seeded.url, shared / "visit")))
    return json.loads(report.read_text())


VIEWS = ["light", "dark", "phone", "plain"]


@pytest.mark.parametrize("view", VIEWS + ["filter", "hover"])
def test_browser_has_nothing_to_complain_of(visit, view):
    assert visit[view]["status"] == 200
    assert visit[view]["console"] == []
    assert visit[view]["failed"] == []


@pytest.mark.parametrize("view", VIEWS)
def test_browser_asks_nobody_else(visit, view):
    assert len(visit[view]["requests"]) >= 4
    assert [r for r in visit[view]["requests"] if not r.startswith(visit["url"] + "/")] == []


@pytest.mark.parametrize("view", VIEWS)
def test_page_fits_its_window(visit, view):
    assert visit[view]["overflow"] <= 0


@pytest.mark.parametrize("view", ["light", "dark", "phone"])
def test_charts_are_drawn(visit, view):
    assert [chart["id"] for chart in visit[view]["charts"]] == ["installs-chart", "adoption-chart"]
    assert all(chart["colours"] >= 4 for chart in visit[view]["charts"])


@pytest.mark.parametrize("view", ["light", "dark", "phone"])
def test_axe_finds_no_serious_fault(visit, view):
    assert visit[view]["checks"] > 20
    assert visit[view]["faults"] == []


def test_dark_is_dark(visit):
    assert visit["light"]["background"] == "rgb(252, 251, 249)"
    assert visit["dark"]["background"] == "rgb(20, 19, 18)"


def test_all_numbers_are_there_without_javascript(visit, seeded):
    text = visit["plain"]["text"]
    stats = seeded.stats(days=30)
    for day in stats["days"]:
        assert day["day"] in text
        assert f"{day['completes']:,}" in text
    for release in stats["releases"]:
        assert release["release"] in text or release["release"] == "other"


def test_filters_work_by_keyboard(visit, seeded):
    seen = visit["filter"]
    assert seen["first"] == "Skip to the figures"
    assert seen["reached"][:3] == ["days", "release", "platform"]
    assert seen["url"].endswith("/?days=30&platform=windows-x86_64")
    assert seen["chosen"] == "windows-x86_64"
    assert seen["rows"] == ["windows-x86_64", "All platforms"]
    assert seen["figures"][0] == f"{seeded.stats(platform='windows-x86_64')['totals']['completes']:,}"
    assert seen["back"] == ""


def test_a_chart_tells_the_day_under_the_pointer(visit):
    assert re.search(r"20\d\d\nCompleted\n\d+\nFailed\n\d+\nNo outcome\n\d+", visit["hover"]["tip"])
