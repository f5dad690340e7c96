"""What a Cross Industry Invoice does not keep to: its schema, and what it says of itself."""

import threading
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from exports.cii.nodes import local
from exports.cii.reader import document, tree
from exports.model import Finding
from exports.ubl.check.contradictions import contradictions
from exports.ubl.check.engine import resource
from exports.ubl.kinds import ZUGFERD_1

RULE = "CII-XSD"
LIMIT = 100  #: findings of the schema
#: Factur-X' widest profile holds all others, and EN 16931; ZUGFeRD 1 has names of its own.
_FACTUR_X, _ZUGFERD_1 = "facturx-extended/Factur-X_EXTENDED.xsd", "zugferd/ZUGFeRD1p0.xsd"
_schemas: dict[str, Any] = {}
#: A loaded schema keeps the log of its last validation, so one caller at a time.
_lock = threading.Lock()
_STUB = "AA=="


def check(data: bytes) -> list[Finding]:
    """What a document does not keep to. The business rules of its profile (Schematron) are not evaluated.

    Raises:
        Unreadable: The bytes are no Cross Industry Invoice that can be read.
        RulesUnavailableError: The schema is not installed.
    """
    root = tree(data)
    read = document(root)
    return [*by_schema(root), *contradictions(read), *read.reading_remarks]


def by_schema(root: Any) -> list[Finding]:
    """What the schema of Factur-X EXTENDED, or of ZUGFeRD 1, says about a tree; its attachments are emptied.

    Raises:
        RulesUnavailableError: The schema is not installed.
    """
    for element in root.iter():
        if local(element) == "AttachmentBinaryObject" and element.text:
            element.text = _STUB  # looked at by the reader; costs 50 ms for a PDF of 7 MB
    file = _ZUGFERD_1 if local(root) == ZUGFERD_1 else _FACTUR_X
    with _lock:
        schema = _schemas.get(file)
        if schema is None:
            schema = _schemas[file] = etree.XMLSchema(file=str(resource(file)))
        if schema.validate(root):
            return []
        errors = [(error.path, error.line, error.message) for error in schema.error_log][:LIMIT]
    return [
        Finding(
            rule=RULE,
            severity="warning",
            location=path or "",
            text=_plain(message),
            params={"message": _plain(message)[:200], "line": str(line)},
        )
        for path, line, message in errors
    ]


def _plain(message: str) -> str:
    """A message without the namespaces of names."""
    parts = message.split("{")
    return parts[0] + "".join(one.partition("}")[2] or "{" + one for one in parts[1:])
