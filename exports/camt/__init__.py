"""CAMT.053, the bank's statement in ISO 20022 XML: read, checked, told apart from its neighbours.

>>> from exports import camt
>>> file = camt.read(data)  # doctest: +SKIP
>>> for one in file.statements:  # doctest: +SKIP
...     print(one.version, one.values.account.key, one.values.old_balance, one.is_sound)

Versions 001.02 to 001.13 are read, whatever the prefix: their elements differ in a few names, and both are known. camt.052 (what happened
so far today) and camt.054 (single notices) are recognised and refused by name: neither has two balances that what it lists leads from and
to.

Source: ISO 20022 message definitions camt.052, camt.053 and camt.054; EPC and Febelfin guidelines for their use.
"""

from exports.camt.reader import MAX_BYTES, read
from exports.camt.recognise import looks_like, message_of
from exports.statements.errors import Unreadable, UnreadableError

__all__ = ["MAX_BYTES", "Unreadable", "UnreadableError", "looks_like", "message_of", "read"]
