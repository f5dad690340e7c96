"""The manifest: what is in a bundle, said once, in canonical JSON, chained to the bundle before.

Canonical means: keys sorted, no spaces, UTF-8 without escapes, no floating point numbers (amounts are
strings, with the digits given), absent values as ``null``, moments in UTC as ``2026-11-22T10:00:00Z``. The
same bundle always has the same bytes, and ``Manifest.sha256`` is what the next bundle of the dossier names
as its previous one.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from exports.bundle.errors import Unreadable
from exports.bundle.model import Header, Kind, Origin, Role

SCHEMA = "bundle-manifest"
SCHEMA_VERSION = 1
MANIFEST_PATH = "manifest.json"

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Ordinal = Annotated[int, Meta(ge=1, le=2**53)]

_AMOUNT = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,6})?\Z", re.ASCII)
_ZERO = Decimal(0)


class ManifestTax(Struct, frozen=True, kw_only=True):
    """One VAT breakdown line: category (BT-118), percent (BT-119), taxable amount (BT-116), VAT (BT-117)."""

    category: str
    percent: Decimal | None
    taxable: Decimal
    tax: Decimal


class ManifestFile(Struct, frozen=True, kw_only=True):
    """One file: its path in the ZIP, the name it came with, and what its bytes are."""

    role: Role
    path: str
    name: str
    media_type: str
    size: Count
    sha256: Sha256
    origin: Origin


class ManifestItem(Struct, frozen=True, kw_only=True):
    """One document or statement; the fields are those of ``bundle.Item``, ``sequence`` its place from 1.

    Statements that share one CODA file name the same path.
    """

    sequence: Ordinal
    id: str
    version: Count
    kind: Kind
    number: str
    date: date
    counterparty: str
    currency: str
    net: Decimal | None
    tax: Decimal | None
    gross: Decimal | None
    tax_subtotals: tuple[ManifestTax, ...]
    files: tuple[ManifestFile, ...]
    account: str | None
    statement_number: str | None
    reexport: bool
    first_exported_in: Ordinal | None
    replaces: str | None


class KindTotal(Struct, frozen=True, kw_only=True):
    """The sums of one kind in one currency; items without amounts count as zero."""

    kind: Kind
    currency: str
    items: Count
    net: Decimal
    tax: Decimal
    gross: Decimal


class RateTotal(Struct, frozen=True, kw_only=True):
    """The sums of one VAT category and rate within a kind and currency."""

    kind: Kind
    currency: str
    category: str
    percent: Decimal | None
    taxable: Decimal
    tax: Decimal


class Totals(Struct, frozen=True, kw_only=True):
    """Counts over the whole bundle, and sums per kind and per VAT rate. ``bytes`` counts each file once."""

    items: Count
    files: Count
    bytes: Count
    by_kind: tuple[KindTotal, ...]
    by_rate: tuple[RateTotal, ...]


class ManifestDossier(Struct, frozen=True, kw_only=True):
    """The dossier that the bundle is of, and its company."""

    id: str
    code: str | None
    name: str
    company_number: str | None


class Manifest(Struct, frozen=True, kw_only=True):
    """What a bundle contains. Made by ``bundle.build``; read back by ``bundle.read_manifest``."""

    schema: str = SCHEMA
    schema_version: int = SCHEMA_VERSION
    dossier: ManifestDossier
    number: Ordinal
    previous_sha256: Sha256 | None
    policy: str
    created: Annotated[datetime, Meta(tz=True)]
    software: str
    layout: str
    items: tuple[ManifestItem, ...]
    totals: Totals

    def to_bytes(self) -> bytes:
        """The canonical JSON, as it stands in the ZIP."""
        return msgspec.json.encode(self, order="sorted")

    @property
    def sha256(self) -> str:
        """The hash of the canonical JSON: the next bundle's ``previous_sha256``."""
        return sha256(self.to_bytes()).hexdigest()

    @property
    def header(self) -> Header:
        """The header that the bundle was built with."""
        return Header(
            dossier_id=self.dossier.id,
            dossier_code=self.dossier.code,
            dossier_name=self.dossier.name,
            company_number=self.dossier.company_number,
            number=self.number,
            previous_sha256=self.previous_sha256,
            policy=self.policy,
            created=self.created,
            software=self.software,
        )


def amount(value: Decimal) -> Decimal:
    """An amount in plain notation, without exponent.

    Raises:
        ValueError: It is no number, or has more than 18 digits before or 6 after the point.
    """
    if isinstance(value, Decimal) and _AMOUNT.match(str(value)):
        return value  # nearly all are written plainly, and then as they are
    # Asked first: 1E999999999 in plain notation would fill the memory.
    if not value.is_finite() or not -20 < value.adjusted() < 20 or len(value.as_tuple().digits) > 40:
        raise ValueError(str(value))
    plain = f"{value:f}"
    if not _AMOUNT.match(plain):
        raise ValueError(plain)
    return Decimal(plain)


def totals(items: Iterable[ManifestItem]) -> Totals:
    """The sums over some items, sorted by kind, currency, category and rate."""
    kinds: dict[tuple[str, str], list[Decimal | int]] = {}
    rates: dict[tuple[str, str, str, Decimal | None], list[Decimal]] = {}
    sizes: dict[str, int] = {}
    count = 0
    with localcontext() as exact:
        exact.prec = 60
        for item in items:
            count += 1
            of_kind = kinds.setdefault((item.kind.value, item.currency), [0, _ZERO, _ZERO, _ZERO])
            of_kind[0] += 1
            for place, value in enumerate((item.net, item.tax, item.gross), start=1):
                if value is not None:
                    of_kind[place] += value
            for line in item.tax_subtotals:
                # 21 and 21.00 are one rate, shown as the shorter.
                percent = None if line.percent is None else amount(line.percent.normalize())
                key = (item.kind.value, item.currency, line.category, percent)
                of_rate = rates.setdefault(key, [_ZERO, _ZERO])
                of_rate[0] += line.taxable
                of_rate[1] += line.tax
            for file in item.files:
                sizes[file.path] = file.size
    return Totals(
        items=count,
        files=len(sizes),
        bytes=sum(sizes.values()),
        by_kind=tuple(
            KindTotal(
                kind=Kind(kind),
                currency=currency,
                items=int(n),
                net=Decimal(net),
                tax=Decimal(tax),
                gross=Decimal(gross),
            )
            for (kind, currency), (n, net, tax, gross) in sorted(kinds.items())
        ),
        by_rate=tuple(
            RateTotal(
                kind=Kind(kind),
                currency=currency,
                category=category,
                percent=percent,
                taxable=taxable,
                tax=tax,
            )
            for (kind, currency, category, percent), (taxable, tax) in sorted(
                rates.items(),
                key=lambda entry: (*entry[0][:3], entry[0][3] is not None, entry[0][3] or _ZERO),
            )
        ),
    )


def utc_second(moment: datetime) -> datetime:
    """The moment in UTC, whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0)


def read_manifest(data: bytes) -> Manifest:
    """The manifest in its JSON form, checked against the schema (not against its own sums: see ``verify``).

    Raises:
        Unreadable: It is no manifest of a version known here (``manifest_schema``, with the place and what
        was
            expected there).
    """
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as fault:
        raise Unreadable("manifest_schema", None, {"fault": str(fault)}) from fault
    if manifest.schema != SCHEMA or manifest.schema_version != SCHEMA_VERSION:
        found = f"{manifest.schema} {manifest.schema_version}"
        fault = f"found {found}, expected {SCHEMA} {SCHEMA_VERSION}"
        raise Unreadable("manifest_schema", None, {"fault": fault})
    if manifest.created.utcoffset() or manifest.created.microsecond:
        raise Unreadable("manifest_schema", None, {"fault": "created is not in whole seconds of UTC"})
    for where, value in _amounts(manifest):
        try:
            amount(value)
        except ValueError as fault:
            raise Unreadable(
                "manifest_schema", None, {"fault": f"no amount: {fault} - at `{where}`"}
            ) from fault
    return manifest


def _amounts(manifest: Manifest) -> Iterator[tuple[str, Decimal]]:
    """Every amount of the manifest with its place."""
    structs: list[tuple[str, Struct]] = []
    for number, item in enumerate(manifest.items):
        structs.append((f"$.items[{number}]", item))
        structs.extend(
            (f"$.items[{number}].tax_subtotals[{n}]", line) for n, line in enumerate(item.tax_subtotals)
        )
    structs.extend((f"$.totals.by_kind[{n}]", line) for n, line in enumerate(manifest.totals.by_kind))
    structs.extend((f"$.totals.by_rate[{n}]", line) for n, line in enumerate(manifest.totals.by_rate))
    for where, struct in structs:
        for field in struct.__struct_fields__:
            value = getattr(struct, field)
            if isinstance(value, Decimal):
                yield f"{where}.{field}", value
