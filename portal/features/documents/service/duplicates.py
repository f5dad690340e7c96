"""Documents that meet others of their supplier, number and year: the same again, or something else under the same number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from exports.model import Document as Invoice
from portal.db.session import ReadSession
from portal.features.documents.domain.comparison import Difference, compare, compare_invoices
from portal.features.documents.domain.documents import UblOrigin
from portal.features.documents.domain.identity import invoice_columns, number_prefix
from portal.features.documents.domain.patch import EntryPatch, completed
from portal.features.documents.models import Document
from portal.features.documents.repository import documents as documents_repository
from portal.kernel.errors import Conflict
from portal.kernel.language import N_


@dataclass(frozen=True, slots=True)
class Met:
    """A document that is there, and in what the new one differs from it; in nothing when it is the same.

    `document_id` outlives the transaction in which it was met, also when that is rolled back.
    """

    document: Document
    document_id: UUID
    differences: tuple[Difference, ...]


class Differs(Conflict):
    """Another document of this supplier and number says something else: a person decides which one stands.

    Attributes:
        met: the one that is there, and in what they differ.
    """

    code = "differs"
    message = N_("There is another document of this supplier and number, and it differs from this one.")

    def __init__(self, met: Met) -> None:
        super().__init__()
        self.met = met


async def of_number(session: ReadSession, company_id: UUID, key: object) -> Sequence[Document]:
    """The company's documents of one supplier, number, type and year, however often somebody kept two of them."""
    if not isinstance(key, str):
        return []
    prefix, suffix = number_prefix(key)
    found = await documents_repository.with_prefix(session, company_id, prefix)
    return [
        row
        for row in found
        if row.duplicate_key is not None
        and f"{row.duplicate_key[len(prefix) :]}|".partition("|")[2].startswith(f"{suffix[1:]}|")
    ]


async def of_invoice(
    session: ReadSession, company_id: UUID, invoice: Invoice, *, supplier_is_us: bool
) -> Sequence[Document]:
    """The documents an invoice meets."""
    columns = invoice_columns(invoice, supplier_is_us=supplier_is_us)
    return await of_number(session, company_id, columns["duplicate_key"])


def met(
    candidates: Sequence[Document],
    columns: Mapping[str, Any],
    invoices: Mapping[UUID, tuple[Invoice, Invoice]] | None = None,
    *,
    derived: bool = False,
) -> Met | None:
    """Among documents of one number the same one, else the one that differs least; None without any.

    Args:
        invoices: what the file of a candidate says, and what the new one says, by the candidate's id.
        derived: the new one is written in another syntax than UBL.
    """
    all_met: list[Met] = []
    for row in candidates:
        differences = compare(row, columns)
        if not differences and invoices and row.id in invoices:
            across = derived or row.ubl_origin == UblOrigin.DERIVED
            differences = compare_invoices(*invoices[row.id], across=across)
        all_met.append(Met(row, row.id, tuple(differences)))
    return min(all_met, key=lambda one: len(one.differences), default=None)


async def known_entry(session: ReadSession, company_id: UUID, patch: EntryPatch, *, us: str) -> Met | None:
    """The document with the supplier, number, year and type of what was typed, if the company has one.

    Raises:
        Invalid: something is not said or wrong, by its field.
    """
    columns = completed(patch).columns(us)
    return met(await of_number(session, company_id, columns["duplicate_key"]), columns)
