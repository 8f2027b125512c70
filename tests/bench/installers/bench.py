#!/usr/bin/env python3
"""What telemetry costs a successful install: medians of pairs, in one run, on loopback.

Each round installs with telemetry off, on, and with the endpoint and the shim's server both swallowing
everything; the differences are to the round's own "off". The promise: within 20 ms."""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))

from installer_lab import Lab, black_hole  # noqa: E402
import ps1_ways  # noqa: E402
import sh_shells  # noqa: E402

PROMISE_MS = 20.0


def command_of(case, scripts, shell, changes):
    """What starts the installer in that shell, and its environment."""
    if shell == "pwsh":
        file = ps1_ways.write(case, scripts["install.ps1"])
        return ps1_ways.calls_of(case, file)["-File"], ps1_ways.environment_of(case, **changes)
    return sh_shells.calls_of(shell, case.write(scripts["install.sh"]))["file"], case.environment(**changes)


def install(lab, scripts, shell, changes):
    """Milliseconds of one install in a home of its own."""
    words, environment = command_of(lab.case(), scripts, shell, changes)
    began = time.perf_counter()
    subprocess.run(words, env=environment, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    # What goes on in the background is not the next one's to pay for; PowerShell's may be a PowerShell.
    time.sleep(2.5 if shell == "pwsh" else 0.15)
    return seconds * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--shells", default="dash,bash,busybox,pwsh")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="footfall-bench.", ignore_cleanup_errors=True) as folder, \
            black_hole() as port:
        lab = Lab(folder)
        scripts = {name: lab.render(script=name) for name in ("install.sh", "install.ps1")}
        hole = {"FOOTFALL_SHIM_URL": f"https://localhost:{port}/shims",
                "FOOTFALL_ENDPOINT": f"http://127.0.0.1:{port}/v1/events"}
        print(f"{'shell':<10}{'off':>9}{'on':>9}{'added':>9}{'black hole':>13}{'added':>9}   ms, medians of"
              f" {options.rounds}; promised: at most {PROMISE_MS:.0f} added")
        for shell in options.shells.split(","):
            if shell == "pwsh" and not ps1_ways.PWSH:
                print("pwsh      SKIP: it is not on PATH")
                continue
            ways = [{"ACME_NO_TELEMETRY": "1"}, {}, hole]
            rounds = []
            for number in range(options.rounds):
                order = [(number + turn) % 3 for turn in range(3)]  # who comes first has no advantage
                times = {which: install(lab, scripts, shell, ways[which]) for which in order}
                rounds.append([times[which] for which in range(3)])
            off, on, dark = (statistics.median(column) for column in zip(*rounds))
            added = statistics.median(on - off for off, on, _ in rounds)
            added_dark = statistics.median(dark - off for off, _, dark in rounds)
            kept = "kept" if max(added, added_dark) <= PROMISE_MS else "BROKEN, or the machine is busy"
            print(f"{shell:<10}{off:>9.1f}{on:>9.1f}{added:>+9.1f}{dark:>13.1f}{added_dark:>+9.1f}   {kept}", flush=True)
        lab.close()


if __name__ == "__main__":
    main()
