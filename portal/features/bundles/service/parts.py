"""What of documents and statements goes into an archive: rows of the database as the plain values of the format library."""

from decimal import Decimal
from typing import Any, BinaryIO
from uuid import UUID

from exports.bundle import Item, ItemFile, TaxAmount
from exports.bundle import Kind as BundleKind
from portal.features.banking.domain import StatementForm
from portal.features.banking.models import BankAccount, DerivedCoda, Statement
from portal.features.banking.service import derived
from portal.features.documents.domain.documents import DRAWN_PICTURES, DocumentFiles, PdfOrigin, UblOrigin
from portal.features.items.domain import ReservedItem
from portal.kernel.kinds import Kind
from portal.storage import ObjectStore

BUNDLE_KINDS = {kind: BundleKind(kind.value) for kind in Kind}
"""What our kinds are called in a bundle: the format has a list of its own, which other programs read."""


def opener(store: ObjectStore, namespace: UUID, sha256: str) -> Any:
    """Opens one stored file, later and in another thread."""

    def opened() -> BinaryIO:
        return store.open(namespace, sha256, verified=False)  # the bundle compares the hash itself

    return opened


def document_item(item: ReservedItem, paper: DocumentFiles, store: ObjectStore, reexport: bool) -> Item:
    """A document with its files. May raise anything where the rows hold odd values: its item is to blame then."""
    files: list[ItemFile] = []
    if paper.ubl_sha256 is not None:
        files.append(
            ItemFile(
                role="ubl",
                name=_ubl_name(paper),
                media_type="application/xml",
                size=paper.original_size if paper.ubl_size is None else paper.ubl_size,
                sha256=paper.ubl_sha256,
                origin="derived" if paper.ubl_origin == UblOrigin.DERIVED else "received",
                open=opener(store, item.company_id, paper.ubl_sha256),
                embeds_pdf=paper.pdf_origin == PdfOrigin.EMBEDDED,  # "redrawn": what it embeds does not open
            )
        )
        if paper.pdf_sha256 is not None and paper.pdf_origin != PdfOrigin.EMBEDDED:
            files.append(_pdf(item, paper, store))
    else:
        files.append(
            ItemFile(
                role="pdf" if paper.original_type == "application/pdf" else "original",
                name=paper.original_name,
                media_type=paper.original_type,
                size=paper.original_size,
                sha256=paper.original_sha256,
                origin="received",
                open=opener(store, item.company_id, paper.original_sha256),
            )
        )
        if paper.pdf_sha256 is not None and paper.original_type in DRAWN_PICTURES:
            files.append(_pdf(item, paper, store))
    amended = item.bundled_version is not None and item.bundled_version != item.version
    return Item(
        id=str(item.id),
        version=item.version,
        kind=BUNDLE_KINDS[item.kind],
        number=item.number,
        date=item.item_date,
        counterparty=item.counterparty,
        currency=item.currency,
        net=item.net,
        tax=item.tax,
        gross=item.gross,
        tax_subtotals=tuple(_tax(rate) for rate in paper.tax_subtotals),
        files=tuple(files),
        reexport=reexport,
        first_exported_in=item.bundle_number,
        replaces=f"{item.id}:{item.bundled_version}" if amended else None,
    )


def _ubl_name(paper: DocumentFiles) -> str:
    """The name of a UBL: the original's, with another ending where the original is none itself."""
    if paper.ubl_origin is None or paper.original_name.lower().endswith(".xml"):
        return paper.original_name
    return f"{paper.original_name.rpartition('.')[0] or paper.original_name}.xml"


def _pdf(item: ReservedItem, paper: DocumentFiles, store: ObjectStore) -> ItemFile:
    """The PDF for people: one that came, or that was made by us."""
    assert paper.pdf_sha256 is not None
    return ItemFile(
        role="pdf",
        name=paper.pdf_name or "document.pdf",
        media_type="application/pdf",
        size=paper.pdf_size or 0,
        sha256=paper.pdf_sha256,
        origin="received" if paper.pdf_origin == PdfOrigin.RECEIVED else "derived",
        open=opener(store, item.company_id, paper.pdf_sha256),
    )


def _tax(rate: dict[str, Any]) -> TaxAmount:
    return TaxAmount(
        str(rate["category"]),
        None if rate.get("percent") is None else Decimal(str(rate["percent"])),
        Decimal(str(rate["taxable"])),
        Decimal(str(rate["tax"])),
    )


def statement_item(
    item: ReservedItem,
    statement: Statement,
    account: BankAccount,
    made: DerivedCoda | None,
    store: ObjectStore,
    reexport: bool,
) -> Item:
    """A bank statement with its CODA, the bank's or the one that was made here. May raise anything, as `document_item`.

    Args:
        made: of a statement in another form; what it was made from does not leave.
    """
    if statement.form is not StatementForm.CODA:
        assert made is not None
        assert made.sha256 is not None
        file = ItemFile(
            role="coda",
            name=derived.derived_file_name(statement, account, made),
            media_type="text/plain",
            size=made.size,
            sha256=made.sha256,
            origin="derived",
            open=opener(store, item.company_id, made.sha256),
        )
    else:
        file = ItemFile(
            role="coda",
            name=statement.original_name,
            media_type="text/plain",
            size=statement.file_size,
            sha256=statement.file_sha256,
            origin="derived" if statement.derived else "received",
            open=opener(store, item.company_id, statement.file_sha256),
        )
    return Item(
        id=str(item.id),
        version=item.version,
        kind=BundleKind.statement,
        number=item.number,
        date=item.item_date,
        counterparty=item.counterparty,
        currency=item.currency,
        files=(file,),
        account=account.iban or account.number,
        statement_number=str(statement.coda_number if made is None else made.number),
        made_here=made is not None,
        reexport=reexport,
        first_exported_in=item.bundle_number,
    )
