# A formula for a tap of one's own: the official ones refuse post_install.
class @CLASS@ < Formula
  desc "@SUMMARY@"
  homepage "@HOMEPAGE@"
  version "@VERSION@"
  license "@LICENSE@"

  on_macos do
    on_arm do
      url "@URL:macos-aarch64@"
      sha256 "@SHA256:macos-aarch64@"
    end
    on_intel do
      url "@URL:macos-x86_64@"
      sha256 "@SHA256:macos-x86_64@"
    end
  end

  on_linux do
    on_arm do
      url "@URL:linux-aarch64@"
      sha256 "@SHA256:linux-aarch64@"
    end
    on_intel do
      url "@URL:linux-x86_64@"
      sha256 "@SHA256:linux-x86_64@"
    end
  end

  def install
    bin.install(*%w[@BINARIES@])
    bin.install(*%w[@OPTIONAL_BINARIES@].select { |file| File.exist?(file) })
    libexec.install "footfall" if File.exist?("footfall")
  end

  # Counts first installs, see @PRIVACY_URL@
  # Homebrew keeps the home folder from formulas, so that each install has a one-time random id.
  def post_install
    shim = [libexec/"footfall", bin/"footfall"].find { |file| File.executable?(file) }
    return if shim.nil? || declined? || upgrade? || image_build?
    return unless footfall(shim, "explain", "install_start", "--json").match?(/"gate":\s*"none"/)

    ohai "@NAME@ counts first installs anonymously (@PRIVACY_URL@)",
         "To switch that off: export HOMEBREW_NO_ANALYTICS=1, or brew analytics off"
    footfall(shim, "emit", "install_start")
    footfall(shim, "emit", "install_complete")
  rescue StandardError
    nil
  end

  private

  def footfall(shim, *command)
    require "timeout"
    options = %w[--app @APP@ --endpoint @ENDPOINT@ --release @RELEASE@ --method brew]
    run = ["--run", "brew.#{Process.pid}.#{Process.clock_gettime(Process::CLOCK_REALTIME).to_i}"]
    IO.popen([environment, shim.to_s, *command, *options, *run,
              { in: File::NULL, err: File::NULL, close_others: true }]) do |answer|
      Timeout.timeout(5) { answer.read }
    rescue Timeout::Error
      Process.kill("KILL", answer.pid)
      ""
    end
  end

  # Homebrew hides all variables from formulas but its own: these are the ways to say no through it.
  def environment
    %w[DO_NOT_TRACK NO_TELEMETRY @PREFIX@_NO_TELEMETRY].to_h { |name| [name, ENV["HOMEBREW_#{name}"] || ENV[name]] }
  end

  def declined?
    return true if ENV.values_at("HOMEBREW_NO_ANALYTICS", "HOMEBREW_NO_ANALYTICS_THIS_RUN").any? { |v| !v.to_s.empty? }

    defined?(Utils::Analytics) && Utils::Analytics.disabled?
  end

  # The keg that is replaced is still there, beside the new one.
  def upgrade?
    rack.children.count(&:directory?) > 1
  end

  # A container that has neither an init system nor a terminal prepares a system for others.
  def image_build?
    return false if !OS.linux? || %w[1 true yes on].include?(ENV["FOOTFALL_ALLOW_CI"].to_s.downcase)

    init = File.read("/proc/1/comm").chomp
    return false if %w[init systemd openrc-init runit s6-svscan dinit shepherd].include?(init)

    File.open("/dev/tty") { false }
  rescue SystemCallError
    true
  end
end
