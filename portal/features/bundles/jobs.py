"""Jobs of exports: building, standing policies, giving up what nobody works on; telling both sides of an unlocking."""

from datetime import timedelta

from portal.db.session import WriteSession
from portal.features.bundles.service import builder, due_exports, repairs, unlocks
from portal.features.bundles.service.deliveries import MendArchive
from portal.features.bundles.service.due_exports import (
    LOOK_SECONDS,
    ExportByPolicy,
    GiveUpExport,
    due_dossiers,
    give_up_dead,
    policy_key,
)
from portal.features.bundles.service.selection import BuildBundle
from portal.features.documents.domain.documents import DocumentUnlocked
from portal.jobs.contract import Tools, handles_long, on_event, sweeps
from portal.jobs.ledger import enqueue
from portal.kernel.actor import Actor, policy_actor
from portal.kernel.ids import FirmId

BUILD = handles_long(BuildBundle)(builder.build)
MEND = handles_long(MendArchive)(repairs.mend)
RUN_POLICY = handles_long(ExportByPolicy)(due_exports.export_by_policy)
GIVE_UP = handles_long(GiveUpExport)(due_exports.give_up)


@sweeps("bundles.look_for_due_exports", every=LOOK_SECONDS)
async def look_for_due_exports(session: WriteSession, tools: Tools) -> None:
    """Ask for an export of every dossier whose policy says that something is due, for the moment when it is."""
    for due in await due_dossiers(session, tools.clock.now()):
        job = ExportByPolicy(dossier_id=due.dossier_id, until=due.until)
        await enqueue(
            session,
            policy_actor(FirmId(due.firm_id), "policy"),
            job,
            due_at=due.due_at,
            unique_key=policy_key(due.dossier_id),
        )


@sweeps("bundles.release_dead_exports", every=15)
async def release_dead_exports(session: WriteSession, tools: Tools) -> None:
    """An export whose build was given up must not block its dossier for ever."""
    await give_up_dead(session, tools.clock.now() - timedelta(minutes=2))


__all__ = ["BUILD", "GIVE_UP", "MEND", "RUN_POLICY", "look_for_due_exports", "release_dead_exports"]


@on_event(DocumentUnlocked, "documents.tell_unlocked", as_system=True)
async def tell_unlocked(session: WriteSession, actor: Actor, event: DocumentUnlocked, _tools: Tools) -> None:
    """The company's owners and the file manager are told."""
    await unlocks.tell_unlocked(session, actor, event)
