"""render-hooks: one configuration, a script for each package manager, each clean to its own language."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from hook_lab import APP, ROOT

METHODS = {"deb/postinst": "deb", "rpm/scriptlets.spec": "rpm", f"apk/{APP}.post-install": "apk",
           f"pacman/{APP}.install": "pacman", f"brew/{APP}.rb": "brew", "npm/footfall.cjs": "npm",
           "pip/footfall_hook.py": "pip", f"scoop/{APP}.json": "scoop", "choco/chocolateyinstall.ps1": "choco"}
OTHERS = ["deb/postrm", "npm/first-run"]
# Of every kind of quote and what else the languages take for theirs, in a name.
AWKWARD = """It's "A\\b" `$x-#{y} %s & $(z)"""


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_has_its_method_name(lab):
    assert sorted(tree(lab.hooks)) == sorted([*METHODS, *OTHERS])
    spec = (ROOT / "shim/spec/event.tsv").read_text()
    known = next(line for line in spec.splitlines() if line.startswith("method\t")).split("\t")[3].split()
    for name, method in METHODS.items():
        text = (lab.hooks / name).read_text()
        found = re.findall(r"(?:--method'?,? '?|footfall_method=')([a-z]+)", text)
        assert set(found) == {method} and method in known, name


def test_rendering_again_gives_the_same(lab):
    before = tree(lab.hooks)
    shutil.rmtree(lab.hooks)
    done = lab.render()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert tree(lab.hooks) == before


def test_nothing_is_left_to_fill_in(lab):
    for name, text in tree(lab.hooks).items():
        assert not re.search(rb"@[A-Z0-9_]+[@:]|@include|@lines", text), name


def lint(lab, *words):
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = lab.run(*words)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["Hookable", AWKWARD], ids=["plain", "awkward"])
class TestClean:
    """Also with a name that is awkward to quote."""

    @pytest.fixture(autouse=True)
    def rendered(self, lab, name):
        done = lab.render(NAME=name)
        assert done.returncode == 0, done.stderr
        self.notice = name + " counts first installs anonymously"

    def test_shell(self, lab):
        lint(lab, "shellcheck", "-e", "SC2016", "-s", "sh", *(lab.hooks / "deb").iterdir(), *(lab.hooks / "apk").iterdir())
        lint(lab, "shellcheck", "-e", "SC2016", "-s", "bash", *(lab.hooks / "pacman").iterdir())
        spec = lab.folder / "post.sh"
        spec.write_text((lab.hooks / "rpm/scriptlets.spec").read_text().replace("%post\n", "").replace("%%", "%"))
        lint(lab, "shellcheck", "-e", "SC2016", "-s", "sh", spec)

    def test_ruby(self, lab):
        lint(lab, "ruby", "-wc", lab.hooks / f"brew/{APP}.rb")

    def test_javascript(self, lab):
        lint(lab, "node", "--check", lab.hooks / "npm/footfall.cjs")

    def test_python(self, lab):
        lint(lab, sys.executable, "-W", "error", "-c", "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')",
             lab.hooks / "pip/footfall_hook.py")

    def test_powershell(self, lab):
        manifest = json.loads((lab.hooks / f"scoop/{APP}.json").read_text())
        script = lab.folder / "scoop.ps1"
        script.write_text("\n".join(manifest["post_install"]))
        check = ("$e = $null; foreach ($f in $args) { $null = [Management.Automation.Language.Parser]::ParseFile($f, [ref]$null, [ref]$e);"
                 " if ($e) { $e; exit 1 } }; if (Get-Module -ListAvailable PSScriptAnalyzer) { $p = $args | ForEach-Object {"
                 " Invoke-ScriptAnalyzer -Path $_ -ExcludeRule PSAvoidUsingWriteHost }; $p; exit [int]($p.Count -gt 0) }")
        runner = lab.folder / "check.ps1"
        runner.write_text(check)
        lint(lab, "pwsh", "-NoProfile", "-File", runner, script, lab.hooks / "choco/chocolateyinstall.ps1")
        assert script.read_text().isascii()

    def test_the_notice_says_the_name(self, lab):
        lab.put_shim()
        said = lab.run("sh", lab.hooks / f"apk/{APP}.post-install").stdout
        assert self.notice in said, said


def test_without_a_release_to_download_there_are_no_formula_and_no_manifest(lab):
    shutil.rmtree(lab.hooks)
    assert lab.render(DOWNLOAD_URL=None, ARTIFACT=None, BINARIES=None, SHA256SUMS=None).returncode == 0
    assert not {"brew", "scoop", "choco"} & {path.name for path in lab.hooks.iterdir()}


def test_the_formula_has_only_platforms_that_there_are(lab):
    sums = lab.folder / "few"
    sums.write_text("b" * 64 + "  hookable-macos-aarch64.tar.gz\n")
    assert lab.render(SHA256SUMS=sums).returncode == 0
    text = (lab.hooks / f"brew/{APP}.rb").read_text()
    assert text.count("  url ") == 1 and "on_linux do" not in text and "on_intel do" not in text


def test_the_formula_takes_what_the_installers_take(lab):
    """A build for one libc, and one for all Macs; the release may have programs that not every archive has."""
    sums = lab.folder / "variants"
    sums.write_text("b" * 64 + "  hookable-macos-universal.tar.gz\n" + "c" * 64 + "  hookable-linux-x86_64-musl.tar.gz\n")
    done = lab.render(SHA256SUMS=sums, OPTIONAL_BINARIES="hookabled")
    assert done.returncode == 0 and "no scoop/hookable.json" in done.stderr and "no choco/" in done.stderr
    text = (lab.hooks / f"brew/{APP}.rb").read_text()
    assert text.count("hookable-macos-universal.tar.gz") == 2 and text.count("hookable-linux-x86_64-musl.tar.gz") == 1
    assert "%w[hookabled]" in text
    lint(lab, "ruby", "-wc", lab.hooks / f"brew/{APP}.rb")


def test_one_program_and_no_archive_is_for_none_of_them(lab):
    shutil.rmtree(lab.hooks)
    sums = lab.folder / "programs"
    sums.write_text("".join(f"{'b' * 64}  hookable-{platform}\n" for platform in ("linux-x86_64", "macos-aarch64", "windows-x86_64")))
    done = lab.render(SHA256SUMS=sums, ARTIFACT="hookable-{platform}")
    assert done.returncode == 0 and done.stderr.count("it takes an archive") == 3, done.stderr
    assert not {"brew", "scoop", "choco"} & {path.name for path in lab.hooks.iterdir()}


@pytest.mark.parametrize("change, text", [
    ({"APP": "Acme"}, 'package.conf:1: APP: "Acme" is not a name for variables and folders'),
    ({"APP": None}, "APP: it is missing: a lower-case name"),
    ({"ENDPOINT": None}, "ENDPOINT: it is missing: where events go"),
    ({"PRIVACY_URL": None}, "PRIVACY_URL: it is missing: the page"),
    ({"ENDPOINT": "http://t.example/v1"}, "use https (plain http is for loopback alone)"),
    ({"RELEASE": "latest"}, "RELEASE: a package holds one release; name its tag"),
    ({"SHIM": "footfall"}, 'SHIM: "footfall" is not the full path of a file'),
    ({"SHIM": "/usr/lib/$(id)"}, "is not the full path of a file"),
    ({"LICENSE": "MIT or so"}, "is not an SPDX identifier"),
    ({"SHA256SUMS": "nosuch"}, "SHA256SUMS: there is no nosuch; build it first"),
    ({"SHA256SUMS": "/etc"}, "SHA256SUMS: /etc is no file"), ({"ARTIFACT": "other-{platform}.zip"}, "lists no file called other-"),
    ({"SHIMM": "/x"}, "SHIMM: there is no such key"),
])
def test_a_wrong_configuration_is_named_with_its_remedy(lab, change, text):
    done = lab.render(**change)
    assert done.returncode == 1 and text in done.stderr and "render-hooks: " in done.stderr, done.stderr


def test_wrong_usage(lab):
    for words, text in (([], "--config FILE is missing"), (["--config", "x"], "--out DIR is missing"),
                        (["--conf"], "unknown argument: --conf"), (["--out"], "--out needs a value")):
        done = subprocess.run([ROOT / "scripts/render-hooks", *words], capture_output=True, text=True)
        assert done.returncode == 2 and text in done.stderr and "usage: render-hooks" in done.stderr
