"""CODA, the Belgian banks' coded statement of account: read, check, write, split, merge, find what is missing.

>>> from exports import coda
>>> file = coda.read(data)  # doctest: +SKIP
>>> for statement in file.statements:  # doctest: +SKIP
...     print(statement.account.key, statement.old_balance, statement.new_balance)
...     for movement in statement.movements:
...         print(movement.amount, movement.counterparty_name, movement.text)

Versions 1 and 2 (2.1 to 2.6) are read, version 2 is written. Reading raises :class:`Unreadable` for what has
no safe reading; everything else that is not right is a finding of :func:`check`.

Source: Febelfin, Coded statement of account (CODA) 2.6 (2018), with 2.1 to 2.3 for what changed.
"""

from exports.coda.accounts import Account
from exports.coda.builders import movement_of, statement_of, to_thousandths
from exports.coda.chain import Conflict, Gap, conflicts, continuity, order
from exports.coda.checks import check, check_statement
from exports.coda.errors import Unreadable, UnreadableError
from exports.coda.model import File, FreeCommunication, Information, Movement, Statement, Trailer
from exports.coda.parts import merge, split
from exports.coda.reader import MAX_BYTES, read
from exports.coda.structured import StructuredCommunication, mask_card_number
from exports.coda.writer import write
from exports.errors import UnwritableError

Unwritable = UnwritableError

__all__ = [
    "MAX_BYTES",
    "Account",
    "Conflict",
    "File",
    "FreeCommunication",
    "Gap",
    "Information",
    "Movement",
    "Statement",
    "StructuredCommunication",
    "Trailer",
    "Unreadable",
    "UnreadableError",
    "Unwritable",
    "UnwritableError",
    "check",
    "check_statement",
    "conflicts",
    "continuity",
    "mask_card_number",
    "merge",
    "movement_of",
    "order",
    "read",
    "split",
    "statement_of",
    "to_thousandths",
    "write",
]
