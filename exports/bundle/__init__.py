"""Bundles: deterministic ZIPs with a chained manifest, in the layout of a bookkeeping package.

``build`` streams items into a ZIP and returns the manifest it put in; ``rebuild`` writes it once more; ``verify`` reads such a ZIP, whoever
touched it since, and tells what is wrong with it.
"""

from exports.bundle.build import build, rebuild
from exports.bundle.errors import HeaderFault, ItemFault, Unreadable
from exports.bundle.manifest import (
    MANIFEST_PATH,
    KindTotal,
    Manifest,
    ManifestDossier,
    ManifestFile,
    ManifestItem,
    ManifestTax,
    RateTotal,
    Totals,
    read_manifest,
    totals,
)
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
from exports.bundle.verify import verify

__all__ = [
    "MANIFEST_PATH",
    "Header",
    "HeaderFault",
    "Item",
    "ItemFault",
    "ItemFile",
    "Kind",
    "KindTotal",
    "Layout",
    "Manifest",
    "ManifestDossier",
    "ManifestFile",
    "ManifestItem",
    "ManifestTax",
    "Origin",
    "Placement",
    "RateTotal",
    "Role",
    "TaxAmount",
    "Totals",
    "Unreadable",
    "build",
    "import_order",
    "read_manifest",
    "rebuild",
    "totals",
    "verify",
]
