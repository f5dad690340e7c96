"""A file that came to the office as a whole: before anybody knows whose it is."""

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from exports.model import Document as Invoice
from exports.model import Party
from portal.features.documents.domain.identity import Identity, compact, is_us, numbers_of
from portal.features.intake.domain.files import Channel
from portal.features.intake.domain.reasons import Reason
from portal.kernel.machine import machine


class InboxState(enum.StrEnum):
    """Where a file of the inbox is."""

    RECEIVED = "received"  # stored, not looked at yet
    WAITING = "waiting"  # for somebody who says whose it is
    ROUTED = "routed"  # handed to a dossier, by its number or by a person
    SPLIT = "split"  # an archive: its files are here by themselves
    DISCARDED = "discarded"


INBOX = machine(
    InboxState.RECEIVED,
    {
        InboxState.RECEIVED: {
            InboxState.WAITING,
            InboxState.ROUTED,
            InboxState.SPLIT,
            InboxState.DISCARDED,
        },
        InboxState.WAITING: {InboxState.ROUTED, InboxState.DISCARDED},
        InboxState.DISCARDED: {InboxState.WAITING},
    },
)
BY_HAND = "inbox.discarded"
"""The reason of what a person discarded: only that can be taken back."""
MOST_NAMED = 20
"""So many dossiers are kept with a file that fits several."""


class InboxReception(msgspec.Struct, frozen=True, kw_only=True):
    """How files came to a firm's inbox: through which channel, by whom, when."""

    firm_id: UUID
    upload_id: UUID
    received_at: datetime
    received_by: UUID | None
    channel: Channel
    sender: str


class InboxQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of the inbox shows."""

    state: InboxState = InboxState.WAITING
    search: str = ""
    cursor: str | None = None


class InboxChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is written on a file of the inbox; what is left out stays as it is."""

    reason: str | UnsetType | None = UNSET
    reason_params: dict[str, Any] | UnsetType = UNSET
    object_sha256: UnsetType | None = UNSET
    handled_at: datetime | UnsetType | None = UNSET
    dossier_id: UUID | UnsetType | None = UNSET
    intake_file_id: UUID | UnsetType | None = UNSET

    def columns(self) -> dict[str, Any]:
        """The columns that change."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of whose it is.

    Attributes:
        numbers: company numbers (country, number), normalised.
        texts: other identifiers, compared without spaces and punctuation.
        accounts: bank accounts, as CODA names them.
        parties: supplier and customer of an invoice; empty for statements.
        said: what people read of them, by the names of the reason's values.
    """

    numbers: frozenset[tuple[str, str]] = frozenset()
    texts: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    parties: tuple[Party, ...] = ()
    said: dict[str, str] = {}


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An open dossier that a file may be for, with everything by which its company is known."""

    dossier_id: UUID
    company_id: UUID
    us: Identity
    has_account: bool = False


def marks_of_invoice(invoice: Invoice) -> Marks:
    """What an invoice says of its two parties."""
    numbers: set[tuple[str, str]] = set()
    texts: set[str] = set()
    for party in (invoice.supplier, invoice.customer):
        numbers.update(numbers_of(party))
        given = (party.endpoint_id, party.legal_id, party.vat_id, party.tax_registration_id)
        texts.update(compact(one) for one in given if one)
        texts.update(compact(value) for _scheme, value in party.identifiers if value)
    return Marks(
        numbers=frozenset(numbers),
        texts=frozenset(texts - {""}),
        parties=(invoice.supplier, invoice.customer),
        said={
            "number": invoice.number[:100],
            "supplier": _named(invoice.supplier),
            "customer": _named(invoice.customer),
        },
    )


def _named(party: Party) -> str:
    number = " ".join(party.company_numbers[0]) if party.company_numbers else party.vat_id or ""
    return " · ".join(one for one in (party.display_name[:100], number[:40]) if one) or "–"


def marks_of_statements(numbers: frozenset[tuple[str, str]], accounts: frozenset[str]) -> Marks:
    """What a CODA file says of whose accounts it tells."""
    return Marks(
        numbers=numbers, accounts=accounts, said={"accounts": ", ".join(sorted(accounts))[:200] or "–"}
    )


def is_for(marks: Marks, one: Candidate) -> bool:
    """Whether a file names a dossier's company: as a party by any of its identifiers, by its number, or by its account."""
    if marks.parties:
        return any(is_us(party, one.us) for party in marks.parties)
    return one.has_account or bool(marks.numbers & one.us.numbers)


def why_waiting(marks: Marks | None, fitting: tuple[Candidate, ...]) -> Reason:
    """Why a file waits for somebody who says whose it is; not called where exactly one dossier fits.

    Args:
        marks: None where a file names nobody: a PDF, a photo.
    """
    if marks is None:
        return Reason(code="inbox.paper")
    if fitting:
        ids = [str(one.dossier_id) for one in fitting[:MOST_NAMED]]
        return Reason(code="inbox.several", params={**marks.said, "dossiers": ids})
    return Reason(code="inbox.nobody_invoice" if marks.parties else "inbox.nobody_coda", params=marks.said)
