"""Whose a file of the inbox is, decided without a database."""

from uuid import uuid4

import msgspec
import pytest

from exports.model import Party
from portal.features.documents.domain.identity import identity
from portal.features.intake.domain.inbox import (
    INBOX,
    MOST_NAMED,
    Candidate,
    InboxState,
    Marks,
    is_for,
    marks_of_statements,
    why_waiting,
)

US = "0999888767"


def candidate(number: str | None = US, *others: str, has_account: bool = False) -> Candidate:
    us = identity("BE", number, None, others)
    return Candidate(dossier_id=uuid4(), company_id=uuid4(), us=us, has_account=has_account)


def invoice(supplier: Party, customer: Party) -> Marks:
    return Marks(parties=(supplier, customer), said={"supplier": "S", "customer": "C"})


@pytest.mark.parametrize(
    ("party", "fits"),
    [
        (Party(vat_id="BE 0999.888.767"), True),
        (Party(legal_id="999888767", legal_id_scheme="0208"), True),
        (Party(endpoint_id="5412345000013", endpoint_scheme="0088"), True),
        (Party(identifiers=(("0088", "5412345000013"),)), True),
        (Party(vat_id="BE0417497106"), False),
        (Party(name="0999888767"), False),
        (Party(), False),
    ],
)
def test_an_invoice_is_for_whom_either_party_names_by_any_identifier(party: Party, *, fits: bool) -> None:
    one = candidate(US, "5412345000013")
    stranger = Party(vat_id="BE0417497106")
    assert is_for(invoice(party, stranger), one) is fits
    assert is_for(invoice(stranger, party), one) is fits


def test_a_statement_is_for_whom_its_number_or_its_account_names() -> None:
    by_number = marks_of_statements(frozenset({("BE", US)}), frozenset({"BE1"}))
    assert is_for(by_number, candidate())
    assert not is_for(by_number, candidate("0417497106"))
    assert is_for(by_number, candidate("0417497106", has_account=True))
    assert is_for(marks_of_statements(frozenset(), frozenset({"BE1"})), candidate(None, has_account=True))


def test_what_waits_says_why() -> None:
    marks = invoice(Party(), Party())
    assert why_waiting(None, ()).code == "inbox.paper"
    assert why_waiting(marks, ()).code == "inbox.nobody_invoice"
    assert why_waiting(marks, ()).params == {"supplier": "S", "customer": "C"}
    assert why_waiting(marks_of_statements(frozenset(), frozenset({"B", "A"})), ()).params == {
        "accounts": "A, B"
    }
    several = why_waiting(marks, tuple(candidate() for _ in range(30)))
    assert several.code == "inbox.several"
    assert len(several.params["dossiers"]) == MOST_NAMED
    assert msgspec.json.encode(several.params), "it is kept with the file"


def test_nothing_that_was_handed_over_comes_back() -> None:
    assert not INBOX.moves[InboxState.ROUTED]
    assert not INBOX.moves[InboxState.SPLIT]
    assert INBOX.sources(InboxState.ROUTED) == {InboxState.RECEIVED, InboxState.WAITING}
