"""What all layouts share: a folder per kind, and which files of an item leave under which name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

from exports.bundle import names
from exports.bundle.manifest import MANIFEST_PATH
from exports.bundle.model import Item, ItemFile, Kind, Placement
from exports.errors import UnwritableError

_LABELS = {kind: kind.value.replace("_", "-") for kind in Kind} | {Kind.statement: "coda"}
_MADE_HERE = "coda-derived"
_PAPERS = (Kind.daily_receipts, Kind.payroll, Kind.tax_letter, Kind.contract)
"""What few packages have a place for."""
_ROLE_EXTENSIONS = {"ubl": ".xml", "pdf": ".pdf"}
# What an original may be called: nothing that a double click would run.
_MEDIA_EXTENSIONS = {
    "application/pdf": ".pdf",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/avif": ".avif",
    "message/rfc822": ".eml",
    "application/zip": ".zip",
    "application/vnd.ms-excel": ".xls",
    "application/msword": ".doc",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
_EXTENSION_ROOM = len("_99.xlsx")
# PDF before UBL: whoever watches the folder never sees an invoice whose image is still to come.
_ORDER = {"original": 0, "pdf": 1, "ubl": 2, "coda": 3}
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_LONGEST = {"account": 34, "year": 4, "month": 2}


class LayoutFault(UnwritableError):
    """A layout's name or a folder given for it cannot be used.

    Reasons: ``unknown_layout``, ``unknown_kind``, ``unknown_variable``, ``too_long``, ``not_ascii`` (a letter with
    an accent, which some readers of ZIPs show as another), ``reserved_name`` (the manifest stands there), and the
    codes of ``names.path_fault``.
    """


class Source(NamedTuple):
    """Where something about a package was found: what it is, and the address or paper."""

    what: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderLayout:
    """How one bookkeeping package wants its files: a value, not code.

    ``folders`` are relative to the dossier's folder, ``/`` between, ``""`` for that folder itself, with the
    variables ``{account}``, ``{year}`` and ``{month}`` (of the item's date); a part whose variable is empty
    is left out. ``statement_pdf`` tells whether the PDF of a bank statement goes along with its CODA.
    ``sources`` tell where this comes from, ``unconfirmed`` what none of them says.
    """

    name: str
    title: str
    folders: Mapping[Kind, str]
    sources: tuple[Source, ...]
    unconfirmed: tuple[str, ...]
    statement_extension: str = ".cod"
    statement_pdf: bool = False

    def with_folders(self, overrides: Mapping[Kind, str] | Mapping[str, str]) -> FolderLayout:
        r"""A copy of the layout with a dossier's own folders for some kinds; ``\`` counts as ``/``.

        Raises:
            LayoutFault: A folder is absolute, climbs with ``..``, holds a name Windows refuses, a letter
                outside ASCII or a variable that there is not, is the manifest's name, or is too long to leave
                room for file names.
        """
        cleaned = {(known := _kind(kind)): _folder(known, folder) for kind, folder in overrides.items()}
        if Kind.other in cleaned:  # what has no place of its own goes where other papers go
            homeless = [kind for kind in _PAPERS if self.folders[kind] == self.folders[Kind.other]]
            cleaned = dict.fromkeys(homeless, cleaned[Kind.other]) | cleaned
        return replace(self, folders=MappingProxyType({**self.folders, **cleaned}))

    def folder(self, item: Item) -> str:
        """The folder of an item, relative to the dossier's folder; ``""`` for that folder itself."""
        folder = self.folders[item.kind]
        if "{" in folder:
            values = {
                "account": _account(item),
                "year": f"{item.date:%Y}",
                "month": f"{item.date:%m}",
            }
            parts = [_VARIABLE.sub(lambda match: values[match[1]], part) for part in folder.split("/")]
        else:
            parts = folder.split("/")
        # An account that happens to be the name of a device cannot be a folder on Windows.
        return "/".join(names.made_safe(part) for part in parts if part)

    def place(self, item: Item, *, bundle: int, sequence: int) -> tuple[Placement, ...]:
        """The files of an item that leave, each with its path inside the bundle.

        A UBL that carries its PDF goes alone; another has its PDF beside it under the same base name. CODA
        goes per account, without the PDF of the statement unless the layout wants it. Originals always go,
        once.
        """
        is_statement = item.kind is Kind.statement
        number = item.number
        if is_statement:
            number = "-".join(filter(None, (_account(item), item.statement_number or item.number)))
        base = names.base_name(
            item.date,
            bundle=bundle,
            sequence=sequence,
            label=_MADE_HERE if is_statement and item.made_here else _LABELS[item.kind],
            number=number,
            room=names.MAX_NAME - _EXTENSION_ROOM,
        )
        folder = self.folder(item)
        prefix = f"{folder}/{base}" if folder else base
        placements: list[Placement] = []
        taken: set[str] = set()
        for file in _chosen(item, statement_pdf=self.statement_pdf):
            extension = self._extension(file)
            path, copy = prefix + extension, 2
            while path in taken:
                path, copy = f"{prefix}_{copy}{extension}", copy + 1
            taken.add(path)
            placements.append(Placement(file, path))
        return tuple(placements)

    def _extension(self, file: ItemFile) -> str:
        if file.role == "coda":
            return self.statement_extension
        return _ROLE_EXTENSIONS.get(file.role) or _MEDIA_EXTENSIONS.get(file.media_type.lower(), ".bin")


def layout(
    name: str,
    title: str,
    *,
    sales: str,
    purchases: str,
    receipts: str,
    other: str,
    statements: str,
    sources: tuple[Source, ...],
    unconfirmed: tuple[str, ...],
    papers: Mapping[Kind, str] = MappingProxyType({}),
    statement_pdf: bool = False,
) -> FolderLayout:
    """A layout in which credit notes go with their invoices, as every package here wants them.

    ``papers`` are the folders of daily receipts, payroll, tax letters and contracts where the package has a
    place for them; the others go where ``other`` goes.
    """
    folders = {
        Kind.sales_invoice: sales,
        Kind.sales_credit_note: sales,
        Kind.purchase_invoice: purchases,
        Kind.purchase_credit_note: purchases,
        Kind.expense_receipt: receipts,
        Kind.other: other,
        **dict.fromkeys(_PAPERS, other),
        **papers,
        Kind.statement: statements,
    }
    return FolderLayout(
        name=name,
        title=title,
        folders=MappingProxyType({kind: _folder(kind, folder) for kind, folder in folders.items()}),
        sources=sources,
        unconfirmed=unconfirmed,
        statement_pdf=statement_pdf,
    )


def _chosen(item: Item, *, statement_pdf: bool) -> list[ItemFile]:
    """The files that leave, in the order in which a reader may see them."""
    embedded = any(_embeds_pdf(file) for file in item.files if file.role == "ubl")
    drop_pdf = embedded or (
        item.kind is Kind.statement and not statement_pdf and any(file.role == "coda" for file in item.files)
    )
    chosen: dict[str, ItemFile] = {}
    # A file that is both the original and the invoice is given once, under its stronger role.
    for file in sorted(item.files, key=lambda file: -_ORDER[file.role]):
        if not (drop_pdf and file.role == "pdf"):
            chosen.setdefault(file.sha256, file)
    return sorted(chosen.values(), key=lambda file: _ORDER[file.role])


def _account(item: Item) -> str:
    """The account number as a name: an IBAN without its spaces, at most its 34 characters."""
    return names.sanitise(item.account or "", 99).replace("-", "").replace(".", "").upper()[:34]


def _embeds_pdf(file: ItemFile) -> bool:
    return file.origin != "received" if file.embeds_pdf is None else file.embeds_pdf


def _kind(kind: str) -> Kind:
    try:
        return Kind(kind)
    except ValueError:
        raise LayoutFault("unknown_kind", None, {"kind": kind, "known": ", ".join(Kind)}) from None


def _folder(kind: Kind, folder: str) -> str:
    """A folder as it is kept, or the reason why it cannot be."""
    cleaned = unicodedata.normalize("NFC", folder.strip().replace("\\", "/"))
    if cleaned in {"", "."}:
        return ""
    if not cleaned.startswith("/"):
        cleaned = cleaned.rstrip("/")
    unknown = set(_VARIABLE.findall(cleaned)) - _LONGEST.keys()
    if unknown:
        raise LayoutFault(
            "unknown_variable", None, {"kind": kind.value, "folder": folder, "variable": min(unknown)}
        )
    # The longest they can become stands in for the variables.
    sample = _VARIABLE.sub(lambda match: "X" * _LONGEST[match[1]], cleaned)
    fault = names.path_fault(f"{sample}/x")  # with a file in it
    if fault is None and len(sample) > names.MAX_PATH - names.MAX_NAME - 1:
        fault = "too_long"
    if fault is None and ("{" in sample or "}" in sample):
        fault = "forbidden_character"
    if fault is None and not sample.isascii():
        fault = "not_ascii"
    if fault is None and sample.partition("/")[0].casefold() == MANIFEST_PATH:
        fault = "reserved_name"
    if fault is not None:
        raise LayoutFault(fault, None, {"kind": kind.value, "folder": folder})
    return cleaned
