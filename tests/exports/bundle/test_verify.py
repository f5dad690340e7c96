"""What ``verify`` finds: nothing on what was built, and each kind of damage by its name."""

import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports import bundle
from exports.bundle.manifest import MANIFEST_PATH


def rules(data: bytes, **options: Any) -> set[str]:
    return {finding.rule for finding in bundle.verify(BytesIO(data), **options)}


def rewritten(
    data: bytes,
    change: Callable[[dict[str, bytes]], None],
    *,
    compression: int = zipfile.ZIP_STORED,
) -> bytes:
    """The same ZIP after ``change`` has had its way with the files."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    out = BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, compression)
    return out.getvalue()


def with_manifest(data: bytes, change: Callable[[Any], None]) -> bytes:
    """The same ZIP with the manifest's values changed, in canonical form."""

    def rewrite(files: dict[str, bytes]) -> None:
        loaded = msgspec.json.decode(files[MANIFEST_PATH])
        change(loaded)
        files[MANIFEST_PATH] = msgspec.json.encode(loaded, order="sorted")

    return rewritten(data, rewrite)


@pytest.fixture(scope="module")
def built(build: Any, make_item: Any, make_statement: Any, make_file: Any) -> bytes:
    shared = b"0000 two statements"
    return build(
        make_item("invoice", files=(make_file("ubl"), make_file("pdf", b"%PDF"))),
        make_statement("one", statement_number="001", data=shared),
        make_statement("two", statement_number="002", data=shared),
        number=12,
        previous_sha256="ab" * 32,
    )[0]


def test_what_was_built_has_no_findings(built: bytes) -> None:
    assert bundle.verify(BytesIO(built)) == []


def test_a_bundle_repacked_with_compression_is_whole_but_not_the_same_archive(built: bytes) -> None:
    packed = rewritten(built, _nothing, compression=zipfile.ZIP_DEFLATED)
    findings = bundle.verify(BytesIO(packed))
    assert [(finding.rule, finding.severity) for finding in findings] == [("BUNDLE-REPACKED", "warning")]


@pytest.mark.parametrize("where", ["before", "after"])
def test_bytes_hidden_around_the_archive_are_noticed(built: bytes, where: str) -> None:
    data = b"MZ hidden" + built if where == "before" else built[:-2] + struct.pack("<H", 6) + b"hidden"
    assert rules(data) == {"BUNDLE-REPACKED"}


def test_every_byte_that_is_changed_is_noticed(build: Any, make_item: Any, make_file: Any) -> None:
    whole, _ = build(make_item("i", counterparty="C", files=(make_file(data=b"<I/>", name="i"),)))
    unnoticed: list[int] = []
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 0x41
        with suppress(bundle.Unreadable):
            if not bundle.verify(BytesIO(bytes(changed))):
                unnoticed.append(position)
    assert unnoticed == []


def test_a_manifest_of_another_size_than_its_entry_tells_is_told(built: bytes) -> None:
    changed = bytearray(built)
    changed[changed.rindex(b"PK\x01\x02") + 24] ^= 0x41
    assert "BUNDLE-FILE-SIZE" in rules(bytes(changed))


def test_a_name_that_is_another_ones_folder_is_told(built: bytes) -> None:
    def add(files: dict[str, bytes]) -> None:
        files["Manifest.json/x"] = b"x"

    assert "BUNDLE-NAME-DUPLICATE" in rules(rewritten(built, add))


def _nothing(_files: dict[str, bytes]) -> None:
    pass


def _first_file(files: dict[str, bytes]) -> str:
    return next(name for name in files if name != MANIFEST_PATH)


def _flip(files: dict[str, bytes]) -> None:
    name = _first_file(files)
    files[name] = files[name][:-1] + b"!"


def _grow(files: dict[str, bytes]) -> None:
    files[_first_file(files)] += b"!"


def _lose(files: dict[str, bytes]) -> None:
    del files[_first_file(files)]


def _add(files: dict[str, bytes]) -> None:
    files["Purchases/extra.xml"] = b"<x/>"


def _unmanifest(files: dict[str, bytes]) -> None:
    del files[MANIFEST_PATH]


def _scribble(files: dict[str, bytes]) -> None:
    files[MANIFEST_PATH] = b'{"schema": "something else"}'


def _pretty(files: dict[str, bytes]) -> None:
    files[MANIFEST_PATH] = msgspec.json.format(files[MANIFEST_PATH], indent=2)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (_flip, "BUNDLE-FILE-HASH"),
        (_grow, "BUNDLE-FILE-SIZE"),
        (_lose, "BUNDLE-FILE-MISSING"),
        (_add, "BUNDLE-FILE-EXTRA"),
        (_unmanifest, "BUNDLE-MANIFEST-MISSING"),
        (_scribble, "BUNDLE-MANIFEST-SCHEMA"),
        (_pretty, "BUNDLE-MANIFEST-CANONICAL"),
    ],
)
def test_damage_to_the_files_is_told_by_its_rule(
    built: bytes, change: Callable[[dict[str, bytes]], None], rule: str
) -> None:
    assert rule in rules(rewritten(built, change))


def test_a_hash_finding_tells_expected_and_found(built: bytes) -> None:
    (finding,) = (f for f in bundle.verify(BytesIO(rewritten(built, _flip))) if f.rule == "BUNDLE-FILE-HASH")
    assert finding.severity == "fatal"
    assert finding.location.startswith("Purchases/")
    assert finding.params["expected"] != finding.params["found"]


@pytest.mark.parametrize(
    "name",
    [
        "../up.xml",
        "/etc/passwd",
        "C:/windows.xml",
        "a\\b.xml",
        "a/CON.xml",
        "a/NUL",
        "trailing.",
        "a//b",
        "a/\x01",
    ],
)
def test_names_that_are_not_safe_to_unpack_are_told(built: bytes, name: str) -> None:
    def add(files: dict[str, bytes]) -> None:
        files[name] = b"x"

    assert {"BUNDLE-NAME-UNSAFE", "BUNDLE-FILE-EXTRA"} <= rules(rewritten(built, add))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_but_for_case_is_told(built: bytes) -> None:
    def add(files: dict[str, bytes]) -> None:
        files[_first_file(files).upper()] = b"x"

    assert "BUNDLE-NAME-DUPLICATE" in rules(rewritten(built, add))
    out = BytesIO(built)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(archive.namelist()[0], b"the second of that name")
    assert "BUNDLE-NAME-DUPLICATE" in rules(out.getvalue())


def _set(path: str, value: Any) -> Callable[[Any], None]:
    def change(manifest: Any) -> None:
        *parents, last = (int(part) if part.isdigit() else part for part in path.split("."))
        for part in parents:
            manifest = manifest[part]
        manifest[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (_set("items.0.sequence", 7), "BUNDLE-SEQUENCE"),
        (_set("items.1.id", "two"), "BUNDLE-ITEM-DUPLICATE"),
        (_set("items.0.files", []), "BUNDLE-ITEM-EMPTY"),
        (_set("items.0.gross", "122.00"), "BUNDLE-TOTALS"),
        (_set("totals.by_rate.0.tax", "20.00"), "BUNDLE-TOTALS"),
        (_set("totals.bytes", 1), "BUNDLE-TOTALS"),
        (_set("previous_sha256", None), "BUNDLE-CHAIN"),
        (_set("number", 1), "BUNDLE-CHAIN"),
        (_set("previous_sha256", "AB" * 32), "BUNDLE-MANIFEST-SCHEMA"),
        (_set("number", 0), "BUNDLE-MANIFEST-SCHEMA"),
        (_set("items.0.net", "NaN"), "BUNDLE-MANIFEST-SCHEMA"),
        (_set("items.0.net", "1E+999999999"), "BUNDLE-MANIFEST-SCHEMA"),
        (_set("items.0.net", 100.5), "BUNDLE-MANIFEST-CANONICAL"),
        (_set("items.0.kind", "invoice"), "BUNDLE-MANIFEST-SCHEMA"),
        (_set("items.0.date", "2026-02-30"), "BUNDLE-MANIFEST-SCHEMA"),
        (_set("items.0.version", 2**70), "BUNDLE-MANIFEST-SCHEMA"),
        (_set("items.0.files.0.size", -1), "BUNDLE-MANIFEST-SCHEMA"),
        (_set("created", "0001-01-01T00:00:00+14:00"), "BUNDLE-MANIFEST-SCHEMA"),
        (_set("created", "9999-12-31T23:59:59-14:00"), "BUNDLE-MANIFEST-SCHEMA"),
        (_set("created", "2026-12-01T06:00:00"), "BUNDLE-MANIFEST-SCHEMA"),
        (_set("created", "2026-12-01T06:00:00+01:00"), "BUNDLE-MANIFEST-SCHEMA"),
        (_set("unknown", "field"), "BUNDLE-MANIFEST-CANONICAL"),
        (_set("items.0.files.0.path", "manifest.json"), "BUNDLE-FILE-DUPLICATE"),
    ],
)
def test_a_manifest_that_lies_is_told_by_its_rule(
    built: bytes, change: Callable[[Any], None], rule: str
) -> None:
    assert rule in rules(with_manifest(built, change))


def test_two_items_cannot_claim_one_file_unless_it_is_their_coda(built: bytes) -> None:
    def change(manifest: Any) -> None:
        manifest["items"][0]["files"][0]["path"] = manifest["items"][1]["files"][0]["path"]

    assert "BUNDLE-FILE-DUPLICATE" in rules(with_manifest(built, change))


def test_the_chain_is_checked_against_the_bundle_before(build: Any, make_item: Any) -> None:
    _, first = build(make_item("a"))
    second, _ = build(make_item("b"), number=2, previous_sha256=first.sha256)
    assert rules(second, previous_sha256=first.sha256) == set()
    assert rules(second, previous_sha256="0" * 64) == {"BUNDLE-CHAIN"}


def test_a_bomb_is_not_unpacked(build: Any, make_item: Any, make_file: Any) -> None:
    size = 128 << 20
    data, _ = build(make_item(files=(make_file("pdf", bytes(1000)),)))

    def claim(manifest: Any) -> None:
        manifest["items"][0]["files"][0]["size"] = size
        manifest["totals"]["bytes"] = size

    def inflate(files: dict[str, bytes]) -> None:
        files[_first_file(files)] = bytes(size)

    bomb = rewritten(with_manifest(data, claim), inflate, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1 << 20
    assert "BUNDLE-LIMIT" in rules(bomb)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_methods_are_not_run(built: bytes, method: int) -> None:
    packed = rewritten(built, _nothing, compression=method)
    assert rules(packed) == {"BUNDLE-FILE-UNREADABLE"}


def test_an_encrypted_entry_is_told(built: bytes) -> None:
    data = bytearray(built)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    assert {"BUNDLE-ENCRYPTED", "BUNDLE-FILE-UNREADABLE"} <= rules(bytes(data))


def test_findings_are_limited(build: Any) -> None:
    out = BytesIO(build()[0])
    with zipfile.ZipFile(out, "a") as archive:
        for n in range(1100):
            archive.writestr(f"extra/{n}.xml", b"")
    findings = bundle.verify(out)
    assert len(findings) == 1001
    assert findings[-1].rule == "BUNDLE-LIMIT"


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip at all", b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_zip_is_unreadable(data: bytes) -> None:
    with pytest.raises(bundle.Unreadable) as fault:
        bundle.verify(BytesIO(data))
    assert fault.value.reason == "not_a_zip"


def test_a_pipe_is_unreadable() -> None:
    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(bundle.Unreadable, match="not_seekable"):
        bundle.verify(Pipe(b"PK"))


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_whatever_is_done_to_a_bundle_only_own_errors_escape(built: bytes, data: st.DataObject) -> None:
    damaged = bytearray(built)
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, len(damaged) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "insert", "max"])):
            case "flip":
                damaged[position] ^= data.draw(st.integers(1, 255))
            case "cut":
                del damaged[position : position + data.draw(st.integers(1, 200))]
            case "insert":
                damaged[position:position] = data.draw(st.binary(min_size=1, max_size=40))
            case _:
                damaged[position : position + 4] = b"\xff\xff\xff\xff"
        if not damaged:
            break
    try:
        findings = bundle.verify(BytesIO(bytes(damaged)))
    except bundle.Unreadable:
        return
    assert findings or bytes(damaged) == built, "a bundle that was changed cannot pass"


@settings(max_examples=200, deadline=None)
@given(noise=st.binary(max_size=400))
def test_noise_is_refused_with_own_errors(noise: bytes) -> None:
    for data in (noise, b"PK\x03\x04" + noise, noise + b"PK\x05\x06" + bytes(18)):
        with suppress(bundle.Unreadable):
            assert bundle.verify(BytesIO(data))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_the_manifest_only_findings_come_out(built: bytes, data: st.DataObject) -> None:
    def change(manifest: Any) -> None:
        while True:
            keys = list(manifest) if isinstance(manifest, dict) else list(range(len(manifest)))
            key = data.draw(st.sampled_from(keys))
            inner = manifest[key]
            if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
                manifest[key] = data.draw(_JSON)
                return
            manifest = inner

    for finding in bundle.verify(BytesIO(with_manifest(built, change))):
        assert finding.severity in {"fatal", "warning"}
