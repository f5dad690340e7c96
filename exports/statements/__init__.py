"""Bank statements in whatever form they come: CODA, CAMT.053, MT940, told apart by what stands in the file.

>>> from exports import statements
>>> statements.form_of(data)  # doctest: +SKIP
'camt'
>>> file = statements.read(data)  # CAMT.053 or MT940; CODA is exports.coda's  # doctest: +SKIP
>>> statements.to_coda(file.statements[0], 501)  # doctest: +SKIP

What is read here never claims to be CODA. :func:`to_coda` writes one for accounts that have none, and it says so of itself.
"""

from typing import Literal

from exports import camt, mt940
from exports.statements.coda import FIRST, LAST, MARK, is_derived, to_coda
from exports.statements.errors import Unreadable, UnreadableError
from exports.statements.model import ForeignStatement, Form, Pending, StatementFile


def form_of(head: bytes) -> Form | Literal["other_camt"] | None:
    """``camt`` (camt.053), ``mt940``, ``other_camt`` (camt.052, camt.054) for a file that begins so, else ``None``."""
    message = camt.message_of(head)
    if message is not None:
        return "camt" if message == "camt.053" else "other_camt"
    return "mt940" if mt940.looks_like(head) else None


def read(data: bytes) -> StatementFile:
    """The statements of a CAMT.053 or MT940 file.

    Raises:
        UnreadableError: It is neither, or cannot be read safely.
    """
    return mt940.read(data) if mt940.looks_like(data) else camt.read(data)


__all__ = [
    "FIRST",
    "LAST",
    "MARK",
    "ForeignStatement",
    "Form",
    "Pending",
    "StatementFile",
    "Unreadable",
    "UnreadableError",
    "form_of",
    "is_derived",
    "read",
    "to_coda",
]
