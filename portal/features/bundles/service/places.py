"""Where a bundle was written before: delivered again after its dossier's folder became another one, a second copy stands there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portal.db.session import ReadSession
from portal.features.bundles.models import Export
from portal.features.bundles.repository import exports as exports_repository
from portal.features.bundles.service.deliveries import files_of
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import folders
from portal.kernel.texts import plain


@dataclass(frozen=True, slots=True)
class Moved:
    """A bundle that stands in one folder at the agent and would be written into another one.

    Attributes:
        before: the whole folder, as the agent proved it.
        now: the folder below the agent's root.
    """

    before: str
    now: str


async def moved(session: ReadSession, dossier: Dossier, export: Export) -> Moved | None:
    """The folder a bundle was written into and the one it would go into now; None where they are one, or nothing was written."""
    now = plain((await folders.folder(session, dossier)).path)  # proofs, and the yes of a page, come so
    paths: dict[tuple[Any, str], str] = {}
    for delivery in await exports_repository.deliveries_of(session, export.id):
        if not delivery.confirmed:
            continue
        if not paths:
            rows = await exports_repository.items_of(session, export.id)
            paths = {(file.item_id, file.role): file.path for file in files_of([row.entry for row in rows])}
        for proof in await exports_repository.proofs_of_delivery(session, delivery.id):
            before = folder_before(proof.path, paths.get((proof.item_id, proof.role), ""))
            if before is None:
                continue
            return None if _parts(before)[-len(now.split("/")) :] == now.split("/") else Moved(before, now)
    return None


def folder_before(written: str, path: str) -> str | None:
    """The dossier's folder in a path that an agent has proved; None where it does not end in the file's own path."""
    parts = path.split("/")
    found = _parts(written)
    if not path or len(found) <= len(parts) or found[-len(parts) :] != parts:
        return None
    return re.sub(rf"(?:[\\/]+[^\\/]+){{{len(parts)}}}\Z", "", written) or None


def _parts(path: str) -> Sequence[str]:
    return re.split(r"[\\/]+", path)


__all__ = ["Moved", "folder_before", "moved"]
