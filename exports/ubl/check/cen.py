"""Findings of the EN 16931 rules: the engine's reports with places and values a person can use."""

import re
from collections.abc import Callable

from exports.model import Finding
from exports.ubl.check import cen_values
from exports.ubl.check.engine import ENGINE, EvaluationError, Failure
from exports.ubl.check.names import Element, clark, locate
from exports.ubl.check.source import Source

#: The finding of a document on which the rules broke off; never together with a clean schema in practice.
EVALUATION = "EN16931-EVALUATION"

_STEP = re.compile(r"/(?:\*:)?([^/\[@]+)(?:\[namespace-uri\(\)='([^']*)'\])?\[([0-9]+)\]")
_ATTRIBUTE = re.compile(r"/@([^/]+)$")
#: The rules on elements that are about an attribute of theirs.
_ABOUT = {
    "BR-CL-03": "currencyID",
    **dict.fromkeys(("BR-CL-07", "BR-CL-10", "BR-CL-11", "BR-CL-21", "BR-CL-25", "BR-CL-26"), "schemeID"),
    "BR-CL-13": "listID",
    "BR-CL-23": "unitCode",
    "BR-CL-24": "mimeCode",
}
_EMBEDDED = clark("cbc:EmbeddedDocumentBinaryObject")


def evaluate(source: Source, meanwhile: Callable[[], None] | None = None) -> list[Finding]:
    """What the EN 16931 rules (CEN 1.3.16) say about a document.

    ``params`` has ``value`` where the place is an element with text or an attribute, ``expected`` and
    ``found`` where the rule is about a sum (see :mod:`exports.ubl.check.cen_values`), and ``more`` with the
    number of further breaches when a rule is broken more than 100 times.

    Args:
        source: What the hardened parser made.
        meanwhile: Called while the rules run in their own process.

    Raises:
        RulesUnavailableError: The rules gave no answer.
    """
    try:
        failures = ENGINE.evaluate(source.serialised(), meanwhile)
    except EvaluationError as error:
        message = " ".join(str(error).split())[:500]
        return [
            Finding(
                rule=EVALUATION,
                severity="fatal",
                location=locate(source.root),
                text="The EN 16931 rules cannot calculate with a value of this document.",
                params={"message": message},
            )
        ]
    return [_finding(source.root, failure) for failure in failures]


def _finding(root: Element, failure: Failure) -> Finding:
    element, attribute = _resolve(root, failure.location)
    attribute = attribute or _ABOUT.get(failure.rule)
    location = locate(element)
    params = cen_values.params(failure.rule, element)
    if attribute:
        location += "/@" + attribute
        params["value"] = element.get(attribute) or ""
    elif (
        not len(element) and element.tag != _EMBEDDED
    ):  # a file is no value, and what stands there now is not it
        params["value"] = (element.text or "").strip(" \t\r\n")[:200]
    if failure.more:
        params["more"] = str(failure.more)
    return Finding(
        rule=failure.rule,
        severity="warning" if failure.severity == "warning" else "fatal",
        location=location,
        text=failure.text,
        params=params,
    )


def _resolve(root: Element, location: str) -> tuple[Element, str | None]:
    """The element, and the attribute's name, that the engine's path means."""
    element = root
    for number, step in enumerate(_STEP.finditer(location)):
        if number:
            name, namespace, index = step.groups()
            element = element.findall(f"{{{namespace}}}{name}" if namespace else name)[int(index) - 1]
    attribute = _ATTRIBUTE.search(location)
    return element, attribute[1] if attribute else None
