"""Putting documents aside, bringing them back, and why one was erased, for programs with a key."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.service.places import Place
from portal.features.retention.service import aside, erasures
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import NotFound
from portal.web.security import key_with

READS = key_with(Right.DOCUMENTS_SEE)
WRITES = key_with(Right.UPLOAD)
PATH = "/api/v1/dossiers/{dossier_id:uuid}/documents/{document_id:uuid}"


class PutAside(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why; both sides read it."""

    reason: str = ""


class ErasureView(msgspec.Struct, kw_only=True):
    """Why a document was erased (`kind`: private, anothers, other; and in words), who proposed and who confirmed it, and when.

    `files_destroyed_at`: when its stored files were gone; null during the first minutes.
    """

    kind: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    confirmed_by: str
    erased_at: datetime
    files_destroyed_at: datetime | None


@post(f"{PATH}/put-aside", guards=[WRITES], summary="Put a document aside", status_code=204)
async def put_aside(
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID],
    data: JSONBody[PutAside],
) -> None:
    """A received original stays kept and leaves approval and export; 409 when it is locked or was exported."""
    paper = await aside.paper_of(session, actor, place, "document", document_id)
    await aside.put_aside(session, actor, paper, data.reason.strip(), dossier_id=place.dossier_id)


@post(f"{PATH}/bring-back", guards=[WRITES], summary="Bring a document back", status_code=204)
async def bring_back(
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID],
) -> None:
    """What was put aside counts again; 409 when another document took its place."""
    paper = await aside.paper_of(session, actor, place, "document", document_id)
    await aside.bring_back(session, actor, paper, dossier_id=place.dossier_id)


@get(f"{PATH}/erasure", guards=[READS], summary="Why a document was erased")
async def erasure(
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID],
) -> ErasureView:
    """Who erased a document, when and why; 404 for one that was not erased."""
    await aside.paper_of(session, actor, place, "document", document_id, erased=True)
    stone = await erasures.tombstone(session, "document", document_id)
    if stone is None or stone.answered_at is None:
        raise NotFound
    return ErasureView(
        kind=stone.kind.value,
        reason=stone.reason,
        proposed_by=stone.proposed_by_name,
        proposed_at=stone.proposed_at,
        confirmed_by=stone.answered_by_name or "",
        erased_at=stone.answered_at,
        files_destroyed_at=stone.removed_at,
    )


ROUTES: list[Any] = [put_aside, bring_back, erasure]
