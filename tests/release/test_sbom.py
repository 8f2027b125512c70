"""The bill of materials: valid by the official schema, and complete."""

import hashlib
import json
import os
import subprocess
import tarfile

import jsonschema
import pytest
from platform_list import each_platform
from shim_lab import ROOT

VERSION = (ROOT / "VERSION").read_text().strip()
SHIM_PARTS = {"curl", "mbedtls", "cjson", "roots"}
COLLECTOR_PARTS = {"libmicrohttpd", "sqlite", "uplot"}
RUNTIME = {"linux": "musl", "windows": "mingw-w64", "darwin": "zig-compiler-rt",
           "freebsd": "freebsd"}


@pytest.fixture(scope="module")
def bill(release):
    return json.loads((release / f"footfall-{VERSION}.cdx.json").read_text())


@pytest.fixture(scope="module")
def validator():
    """Of CycloneDX 1.6; the schemas that it refers to lie beside it."""
    archive = subprocess.run([ROOT / "scripts/fetch-source", "cyclonedx"], check=True, capture_output=True,
                             text=True).stdout.strip()
    with tarfile.open(archive) as file:
        def schema(name):
            return json.load(file.extractfile(f"package/res/schema/{name}.SNAPSHOT.schema.json"))
        main, others = schema("bom-1.6"), [schema("spdx"), schema("jsf-0.82")]
    resolver = jsonschema.RefResolver.from_schema(main, store={other["$id"]: other for other in others})
    for name, other in zip(("spdx", "jsf-0.82"), others):
        resolver.store[main["$id"].rsplit("/", 1)[0] + f"/{name}.SNAPSHOT.schema.json"] = other
    return jsonschema.Draft7Validator(main, resolver=resolver)


def complaints(validator, bill):
    return [error.message[:200] for error in validator.iter_errors(bill)]


def test_valid_by_the_official_schema(validator, bill):
    assert complaints(validator, bill) == []


@pytest.mark.parametrize("spoil", [
    lambda bill: bill.update(specVersion=1.6), lambda bill: bill["components"][0].pop("name"),
    lambda bill: bill["components"][-1]["licenses"][0].update(license={"id": "No such licence"}),
    lambda bill: bill["components"][0]["hashes"][0].update(content="12")], ids=["version", "name", "licence", "hash"])
def test_the_schema_would_have_refused_another(validator, bill, spoil):
    spoilt = json.loads(json.dumps(bill))
    spoil(spoilt)
    assert complaints(validator, spoilt) != []


def parts_of(bill, name):
    """The names of what is linked into a program."""
    names = {component["bom-ref"]: component["name"] for component in bill["components"]}
    return {names[ref] for one in bill["dependencies"] if one["ref"] == name for ref in one["dependsOn"]}


@each_platform()
def test_each_program_is_listed_with_its_hash_and_its_parts(platform, release, bill):
    files = {component["name"]: component for component in bill["components"] if component["type"] == "application"}
    content = platform.shim.read_bytes()
    assert files[platform.shim.name]["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]
    parts = parts_of(bill, platform.shim.name)
    assert parts >= SHIM_PARTS | {RUNTIME[platform.kernel]} and not parts & COLLECTOR_PARTS
    if platform.collector_file.exists():
        assert parts_of(bill, platform.collector_file.name) >= SHIM_PARTS | COLLECTOR_PARTS | {RUNTIME[platform.kernel]}


def test_every_part_has_version_licence_and_the_hash_that_is_pinned(bill):
    """Debian's own have the version of its package, which says which source that is."""
    pins = {}
    for line in (ROOT / "scripts/deps.tsv").read_text().splitlines():
        if not line.startswith("#"):
            name, version, sha256, *_ = line.split("\t")
            pins[name] = (version, sha256)
    libraries = [component for component in bill["components"] if component["type"] != "application"]
    for component in libraries:
        assert component["version"] and component["licenses"] and component["purl"].startswith("pkg:")
        if component["purl"].startswith("pkg:deb/"):
            assert component["name"] in ("roots", "musl", "libgcc")
        elif component["name"] != "freebsd":
            name, (source,) = component["name"], component["externalReferences"]
            origin = name if pins.get(name, ("",))[0] == component["version"] else "zig"
            assert source["hashes"] == [{"alg": "SHA-256", "content": pins[origin][1]}], component
            # The hash of a part is that of its own archive, not of one that has it in it.
            is_inside = name in ("sqlite", "mingw-w64") or (name, origin) == ("musl", "zig")
            assert ("hashes" in component) == (not is_inside), component
    # Whatever is pinned is linked, builds or checks.
    names = {component["name"] for component in libraries} | {tool["name"] for tool in bill["metadata"]["tools"]["components"]}
    assert set(pins) - names <= {"cyclonedx", "musl"}


def test_nothing_in_it_is_of_the_moment(release, bill):
    """Asked again, the same bytes; its number follows from what it says."""
    environment = {name: os.environ[name] for name in ("PATH", "FREEBSD_SYSROOT") if name in os.environ}
    environment["SOURCE_DATE_EPOCH"] = "1700000000"
    both = [subprocess.run([ROOT / "scripts/sbom", release], check=True, capture_output=True, env=environment).stdout
            for _ in range(2)]
    assert both[0] == both[1] and b"2023-11-14T22:13:20Z" in both[0]
    assert json.loads(both[0])["serialNumber"] != bill["serialNumber"]
