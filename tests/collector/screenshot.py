#!/usr/bin/python3
"""screenshot.py FILE: the dashboard with the installs of an imaginary app, for the README (make screenshot)."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from collector_lab import ROOT, Collector, make_event  # noqa: E402

HEIGHT = 1290


def main():
    with tempfile.TemporaryDirectory() as folder:
        one = Collector(folder, "rate-limit = 0\ndefault-app = runlet\n[app runlet]\n")
        events = subprocess.run([HERE / "seed.py"], check=True, capture_output=True).stdout
        subprocess.run([ROOT / "build" / "load", one.db, "runlet"], input=events, check=True)
        one.start()
        one.post(make_event(method="telepathy"))
        env = {"PATH": os.environ["PATH"], "HOME": folder, "CHROMIUM": shutil.which("chromium"),
               "BROWSER_MODULES": str(ROOT / "build" / "tools" / "browser" / "node_modules")}
        subprocess.run(["node", HERE / "browser" / "shot.cjs", one.url + "/", sys.argv[1], str(HEIGHT)], env=env,
                       check=True)
        one.stop()
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--skip-if-larger", "--output", sys.argv[1], "128", sys.argv[1]])


if __name__ == "__main__":
    main()
