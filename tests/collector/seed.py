#!/usr/bin/python3
"""Installs of an imaginary app as they might have come in: the figures for a demonstration or a screenshot.

    seed.py [--days N] [--until YYYY-MM-DD] [--a-day N]

prints one event a line, in order of time: seconds since 1970, then the members of the event in their order.
The same arguments give the same events. tests/collector/load.c puts them into a store.
"""
import argparse
import datetime
import math
import random
import uuid

DAY = 86400

# release, days before the end at which it came out
RELEASES = [("v1.8.0", 9999), ("v1.9.2", 310), ("v2.0.0", 205), ("v2.0.3", 140), ("v2.1.0", 93), ("v2.1.1", 78),
            ("v2.2.0", 57), ("v2.3.0", 36), ("v2.3.1", 29), ("v2.4.0", 8), ("v2.5.0-rc.1", 3)]

# platform, os, arch, share, failure rate, methods with their shares
PLATFORMS = [
    ("linux-x86_64", "linux", "x86_64", 45, .016, {"shell": 78, "deb": 14, "npm": 8}),
    ("macos-aarch64", "darwin", "arm64", 24, .011, {"brew": 61, "shell": 39}),
    ("windows-x86_64", "windows", "AMD64", 15, .031, {"powershell": 70, "scoop": 22, "winget": 8}),
    ("linux-aarch64", "linux", "aarch64", 10, .021, {"shell": 90, "deb": 10}),
    ("macos-x86_64", "darwin", "x86_64", 4, .018, {"brew": 55, "shell": 45}),
    ("freebsd-x86_64", "freebsd", "amd64", 1.4, .05, {"shell": 100}),
    ("linux-riscv64", "linux", "riscv64", .6, .07, {"shell": 100}),
]

# What went wrong: a release that fails where the others did not.
REGRESSIONS = {("v2.3.0", "linux-aarch64"): .11, ("v2.4.0", "windows-x86_64"): .128}

UNKNOWN = .017


def release_of(chance, age):
    """Nearly everybody gets the newest release of the day; some are pinned, some are keen."""
    out = [name for name, born in RELEASES if born >= age and "-" not in name]
    candidate = [name for name, born in RELEASES if born >= age and "-" in name]
    if candidate and chance.random() < .04:
        return candidate[-1]
    back = 0
    while back + 1 < len(out) and chance.random() < .13:
        back += 1
    fresh = next(born for name, born in RELEASES if name == out[-1]) - age
    if back == 0 and fresh < 4 and len(out) > 1 and chance.random() < .6 - .15 * fresh:
        back = 1
    return out[-1 - back]


def installs_of(chance, a_day, days, day):
    trend = 1 + .55 * day / days
    week = (1.12, 1.15, 1.13, 1.1, 1.02, .74, .71)[day % 7]
    new = sum(.5 * math.exp(-.7 * (born - days + day)) for _, born in RELEASES if born >= days - day)
    return max(0, round(chance.gauss(1, .05) * a_day * trend * week * (1 + min(new, .45) * .5)))


def install(chance, begin, age):
    platform, system, arch, _, failing, methods = chance.choices(PLATFORMS, [p[3] for p in PLATFORMS])[0]
    method = chance.choices(list(methods), list(methods.values()))[0]
    release = release_of(chance, age)
    cid = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    at = begin + chance.randrange(DAY - 300)
    tail = (system, arch, platform, release, method, cid)
    yield (at, "install_start") + tail
    fate = chance.random()
    failing = REGRESSIONS.get((release, platform), failing)
    if fate < UNKNOWN:
        return
    label = "install_failed" if fate < UNKNOWN + failing else "install_complete"
    yield (at + chance.randrange(2, 240), label) + tail


def events(days, until, a_day):
    chance = random.Random(20)
    end = int(datetime.datetime.fromisoformat(until).replace(tzinfo=datetime.timezone.utc).timestamp())
    for day in range(days):
        begin = end - (days - 1 - day) * DAY
        age = days - 1 - day
        out = []
        for _ in range(installs_of(chance, a_day, days, day)):
            out.extend(install(chance, begin, age))
        yield from sorted(out)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--days", type=int, default=90)
    options.add_argument("--until", default=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"))
    options.add_argument("--a-day", type=int, default=420)
    chosen = options.parse_args()
    for event in events(chosen.days, chosen.until, chosen.a_day):
        print(*event, sep="\t")


if __name__ == "__main__":
    main()
