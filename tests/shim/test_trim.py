"""What is left of libcurl (scripts/trim) is what the programs ask of it: no option is missing, none is idle."""

import re

from shim_lab import ROOT


def used(name):
    sources = [*ROOT.glob("shim/*.c"), *ROOT.glob("collector/*.c")]
    return {word for file in sources for word in re.findall(rf"\b{name}_\w+", file.read_text())}


def listed(file, name):
    return set(re.findall(rf"\b{name}_\w+", re.sub(r"/\*.*?\*/", "", (ROOT / file).read_text(), flags=re.S)))


def test_options():
    assert used("CURLOPT") == listed("scripts/trim/setopt.c", "CURLOPT")


def test_facts_about_a_transfer():
    assert used("CURLINFO") == listed("scripts/trim/curl.c", "CURLINFO")
