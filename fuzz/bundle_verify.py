"""``bundle.verify`` on anything: findings or ``Unreadable``, and never a clean answer to a bundle that was changed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from io import BytesIO

from exports import bundle, layouts
from exports.bundle.archive import ArchiveWriter


def one_input(data: bytes) -> None:
    """Verifies the bytes as they are; or, when they do not begin as a ZIP, with them as the manifest of one."""
    if not data.startswith(b"PK"):
        out = BytesIO()
        archive = ArchiveWriter(out)
        archive.write_bytes(bundle.MANIFEST_PATH, data)
        archive.finish()
        data = out.getvalue()
    with suppress(bundle.Unreadable):
        findings = bundle.verify(BytesIO(data))
        assert findings or _is_canonical(data), "what is clean has a manifest that can be written again"


def _is_canonical(data: bytes) -> bool:
    """Whether the manifest, read and written again, is the same."""
    manifest = _manifest(data)
    return bundle.read_manifest(manifest).to_bytes() == manifest


def _manifest(data: bytes) -> bytes:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return archive.read(bundle.MANIFEST_PATH)


@lru_cache
def seeds() -> tuple[bytes, ...]:
    """A few bundles (empty, with one invoice, with statements that share a file) and their manifests."""
    bundles = tuple(_seeds())
    return bundles + tuple(_manifest(data) for data in bundles)


def _seeds() -> Iterator[bytes]:
    items = [_item("a", bundle.Kind.purchase_invoice, "ubl", b"<Invoice/>")]
    shared = [_item(f"s{n}", bundle.Kind.statement, "coda", b"0000") for n in range(2)]
    for chosen in ([], items, [*items, *shared]):
        header = bundle.Header(
            dossier_id="d",
            dossier_code=None,
            dossier_name="Dossier",
            company_number=None,
            number=1,
            previous_sha256=None,
            policy="by_hand",
            created=datetime(2026, 1, 1, tzinfo=UTC),
            software="fuzz",
        )
        out = BytesIO()
        bundle.build(header, chosen, layouts.get("generic"), out)
        yield out.getvalue()


def _item(item_id: str, kind: bundle.Kind, role: bundle.Role, data: bytes) -> bundle.Item:
    file = bundle.ItemFile(
        role=role,
        name="file",
        media_type="application/xml",
        size=len(data),
        sha256=sha256(data).hexdigest(),
        origin="received",
        open=lambda: BytesIO(data),
    )
    return bundle.Item(
        id=item_id,
        version=1,
        kind=kind,
        number="1",
        date=date(2026, 1, 1),
        counterparty="Someone",
        currency="EUR",
        files=(file,),
    )
