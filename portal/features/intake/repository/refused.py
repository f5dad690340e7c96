"""SQL of scans, and of files that were refused for what they carry."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from portal.db.figures import Figure, one_value
from portal.db.session import WriteSession
from portal.features.intake.domain.files import IntakeState
from portal.features.intake.domain.inbox import InboxState
from portal.features.intake.domain.reasons import GONE, MALWARE, MALWARE_INSIDE
from portal.features.intake.models import InboxFile, IntakeFile

Table = type[IntakeFile] | type[InboxFile]


async def note_scanned(session: WriteSession, table: Table, file_id: UUID, moment: datetime) -> None:
    """A file was scanned and found clean."""
    await session.execute(sa.update(table).where(table.id == file_id).values(scanned_at=moment))


def _out_of_reach(table: Table) -> dict[str, object]:
    """The hash stays in the reason alone, for whoever deletes the bytes; no other column names them."""
    return {"object_sha256": None} if table is InboxFile else {"sha256": ""}


async def refuse(
    session: WriteSession, table: Table, file_id: UUID, signature: str, moment: datetime
) -> None:
    """A file that nobody has read is refused, unless somebody did meanwhile."""
    state = InboxState.DISCARDED if table is InboxFile else IntakeState.REJECTED
    received = InboxState.RECEIVED if table is InboxFile else IntakeState.RECEIVED
    await session.execute(
        sa.update(table)
        .where(table.id == file_id, table.state == received)
        .values(
            state=state,
            reason=MALWARE,
            reason_params=sa.func.jsonb_build_object(
                "signature", sa.cast(signature, sa.Text()), "sha256", table.sha256
            ),
            handled_at=moment,
            scanned_at=moment,
            **_out_of_reach(table),
        )
    )


async def withdraw(
    session: WriteSession, table: Table, file_id: UUID, signature: str, inner: str, moment: datetime
) -> IntakeFile | InboxFile | None:
    """What a refused file was in goes out of reach as well; what else was in it stays as it is."""
    return await session.scalar(
        sa.update(table)
        .where(table.id == file_id)
        .values(
            reason=MALWARE_INSIDE,
            reason_params=sa.func.jsonb_build_object(
                "signature",
                sa.cast(signature, sa.Text()),
                "name",
                sa.cast(inner, sa.Text()),
                "sha256",
                sa.func.coalesce(table.reason_params["sha256"].astext, table.sha256),
            ),
            handled_at=moment,
            **_out_of_reach(table),
        )
        .returning(table)
        .execution_options(populate_existing=True)
    )


async def let_go(
    session: WriteSession, table: Table, before: datetime, limit: int
) -> Sequence[tuple[UUID, str]]:
    """Forget the bytes of what was refused before that moment, so many files at most: whose they were, and their hashes; in the system scope."""
    owner = InboxFile.firm_id if table is InboxFile else IntakeFile.company_id
    old = (
        sa.select(table.id, table.reason_params["sha256"].astext.label("sha256"))
        .where(table.reason.in_((MALWARE, MALWARE_INSIDE)), table.handled_at < before)
        .limit(limit)
        .cte("old")
    )
    found = await session.execute(
        sa.update(table)
        .where(table.id == old.c.id)
        .values(
            reason=GONE,
            reason_params=table.reason_params.op("-")(sa.literal("sha256", sa.Text())),
        )
        .returning(owner, old.c.sha256)
        .execution_options(synchronize_session=False)
    )
    return [(row[0], row[1]) for row in found if row[1]]


def scanned_at(document_id: UUID) -> Figure[datetime | None]:
    """When the file that became a document was found clean."""
    return one_value(
        sa.select(sa.func.max(IntakeFile.scanned_at)).where(
            IntakeFile.document_id == document_id, IntakeFile.document_id.is_not(None)
        )
    )
