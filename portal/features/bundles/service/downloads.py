"""What people do with a finished bundle: have it delivered again, download it."""

from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.bundles.domain import DeliveryState, ExportState, HasAgent
from portal.features.bundles.models import BundleDownload, Export
from portal.features.bundles.repository import channels as channels_repository
from portal.features.bundles.repository import exports as exports_repository
from portal.features.bundles.service.deliveries import ARCHIVE_DAMAGED, ARCHIVE_REASONS, ask_to_mend, offer
from portal.features.targets import service as targets
from portal.features.targets.domain import DeliveryMethod
from portal.jobs.contract import ask, clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, NotFound
from portal.kernel.language import N_

NO_AGENT = N_("No agent is paired: download the bundle, or pair an agent first.")
DOWNLOADED = N_("Bundles for this bookkeeping package are downloaded: no agent writes them.")
NOT_READY = N_("This bundle is not finished.")
ON_ITS_WAY = N_("This bundle is still on its way: the agent has not written all of it yet.")


async def deliver_again(session: WriteSession, actor: Actor, dossier_id: UUID, export_id: UUID) -> Export:
    """Let the agents write the same bundle once more, under the same names: nothing is booked twice by it.

    The second half of a double click finds the delivery that the first one made.

    Raises:
        Forbidden: the actor may not export.
        NotFound, Conflict: no such bundle; not finished, still on its way, for a package that is downloaded for (`download_only`), or
            there is no agent (`no_agent`).
    """
    if not actor.may(Right.EXPORT):
        raise Forbidden
    export = await finished(session, dossier_id, export_id)
    await exports_repository.lock_export(session, export.id)
    made = await exports_repository.deliveries_of(session, export.id)
    now = clock_of(session).now()
    if made and made[0].reason in ARCHIVE_REASONS and made[0].state is DeliveryState.REFUSED:
        await channels_repository.explain(
            session, made[0].id, reason=ARCHIVE_DAMAGED, detail=None, changed_at=now
        )
        await ask_to_mend(session, actor, export.id, by_hand=True)
        return export
    target = await targets.target(session, export.firm_id, export.target_id)
    if target.delivery_method is DeliveryMethod.DOWNLOAD:
        raise Conflict(DOWNLOADED, code="download_only")
    if not await ask(session, HasAgent(firm_id=export.firm_id)):
        raise Conflict(NO_AGENT, code="no_agent")
    if made and made[0].state is DeliveryState.BY_HAND:
        await exports_repository.move_delivery(session, made[0].id, DeliveryState.PENDING, changed_at=now)
        await _tell_again(session, actor, export)
        return export
    if made and made[0].state not in (DeliveryState.CONFIRMED, DeliveryState.REFUSED):
        if made[0].state is DeliveryState.PENDING and len(made) > 1:
            return export
        raise Conflict(ON_ITS_WAY, code="on_its_way")
    counts: dict[str, int] = export.counts
    await offer(session, export, counts["files"], now)
    await _tell_again(session, actor, export)
    return export


async def _tell_again(session: WriteSession, actor: Actor, export: Export) -> None:
    await audit.record(
        session,
        actor,
        "bundles.delivered_again",
        "export",
        export.id,
        dossier_id=export.dossier_id,
        number=export.number,
    )


async def finished(session: ReadSession, dossier_id: UUID, export_id: UUID) -> Export:
    """A finished bundle of a dossier.

    Raises:
        NotFound: unknown, of another dossier, or another firm's.
        Conflict: it is not finished.
    """
    export = await exports_repository.export(session, export_id)
    if export is None or export.dossier_id != dossier_id:
        raise NotFound
    if export.state is not ExportState.FINISHED or export.sha256 is None:
        raise Conflict(NOT_READY)
    return export


async def note_download(session: WriteSession, actor: Actor, export: Export) -> None:
    """Somebody fetched a bundle by hand: evidence too."""
    exports_repository.add(
        session,
        BundleDownload(
            firm_id=export.firm_id,
            export_id=export.id,
            person_id=actor.person_id,
            person_name=actor.name,
            at=clock_of(session).now(),
        ),
    )
    await audit.record(
        session,
        actor,
        "bundles.downloaded",
        "export",
        export.id,
        dossier_id=export.dossier_id,
        number=export.number,
    )
