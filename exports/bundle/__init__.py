"""Bundles: deterministic ZIPs with a chained manifest, in the layout of a bookkeeping package.

``build`` streams items into a ZIP and returns the manifest it put in; ``verify`` reads such a ZIP, whoever
touched it since, and tells what is wrong with it.
"""

from exports.bundle.errors import HeaderFault, ItemFault, Unreadable
from exports.bundle.model import (
    Header,
    Item,
    ItemFile,
    Kind,
    Layout,
    Origin,
    Placement,
    Role,
    TaxAmount,
    import_order,
)

__all__ = [
    "Header",
    "HeaderFault",
    "Item",
    "ItemFault",
    "ItemFile",
    "Kind",
    "Layout",
    "Origin",
    "Placement",
    "Role",
    "TaxAmount",
    "Unreadable",
    "import_order",
]
