"""Whether a file is a message of the CAMT family, told by its first bytes."""

import re

_HEAD = 8192
#: The namespace of ISO, those of SWIFT and of banks before it (``urn:swift:xsd:camt.053.001.02``), or the name of the root's child.
_MESSAGE = re.compile(rb"camt\.(05[234])\.\d{3}(?:\.\d{2})?")
_CHILD = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?BkToCstmr(AcctRpt|Stmt|DbtCdtNtfctn)(?:V\d\d)?[\s>]")
_BY_CHILD = {b"AcctRpt": "camt.052", b"Stmt": "camt.053", b"DbtCdtNtfctn": "camt.054"}


def message_of(head: bytes) -> str | None:
    """``camt.052``, ``camt.053`` or ``camt.054`` for a file that begins so; ``None`` for everything else.

    Args:
        head: Its first bytes; 8192 are looked at.
    """
    start = head[:_HEAD].replace(b"\x00", b"")  # UTF-16
    if b"<" not in start[:200]:
        return None
    if child := _CHILD.search(start):
        return _BY_CHILD[child[1]]
    match = _MESSAGE.search(start)
    return f"camt.{match[1].decode()}" if match else None


def looks_like(head: bytes) -> bool:
    """Whether a file is of the CAMT family."""
    return message_of(head) is not None
