"""Names of UBL elements: prefixes, Clark names and the paths that findings show."""

from collections.abc import Iterator
from typing import Protocol


class Element(Protocol):
    """The part of lxml's elements that the checks use; lxml itself comes without types."""

    text: str | None

    @property
    def tag(self) -> str:
        """The name of an element in Clark notation, `{namespace}local`."""
        ...

    @property
    def sourceline(self) -> int | None:
        """Line in the file, 1-based."""
        ...

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator["Element"]: ...

    def get(self, name: str, /) -> str | None:
        """The value of an attribute; None where the element has none."""
        ...

    def getparent(self) -> "Element | None":
        """The element around this one."""
        ...

    def find(self, path: str, /) -> "Element | None":
        """The first match of a path of Clark names."""
        ...

    def iterchildren(self, *tags: str) -> Iterator["Element"]:
        """The elements directly below, in document order."""
        ...

    def findall(self, path: str, /) -> list["Element"]:
        """All matches of a path of Clark names."""
        ...

    def iter(self, *tags: str) -> Iterator["Element"]:
        """This element and all below, in document order."""
        ...

    def itersiblings(self, *tags: str, preceding: bool = False) -> Iterator["Element"]:
        """The siblings after this one, or before it, nearest first."""
        ...


INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CREDIT_NOTE = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
EXT = "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2"

INVOICE_ROOT = f"{{{INVOICE}}}Invoice"
CREDIT_NOTE_ROOT = f"{{{CREDIT_NOTE}}}CreditNote"
ROOTS = frozenset({INVOICE_ROOT, CREDIT_NOTE_ROOT})

_NAMESPACES = {"cac": CAC, "cbc": CBC, "ext": EXT}
#: The roots go without a prefix, as in the documents themselves.
_PREFIXES = {CAC: "cac:", CBC: "cbc:", EXT: "ext:", INVOICE: "", CREDIT_NOTE: ""}


def clark(name: str) -> str:
    """``cbc:ID`` as lxml writes it: the namespace in braces, then the name."""
    prefix, local = name.split(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


def short(tag: str) -> str:
    """A Clark name with UBL's usual prefix; a foreign namespace stays in braces."""
    namespace, brace, local = tag[1:].rpartition("}")
    if not brace:
        return tag
    prefix = _PREFIXES.get(namespace)
    return tag if prefix is None else prefix + local


def locate(element: Element) -> str:
    """The path of an element from the root, as ``/Invoice/cac:InvoiceLine[2]/cbc:Note``.

    A number stands where siblings share the name. The prefixes are UBL's usual ones, whatever the file used.
    """
    steps: list[str] = []
    node: Element | None = element
    while node is not None:
        parent = node.getparent()
        step = short(node.tag)
        if parent is not None:
            before = sum(1 for _ in node.itersiblings(node.tag, preceding=True))
            if before or next(node.itersiblings(node.tag), None) is not None:
                step += f"[{before + 1}]"
        steps.append(step)
        node = parent
    return "/" + "/".join(reversed(steps))
