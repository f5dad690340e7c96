"""MT940, the bank's statement as a SWIFT message: with its envelope or without, from Belgian, Dutch, German and other banks.

>>> from exports import mt940
>>> file = mt940.read(data)  # doctest: +SKIP
>>> for one in file.statements:  # doctest: +SKIP
...     print(one.values.account.key, one.number, one.values.new_balance)

Read by a parser of our own: the common library for it keeps no bytes of a statement, has no bounds, and leaves out what it does not
understand; it serves the tests as a second opinion.

Source: SWIFT Standards MT, category 9 (MT940); the structures of tag 86 as German (DFÜ agreement, appendix 3) and Dutch banks publish them.
"""

from exports.mt940.reader import MAX_BYTES, read
from exports.mt940.tokens import looks_like
from exports.statements.errors import Unreadable, UnreadableError

__all__ = ["MAX_BYTES", "Unreadable", "UnreadableError", "looks_like", "read"]
