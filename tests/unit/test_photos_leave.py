"""A photo that no bookkeeping package shows leaves as it came, with the PDF that was made of it; one that they show leaves alone."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from portal.features.bundles.service.parts import document_item
from portal.kernel import pictures
from portal.kernel.kinds import Kind


def leaving(original_type: str) -> list[tuple[str, str, str]]:
    """Role, media type and origin of each file that leaves."""
    item: Any = SimpleNamespace(
        id=UUID(int=1), company_id=UUID(int=2), version=1, kind=Kind.PURCHASE_INVOICE, number="1", item_date=None,
        counterparty="x", currency="EUR", net=1, tax=0, gross=1, bundle_number=None, bundled_version=None,
    )  # fmt: skip
    paper: Any = SimpleNamespace(
        ubl_sha256=None, original_type=original_type, original_name="photo", original_size=3, original_sha256="a" * 64,
        pdf_sha256="b" * 64, pdf_name="photo.pdf", pdf_size=4, pdf_origin="derived", tax_subtotals=[],
    )  # fmt: skip
    store: Any = None
    made = document_item(item, paper, store, reexport=False)
    return [(one.role, one.media_type, one.origin) for one in made.files]


@pytest.mark.parametrize("kind", [pictures.HEIC, pictures.TIFF, pictures.WEBP, pictures.BMP])
def test_a_photo_that_is_not_shown_leaves_with_its_pdf(kind: str) -> None:
    assert leaving(kind) == [("original", kind, "received"), ("pdf", "application/pdf", "derived")]


@pytest.mark.parametrize("kind", [pictures.JPEG, pictures.PNG])
def test_a_photo_that_is_shown_leaves_alone(kind: str) -> None:
    assert leaving(kind) == [("original", kind, "received")]
