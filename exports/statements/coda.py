"""A statement of another form written as CODA, for packages that read nothing else: marked as made here, with a number of its own series."""

from dataclasses import replace

from exports.coda.model import File, FreeCommunication, Statement
from exports.coda.writer import write
from exports.statements.model import ForeignStatement

MARK = "DERIVED"
"""In the file reference (record 0, 25-34) of what is made here: no bank writes that."""

FIRST, LAST = 501, 999
"""Numbers of our own series, within a year: banks count their days or statements from 1, and no year has so many."""

_NAMES = {"camt": "CAMT.053", "mt940": "MT940"}


def to_coda(statement: ForeignStatement, number: int) -> bytes:
    """The CODA of a statement: the same bytes whenever it is made again.

    Record 0 bears :data:`MARK`, record 4 says what it was made from. Texts that CODA has less room for are in its information records,
    names are cut at 35 signs there and whole in the records 3 (:mod:`exports.statements.building`).

    Args:
        statement: One that adds up.
        number: Its number in the own series of the account: ``FIRST`` to ``LAST``.

    Raises:
        UnwritableError: CODA has no place for something: more digits than it writes, an account number that is too long, a day
            outside of 1980 to 2079.
    """
    values = statement.values
    name = _NAMES[statement.form]
    lines = (
        f"This file is no CODA of the bank. It was made from its {name} statement",
        f"{statement.reference or statement.number}"[:80],
    )
    day = values.new_balance_date
    made: Statement = replace(
        values,
        holder=values.holder[:26],
        addressee=values.holder[:26],
        description=f"{MARK} FROM {name}",
        bic=values.bic if len(values.bic) <= 11 else "",
        bank_id="000",
        file_reference=MARK,
        transaction_reference=values.transaction_reference if len(values.transaction_reference) <= 16 else "",
        related_reference="",
        creation_date=day,
        old_balance_date=values.old_balance_date or day,
        coda_sequence=number,
        paper_number=number,
        new_paper_number=number,
        is_duplicate=False,
        free_communications=tuple(
            FreeCommunication(sequence_number=1, detail_number=at, text=text)
            for at, text in enumerate(lines)
            if text
        ),
    )
    return write(File((made,)))


def is_derived(statement: Statement) -> bool:
    """Whether a CODA says of itself that it was made here."""
    return statement.file_reference == MARK
