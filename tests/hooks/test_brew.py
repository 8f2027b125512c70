"""The Homebrew formula, run by Ruby with the few words of Homebrew's that it uses."""

import shutil
import time

import pytest
from hook_lab import APP, BOTH, PATIENT, SOON
from shim_lab import wait_for
from sink import Sink, silence

if shutil.which("ruby") is None:
    pytest.skip("ruby is not installed", allow_module_level=True)

HOMEBREW = r'''
require "fileutils"
require "pathname"
module OS
  def self.linux? = true
end
class Formula
  class << self
    attr_reader :urls
    def url(address) = (@urls ||= []) << address
    def desc(*) = nil
    %i[homepage version license sha256].each { |word| alias_method word, :desc }
    def on_macos = yield
    %i[on_linux on_arm on_intel].each { |word| alias_method word, :on_macos }
  end
  def rack = Pathname(ARGV[1])
  def prefix = rack/"1.2.3"
  def bin = Place.new(prefix/"bin")
  def libexec = Place.new(prefix/"libexec")
  def ohai(*lines) = puts(lines)
  class Place < SimpleDelegator
    def install(*names)
      FileUtils.mkdir_p(to_s)
      names.each { |name| FileUtils.mv(name, to_s) }
    end
  end
end
'''

RUN = r'''
load ARGV[0]
formula = Hookable.new
formula.install
formula.post_install
puts Formula.subclasses.first.urls if ARGV[2] == "urls"
'''


@pytest.fixture
def brew(lab):
    program = lab.folder / "brew.rb"
    program.write_text('require "delegate"\n' + HOMEBREW + RUN)
    rack = lab.folder / f"Cellar/{APP}"
    rack.mkdir(parents=True)

    def run(*words, shim=None, **more):
        unpacked = lab.folder / "unpacked"
        unpacked.mkdir(exist_ok=True)
        lab.put_shim(unpacked, shim)
        (unpacked / "hookable").touch()
        return lab.run("ruby", program, lab.hooks / f"brew/{APP}.rb", rack, *words, cwd=unpacked, **more)

    run.rack = rack
    return run


def test_a_first_install_is_counted(lab, brew):
    done = brew()
    assert done.returncode == 0 and "counts first installs" in done.stdout, done.stdout
    assert (brew.rack / "1.2.3/bin/hookable").exists()
    lab.assert_counted("brew")


def test_an_upgrade_is_not(lab, brew):
    (brew.rack / "1.2.2").mkdir()
    done = brew()
    assert (done.returncode, done.stdout) == (0, "")
    lab.assert_silent()


@pytest.mark.parametrize("variable", ["HOMEBREW_NO_ANALYTICS", "HOMEBREW_NO_ANALYTICS_THIS_RUN", "HOMEBREW_DO_NOT_TRACK",
                                      "HOMEBREW_HOOKABLE_NO_TELEMETRY", "DO_NOT_TRACK", "HOOKABLE_NO_TELEMETRY"])
def test_the_environment_says_no(lab, brew, variable):
    """Also through Homebrew, which hides DO_NOT_TRACK but no variable of its own."""
    done = brew(env={variable: "1"})
    assert (done.returncode, done.stdout) == (0, "")
    lab.assert_silent()


def test_brew_analytics_off_says_no(lab, brew):
    program = lab.folder / "brew.rb"
    program.write_text("module Utils\n  module Analytics\n    def self.disabled? = true\n  end\nend\n" + program.read_text())
    assert (brew().returncode, brew.rack.exists()) == (0, True)
    lab.assert_silent()


@pytest.mark.parametrize("shim", ["#!/bin/sh\nkill -SEGV $$\n", "", "#!/bin/sh\nexit 9\n"])
def test_a_broken_shim_is_not_noticed(lab, brew, shim):
    done = brew(shim=shim)
    assert (done.returncode, done.stdout) == (0, "")
    lab.assert_silent()


def test_nothing_waits(lab, brew):
    with Sink(answer=silence) as hole:
        lab.render(ENDPOINT=hole.url)
        start = time.monotonic()
        assert brew(env=PATIENT).returncode == 0 and time.monotonic() - start < SOON
        assert wait_for(lambda: len(hole.requests) == 2, 30)


def test_the_addresses_are_those_of_the_release(lab, brew):
    urls = [line for line in brew("urls").stdout.splitlines() if line.startswith("https://dl.")]
    names = ["macos-aarch64", "macos-x86_64", "linux-aarch64", "linux-x86_64"]
    assert urls == [f"https://dl.hookable.example/v1.2.3/hookable-{name}.tar.gz" for name in names]
    assert lab.labels() == BOTH


def test_an_image_build_is_not_counted(lab, brew):
    """This lab is one: no init system; and no terminal, once it has a session of its own."""
    if open("/proc/1/comm").read().strip() in ("init", "systemd"):
        pytest.skip("this is a whole machine")
    done = brew(env={"FOOTFALL_ALLOW_CI": None}, start_new_session=True)
    assert (done.returncode, done.stdout) == (0, "")
    lab.assert_silent()
