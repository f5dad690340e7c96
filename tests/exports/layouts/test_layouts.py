"""Where each package wants its files, and what goes with what."""

from typing import Any

import pytest

from exports import layouts
from exports.bundle import Kind
from exports.bundle.names import path_fault


def paths(layout: layouts.FolderLayout, item: Any, sequence: int = 7) -> list[str]:
    return [placement.path for placement in layout.place(item, bundle=12, sequence=sequence)]


def folders(name: str, make_item: Any) -> dict[Kind, str]:
    layout = layouts.get(name)
    return {kind: layout.folder(make_item(kind=kind, account="BE71 0961 2345 6769")) for kind in Kind}


def test_sage_bob_has_credit_notes_with_their_invoices_and_coda_per_account(make_item: Any) -> None:
    assert folders("sage-bob-demat", make_item) == {
        Kind.sales_invoice: "Demat/Verkopen",
        Kind.sales_credit_note: "Demat/Verkopen",
        Kind.purchase_invoice: "Demat/Aankopen",
        Kind.purchase_credit_note: "Demat/Aankopen",
        Kind.expense_receipt: "Demat/Aankopen",
        Kind.daily_receipts: "Demat/Andere",
        Kind.payroll: "Demat/Andere",
        Kind.tax_letter: "Demat/Andere",
        Kind.contract: "Demat/Andere",
        Kind.other: "Demat/Andere",
        Kind.statement: "CODA/BE71096123456769",
    }


def test_codabox_has_the_year_before_the_account_and_the_direction(make_item: Any) -> None:
    found = folders("codabox", make_item)
    assert found[Kind.statement] == "2026/BE71096123456769"
    assert found[Kind.purchase_credit_note] == "2026/Invoices-IN-01"
    assert found[Kind.sales_invoice] == "2026/Invoices-OUT-01"


@pytest.mark.parametrize("name", [layout.name for layout in layouts.all() if layout.name != "generic"])
def test_papers_that_a_package_has_no_place_for_go_where_other_papers_go(name: str, make_item: Any) -> None:
    papers = (Kind.daily_receipts, Kind.payroll, Kind.tax_letter, Kind.contract)
    found = folders(name, make_item)
    assert {found[kind] for kind in papers} == {found[Kind.other]}
    moved = layouts.get(name).with_folders({"other": "Elsewhere", "payroll": "Wages"})
    assert [moved.folder(make_item(kind=kind)) for kind in papers] == [
        "Elsewhere",
        "Wages",
        "Elsewhere",
        "Elsewhere",
    ]


def test_our_own_folders_have_a_place_for_every_kind(make_item: Any) -> None:
    found = folders("generic", make_item)
    assert [found[kind] for kind in (Kind.daily_receipts, Kind.payroll, Kind.tax_letter, Kind.contract)] == [
        "Daily-receipts",
        "Payroll",
        "Tax",
        "Contracts",
    ]
    moved = layouts.get("generic").with_folders({"other": "Elsewhere"})
    assert moved.folder(make_item(kind=Kind.payroll)) == "Payroll"


def test_every_layout_is_found_by_its_name_and_says_where_it_comes_from() -> None:
    names = [layout.name for layout in layouts.all()]
    assert sorted(names) == [
        "codabox",
        "exact-online",
        "generic",
        "octopus",
        "sage-bob-demat",
        "winbooks",
        "yuki",
    ]
    for layout in layouts.all():
        assert layouts.get(layout.name) is layout
        assert layout.title
        assert layout.unconfirmed
        assert layout.sources or layout.name == "generic"
        assert set(layout.folders) == set(Kind)


def test_an_unknown_layout_is_told_with_the_known_ones() -> None:
    with pytest.raises(layouts.LayoutFault, match="sage-bob-demat") as fault:
        layouts.get("nonsense")
    assert fault.value.reason == "unknown_layout"


def test_a_name_begins_with_the_date_then_bundle_and_place_then_kind_and_number(make_item: Any) -> None:
    (path,) = paths(layouts.get("generic"), make_item())
    assert path == "Purchases/20261102_0012-000007_purchase-invoice_2026-77.xml"


def test_a_statement_is_named_by_account_and_number(make_item: Any, make_file: Any) -> None:
    item = make_item(
        kind=Kind.statement, account="BE71 0961 2345 6769", statement_number="042", files=(make_file("coda"),)
    )
    (path,) = paths(layouts.get("generic"), item)
    assert path == "CODA/BE71096123456769/20261102_0012-000007_coda_BE71096123456769-042.cod"


def test_a_statement_without_an_account_goes_to_the_folder_above(make_item: Any, make_file: Any) -> None:
    item = make_item(kind=Kind.statement, files=(make_file("coda"),))
    assert layouts.get("sage-bob-demat").folder(item) == "CODA"


def test_received_ubl_without_a_pdf_inside_has_it_beside_and_first(make_item: Any, make_file: Any) -> None:
    item = make_item(files=(make_file("ubl"), make_file("pdf")))
    pdf, ubl = paths(layouts.get("sage-bob-demat"), item)
    assert (pdf[-4:], ubl[-4:]) == (".pdf", ".xml")
    assert pdf[:-4] == ubl[:-4]


@pytest.mark.parametrize(
    "values", [{"origin": "own"}, {"origin": "derived"}, {"origin": "received", "embeds_pdf": True}]
)
def test_ubl_that_carries_its_pdf_goes_alone(make_item: Any, make_file: Any, values: dict[str, Any]) -> None:
    item = make_item(files=(make_file("ubl", **values), make_file("pdf")))
    assert [path[-4:] for path in paths(layouts.get("generic"), item)] == [".xml"]


def test_own_ubl_said_to_carry_no_pdf_has_it_beside(make_item: Any, make_file: Any) -> None:
    item = make_item(files=(make_file("ubl", origin="own", embeds_pdf=False), make_file("pdf")))
    assert [path[-4:] for path in paths(layouts.get("generic"), item)] == [".pdf", ".xml"]


def test_an_original_goes_along_under_a_harmless_extension(make_item: Any, make_file: Any) -> None:
    item = make_item(
        kind=Kind.expense_receipt,
        files=(
            make_file("original", "image/jpeg"),
            make_file("original", "application/x-msdownload", name="a.exe"),
        ),
    )
    found = paths(layouts.get("generic"), item)
    assert [path.rpartition(".")[2] for path in found] == ["jpg", "bin"]


def test_originals_of_one_type_are_told_apart(make_item: Any, make_file: Any) -> None:
    files = tuple(make_file("original", "image/png", sha256=f"{n}" * 64) for n in range(3))
    found = paths(layouts.get("generic"), make_item(number="9" * 100, files=files))
    assert len(set(found)) == 3
    assert all(path_fault(path) is None for path in found)


def test_the_same_bytes_as_original_and_as_invoice_leave_once(make_item: Any, make_file: Any) -> None:
    same = "ab" * 32
    item = make_item(
        files=(make_file("original", "application/pdf", sha256=same), make_file("pdf", sha256=same))
    )
    (placement,) = layouts.get("generic").place(item, bundle=1, sequence=1)
    assert placement.file.role == "pdf"


def test_the_pdf_of_a_statement_goes_along_only_where_the_tree_has_it(make_item: Any, make_file: Any) -> None:
    item = make_item(kind=Kind.statement, account="BE1", files=(make_file("coda"), make_file("pdf")))
    assert len(paths(layouts.get("sage-bob-demat"), item)) == 1
    assert len(paths(layouts.get("codabox"), item)) == 2


def test_a_statement_that_is_only_a_pdf_still_leaves(make_item: Any, make_file: Any) -> None:
    item = make_item(kind=Kind.statement, account="BE1", files=(make_file("pdf"),))
    assert len(paths(layouts.get("sage-bob-demat"), item)) == 1


def test_a_dossier_has_folders_of_its_own(make_item: Any) -> None:
    layout = layouts.get("sage-bob-demat").with_folders(
        {
            Kind.purchase_invoice: "Demat\\Achats\\{year}-{month}",
            Kind.statement: "",
            Kind.other: " Elements/ ",
        }
    )
    assert layout.folder(make_item()) == "Demat/Achats/2026-11"
    assert layout.folder(make_item(kind=Kind.other)) == "Elements"
    assert "/" not in paths(layout, make_item(kind=Kind.statement))[0]
    assert layout.folder(make_item(kind=Kind.sales_invoice)) == "Demat/Verkopen"
    assert layout.name == "sage-bob-demat"


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("/absolute", "absolute"),
        ("\\\\server\\share", "absolute"),
        ("C:\\Demat", "absolute"),
        ("../up", "dots"),
        ("a/./b", "dots"),
        ("a//b", "empty"),
        ("NUL/x", "device_name"),
        ("what?", "forbidden_character"),
        ("a{b", "forbidden_character"),
        ("trailing./x", "trailing_dot_or_space"),
        ("{iban}", "unknown_variable"),
        ("Éléments", "not_ascii"),
        ("E\u0301lements", "not_ascii"),
        ("manifest.json", "reserved_name"),
        ("Manifest.JSON\\x", "reserved_name"),
        ("x" * 81, "too_long"),
        ("/".join(["x" * 20] * 4), "too_long"),
    ],
)
def test_a_folder_that_cannot_be_is_refused_with_its_reason(folder: str, reason: str) -> None:
    with pytest.raises(layouts.LayoutFault) as fault:
        layouts.get("generic").with_folders({Kind.other: folder})
    assert fault.value.reason == reason
    assert fault.value.params["folder"] == folder


def test_overrides_may_come_as_the_words_that_a_database_keeps(make_item: Any) -> None:
    layout = layouts.get("generic").with_folders({"purchase_invoice": "Achats"})
    assert layout.folder(make_item()) == "Achats"
    with pytest.raises(layouts.LayoutFault) as fault:
        layouts.get("generic").with_folders({"invoice": "Achats"})
    assert fault.value.reason == "unknown_kind"
