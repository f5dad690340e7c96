"""What a bundle is when it is built: the archive, the manifest, and the faults that stop it."""

import json
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from exports import bundle, layouts
from exports.bundle.names import path_fault


def opened(data: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(BytesIO(data))


def test_the_same_input_gives_the_same_bytes(build: Any, make_item: Any, make_statement: Any) -> None:
    items = (make_item(), make_statement())
    assert build(*items) == build(*items)


def test_another_moment_of_the_same_second_gives_the_same_bytes(build: Any, make_item: Any) -> None:
    moment = datetime(2026, 12, 1, 6, tzinfo=UTC)
    brussels = (moment + timedelta(milliseconds=300)).astimezone(timezone(timedelta(hours=1)))
    assert build(make_item(), created=moment) == build(make_item(), created=brussels)


def test_files_leave_byte_for_byte_under_the_manifests_paths(
    build: Any, make_item: Any, make_file: Any
) -> None:
    ubl, pdf = b"\xef\xbb\xbf<Invoice>\r\n</Invoice>", b"%PDF-1.4 loose"
    data, manifest = build(make_item(files=(make_file("ubl", ubl), make_file("pdf", pdf))))
    archive = opened(data)
    files = {file.role: file for file in manifest.items[0].files}
    assert archive.read(files["ubl"].path) == ubl
    assert archive.read(files["pdf"].path) == pdf
    assert files["ubl"].sha256 == sha256(ubl).hexdigest()
    assert files["pdf"].path.removesuffix(".pdf") == files["ubl"].path.removesuffix(".xml")


def test_entries_stand_in_import_order_stored_and_dated_the_same(build: Any, make_item: Any) -> None:
    days = [date(2026, 11, day) for day in (30, 2, 14)]
    items = [make_item(f"item-{n}", date=day) for n, day in enumerate(days)]
    data, _ = build(*sorted(items, key=bundle.import_order))
    entries = opened(data).infolist()
    names = [entry.filename for entry in entries]
    assert names == [*sorted(names[:-1]), "manifest.json"]
    assert {(entry.date_time, entry.compress_type) for entry in entries} == {((1980, 1, 1, 0, 0, 0), 0)}


def test_the_manifest_in_the_archive_is_the_one_returned_in_canonical_json(
    build: Any, make_item: Any, make_statement: Any
) -> None:
    data, manifest = build(make_item(), make_statement())
    raw = opened(data).read(bundle.MANIFEST_PATH)
    assert raw == manifest.to_bytes()
    assert sha256(raw).hexdigest() == manifest.sha256
    loaded = json.loads(raw, parse_float=pytest.fail)
    canonical = json.dumps(loaded, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert canonical.encode() == raw
    assert bundle.read_manifest(raw) == manifest


def test_the_manifest_tells_what_it_was_given(build: Any, make_item: Any) -> None:
    item = make_item(version=3, reexport=True, first_exported_in=4, replaces="item-0/1")
    _, manifest = build(item, number=12, previous_sha256="ab" * 32, dossier_code=None)
    loaded = json.loads(manifest.to_bytes())
    assert loaded["schema"] == "bundle-manifest"
    assert loaded["schema_version"] == 1
    assert loaded["number"] == 12
    assert loaded["previous_sha256"] == "ab" * 32
    assert loaded["created"] == "2026-12-01T06:00:00Z"
    assert loaded["dossier"] == {
        "id": "dossier-1",
        "code": None,
        "name": "Bakkerij Peeters",
        "company_number": "0202239951",
    }
    told = loaded["items"][0]
    assert told["tax_subtotals"] == [{"category": "S", "percent": "21", "tax": "21.00", "taxable": "100.00"}]
    assert (told["version"], told["reexport"], told["first_exported_in"], told["replaces"]) == (
        3,
        True,
        4,
        "item-0/1",
    )
    assert told["counterparty"] == "Drukkerij Café"
    assert manifest.header.number == 12


def test_totals_are_kept_per_kind_currency_and_rate_with_their_signs(build: Any, make_item: Any) -> None:
    mixed = (
        bundle.TaxAmount("S", Decimal("6.00"), Decimal(50), Decimal(3)),
        bundle.TaxAmount("S", Decimal(21), Decimal(50), Decimal("10.50")),
        bundle.TaxAmount("O", None, Decimal(1), Decimal(0)),
    )
    _, manifest = build(
        make_item("a"),
        make_item("b", net=Decimal(101), tax=Decimal("13.50"), gross=Decimal("114.50"), tax_subtotals=mixed),
        make_item("c", kind=bundle.Kind.purchase_credit_note, net=Decimal(-100)),
        make_item("d", currency="USD", tax_subtotals=()),
    )
    kinds = {
        (total.kind.value, total.currency): (total.items, total.net) for total in manifest.totals.by_kind
    }
    assert kinds == {
        ("purchase_credit_note", "EUR"): (1, Decimal(-100)),
        ("purchase_invoice", "EUR"): (2, Decimal(201)),
        ("purchase_invoice", "USD"): (1, Decimal(100)),
    }
    rates = {
        (rate.kind.value, rate.category, rate.percent): (rate.taxable, rate.tax)
        for rate in manifest.totals.by_rate
    }
    assert rates == {
        ("purchase_credit_note", "S", Decimal(21)): (Decimal(100), Decimal(21)),
        ("purchase_invoice", "O", None): (Decimal(1), Decimal(0)),
        ("purchase_invoice", "S", Decimal(6)): (Decimal(50), Decimal(3)),
        ("purchase_invoice", "S", Decimal(21)): (Decimal(150), Decimal("31.50")),
    }
    assert manifest.totals.items == manifest.totals.files == 4


def test_statements_of_one_file_share_it_so_that_it_is_imported_once(build: Any, make_statement: Any) -> None:
    shared = b"0000 two statements"
    data, manifest = build(
        make_statement("a", statement_number="001", data=shared),
        make_statement("b", statement_number="002", data=shared),
        make_statement("c", statement_number="003", data=b"0000 one"),
    )
    paths = [item.files[0].path for item in manifest.items]
    assert paths[0] == paths[1] != paths[2]
    assert len(opened(data).namelist()) == 3
    assert manifest.totals.files == 2
    assert manifest.totals.bytes == len(shared) + len(b"0000 one")


def test_a_file_that_two_months_share_leaves_once(build: Any, make_statement: Any) -> None:
    values = {"data": b"0000 two months", "number": "1"}
    items = (
        make_statement("a", date=date(2025, 12, 31), **values),
        make_statement("b", date=date(2026, 1, 2), account="BE71096123456769", **values),
    )
    data, manifest = build(*items, layout="codabox")
    assert manifest.items[0].files[0].path == manifest.items[1].files[0].path
    assert bundle.verify(BytesIO(data)) == []


@pytest.mark.parametrize("layout", ["generic", "codabox"])
@pytest.mark.parametrize("values", [{"account": "BE68539007547034"}, {"currency": "USD"}])
def test_a_file_of_two_accounts_has_to_be_cut_first(
    build: Any, make_statement: Any, layout: str, values: dict[str, str]
) -> None:
    first, second = make_statement("a", data=b"0000"), make_statement("b", data=b"0000", **values)
    with pytest.raises(bundle.ItemFault) as fault:
        build(first, second, layout=layout)
    assert (fault.value.item_id, fault.value.reason) == ("b", "shared_coda")


def test_an_empty_bundle_is_a_bundle(build: Any) -> None:
    data, manifest = build()
    assert opened(data).namelist() == ["manifest.json"]
    assert manifest.totals.items == 0


def test_amounts_are_written_plainly(build: Any, make_item: Any) -> None:
    _, manifest = build(make_item(net=Decimal("1E+2"), tax=Decimal("-0.00"), gross=Decimal("0.000001")))
    item = json.loads(manifest.to_bytes())["items"][0]
    assert (item["net"], item["tax"], item["gross"]) == ("100", "-0.00", "0.000001")


@pytest.mark.parametrize(
    "amount",
    [Decimal("NaN"), Decimal("-Infinity"), Decimal("1E999999999"), Decimal("0.0000001"), Decimal("1E19")],
)
def test_an_amount_that_is_none_is_the_items_fault(build: Any, make_item: Any, amount: Decimal) -> None:
    with pytest.raises(bundle.ItemFault) as fault:
        build(make_item("culprit", gross=amount))
    assert (fault.value.item_id, fault.value.reason) == ("culprit", "bad_amount")


def _raising() -> BytesIO:
    raise KeyError("no such object")


class _Breaking(BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise TimeoutError("the store is away")


class _Clinging(BytesIO):
    def close(self) -> None:
        raise TimeoutError("the store is away")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"open": _raising}, "cannot_open"),
        ({"open": _Breaking}, "cannot_read"),
        ({"open": lambda: None}, "cannot_open"),
        ({"open": lambda: b"<Invoice/>"}, "cannot_open"),
        ({"open": lambda: StringIO("<Invoice/>")}, "cannot_read"),
        ({"open": _Clinging}, "cannot_read"),
        ({"open": lambda: BytesIO(b"<Invoice")}, "wrong_size"),
        ({"open": lambda: BytesIO(b"<Invoice/> and more")}, "wrong_size"),
        ({"open": lambda: BytesIO(b"<Invoicf/>")}, "wrong_hash"),
        ({"sha256": "ABC"}, "bad_value"),
        ({"size": -1}, "bad_value"),
        ({"name": "half \ud800"}, "bad_value"),
    ],
)
def test_a_file_that_is_not_what_it_claims_stops_the_bundle_and_names_the_item(
    build: Any, make_item: Any, make_file: Any, values: dict[str, Any], reason: str
) -> None:
    with pytest.raises(bundle.ItemFault) as fault:
        build(make_item("good"), make_item("culprit", files=(make_file(**values),)))
    assert (fault.value.item_id, fault.value.reason) == ("culprit", reason)


def test_what_a_fault_leaves_behind_is_not_a_zip(make_header: Any, make_item: Any, make_file: Any) -> None:
    out = BytesIO()
    items = [make_item(f"item-{n}") for n in range(5)] + [
        make_item("bad", files=(make_file(sha256="0" * 64),))
    ]
    with pytest.raises(bundle.ItemFault):
        bundle.build(make_header(), items, layouts.get("generic"), out)
    assert out.tell() > 0
    with pytest.raises(bundle.Unreadable):
        bundle.verify(out)


def test_streams_are_closed_whatever_happens(make_item: Any, make_file: Any, build: Any) -> None:
    streams = [BytesIO(b"<Invoice/>"), BytesIO(b"<Invoicf/>")]
    build(make_item(files=(make_file(open=lambda: streams[0]),)))
    with pytest.raises(bundle.ItemFault):
        build(make_item(files=(make_file(open=lambda: streams[1]),)))
    assert all(stream.closed for stream in streams)


def test_a_large_file_is_checked_before_it_is_written(build: Any, make_item: Any, make_file: Any) -> None:
    large = b"%PDF" + bytes(9 << 20)
    data, manifest = build(make_item(files=(make_file("pdf", large),)))
    assert opened(data).read(manifest.items[0].files[0].path) == large
    assert bundle.verify(BytesIO(data)) == []
    with pytest.raises(bundle.ItemFault, match="wrong_hash"):
        build(make_item(files=(make_file("pdf", large, sha256="0" * 64),)))


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([{"id": "a"}, {"id": "a"}], "duplicate_item"),
        ([{"files": ()}], "no_files"),
        ([{"currency": "euro"}], "bad_value"),
        ([{"version": -1}], "bad_value"),
        ([{"first_exported_in": 0}], "bad_value"),
        ([{"counterparty": "\udfff"}], "bad_value"),
        ([{"tax_subtotals": (bundle.TaxAmount("\ud800", None, Decimal(1), Decimal(0)),)}], "bad_value"),
    ],
)
def test_an_item_that_cannot_be_told_of_is_a_fault(
    build: Any, make_item: Any, items: list[dict[str, Any]], reason: str
) -> None:
    with pytest.raises(bundle.ItemFault) as fault:
        build(*(make_item(**values) for values in items))
    assert fault.value.reason == reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"number": 0}, "bad_number"),
        ({"number": 2}, "broken_chain"),
        ({"previous_sha256": "ab" * 32}, "broken_chain"),
        ({"number": 2, "previous_sha256": "nonsense"}, "bad_hash"),
        ({"created": datetime(2026, 1, 1)}, "local_time"),  # noqa: DTZ001 - that is the fault
        ({"dossier_name": "\ud800"}, "bad_text"),
        ({"created": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}, "bad_moment"),
    ],
)
def test_a_header_that_cannot_be_told_of_is_a_fault(build: Any, values: dict[str, Any], reason: str) -> None:
    with pytest.raises(bundle.HeaderFault) as fault:
        build(**values)
    assert fault.value.reason == reason


class _Rogue:
    """A layout that puts files where it should not."""

    name = "rogue"

    def __init__(self, *paths: str) -> None:
        self._paths = iter(paths)

    def place(self, item: bundle.Item, *, bundle: int, sequence: int) -> tuple[Any, ...]:
        from exports.bundle import Placement

        return (Placement(item.files[0], next(self._paths)),)


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        (("../up.xml",), "bad_path"),
        (("/root.xml",), "bad_path"),
        (("a/CON.xml",), "bad_path"),
        (("Manifest.JSON",), "duplicate_path"),
        (("a/b.xml", "A/B.XML"), "duplicate_path"),
        (("a/b.xml", "A/B.XML/c.xml"), "path_is_folder"),
        (("a/b/c.xml", "A/B"), "path_is_folder"),
        (("manifest.json/c.xml",), "path_is_folder"),
    ],
)
def test_no_layout_can_make_an_unsafe_or_double_path(
    make_header: Any, make_item: Any, paths: tuple[str, ...], reason: str
) -> None:
    items = [make_item(f"item-{n}") for n in range(len(paths))]
    with pytest.raises(bundle.ItemFault) as fault:
        bundle.build(make_header(), items, _Rogue(*paths), BytesIO())
    assert fault.value.reason == reason


def test_items_are_taken_one_by_one_and_written_at_once(make_header: Any, make_item: Any) -> None:
    class Growing(BytesIO):
        pass

    out, lengths = Growing(), []

    def items() -> Iterator[bundle.Item]:
        for n in range(3):
            lengths.append(out.tell())
            yield make_item(f"item-{n}")

    bundle.build(make_header(), items(), layouts.get("generic"), out)
    assert lengths[0] == 0 < lengths[1] < lengths[2]


def test_the_output_need_not_be_seekable(make_header: Any, make_item: Any, build: Any) -> None:
    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: object) -> int:
            raise OSError("a pipe")

    out = Pipe()
    bundle.build(make_header(), [make_item()], layouts.get("generic"), out)
    assert out.getvalue() == build(make_item())[0]


def test_every_bundle_of_a_dossier_has_names_of_its_own(build: Any, make_item: Any) -> None:
    _, first = build(make_item("a"))
    _, second = build(make_item("b"), number=2, previous_sha256=first.sha256)
    assert first.items[0].files[0].path != second.items[0].files[0].path


@pytest.mark.skipif(which("unzip") is None, reason="unzip is not installed")
def test_unzip_finds_nothing_wrong(build: Any, make_item: Any, make_statement: Any, tmp_path: Path) -> None:
    item = make_item(number="Ünï/çødé")
    layout = layouts.get("generic").with_folders({bundle.Kind.statement: "Depenses/{account}"})
    out = tmp_path / "bundle.zip"
    with out.open("wb") as stream:
        header = bundle.read_manifest(build()[1].to_bytes()).header
        bundle.build(header, [item, make_statement()], layout, stream)
    tested = subprocess.run(["unzip", "-t", str(out)], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout
    assert "No errors detected" in tested.stdout


def test_a_manifest_of_another_schema_is_unreadable(build: Any) -> None:
    raw = build()[1].to_bytes()
    for wrong in (raw.replace(b'"schema_version":1', b'"schema_version":2'), b"[]", b"", b"\xff", raw[:-1]):
        with pytest.raises(bundle.Unreadable, match="manifest_schema"):
            bundle.read_manifest(wrong)


def test_every_path_of_every_layout_is_safe_on_windows(
    build: Any, make_item: Any, make_statement: Any
) -> None:
    items = [make_item(kind.value, kind=kind, number="CON..") for kind in bundle.Kind]
    items.append(make_statement("s", account="..\\..\\aux"))
    for layout in layouts.all():
        _, manifest = build(*items, layout=layout.name)
        paths = [file.path for item in manifest.items for file in item.files]
        assert len({path.casefold() for path in paths}) == len(paths)
        assert [path_fault(path) for path in paths] == [None] * len(paths)


def test_a_frozen_item_can_be_amended_and_says_so(build: Any, make_item: Any) -> None:
    item = make_item()
    amended = replace(item, version=2, replaces=f"{item.id}/1")
    _, manifest = build(item, amended)
    assert [entry.replaces for entry in manifest.items] == [None, "item-1/1"]
