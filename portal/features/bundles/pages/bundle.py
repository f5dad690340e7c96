"""One bundle: what is in it, where it was written, and its archive."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream, Template

from portal.db.session import ReadSession, WriteSession
from portal.features.bundles.domain import (
    ProofChannel,
)
from portal.features.bundles.service import deliveries, downloads, places, repairs
from portal.features.bundles.service import runs as bundles_runs
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import opening
from portal.features.retention.service import erasures
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict
from portal.kernel.language import N_, gettext
from portal.web.files import AS_STORED, attachment_headers
from portal.web.forms import Form
from portal.web.menu_counts import page_figures
from portal.web.render import Toast, go, render
from portal.web.security import requires, staff
from portal.web.session import EFFECT

CHANNELS = {ProofChannel.AGENT: N_("Agent")}
"""Who or what says that a file has come; before the name of an agent."""
ELSEWHERE = N_("This bundle stands in %(before)s and would go to %(now)s: say first that it may.")


@get("/dossiers/{dossier_id:uuid}/export/{export_id:uuid}", guards=[staff])
async def bundle_page(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    export_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
) -> Template:
    """One bundle: what is in it, and where each file was written."""
    run = await bundles_runs.run_of(session, dossier.id, export_id)
    proofs: dict[tuple[UUID, str], Any] = {(proof.item_id, proof.role): proof for proof in run.proofs}
    stayed = {UUID(one["item_id"]) for one in run.export.aside if "item_id" in one}
    found = await page_figures(
        request,
        session,
        erased=erasures.erased_subjects(stayed),
        data_alone=bundles_runs.data_alone(export_id),
    )
    return render(
        request,
        "pages/bundles/bundle.html",
        dossier=dossier,
        tab="export",
        run=run,
        proofs=proofs,
        erased={str(one) for one in found.erased},
        data_alone=found.data_alone,
        may_export=actor.may(Right.EXPORT),
        has_agent=await deliveries.has_agent_for(session, run.export),
        channels={channel: gettext(name) for channel, name in CHANNELS.items()},
        package=await deliveries.package_of(session, run.export),
        moved=await places.moved(session, dossier, run.export),
        refusal=deliveries.refusal_text(run.delivery) if run.delivery is not None else None,
        problem=gettext(run.export.problem) % run.export.problem_params if run.export.problem else None,
    )


@get(
    "/dossiers/{dossier_id:uuid}/export/{export_id:uuid}/download",
    guards=[staff],
    opt={AS_STORED: True, EFFECT: "that the bundle was downloaded, or that its archive is damaged"},
)
async def download(
    request: HTMXRequest,
    dossier_id: FromPath[UUID],
    export_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
) -> Stream | Response[Any]:
    """The archive itself, byte for byte the same each time."""
    async with opening.reading_dossier(tools.database, actor, dossier_id) as (session, dossier):
        export = await downloads.finished(session, dossier.id, export_id)
    assert export.sha256 is not None
    # Before a download is noted that never was; read whole, because a person cannot go on where it was cut. That may take
    # minutes, which no connection to the database waits.
    broken = await repairs.is_broken(tools.store, export, thorough=True)
    async with opening.dossier(tools.database, actor, dossier_id) as (session, dossier):
        if broken:
            await repairs.note_damage(session, actor, export)
        else:
            await downloads.note_download(session, actor, export)
    if broken:
        here = f"/dossiers/{dossier.id}/export/{export.id}"
        return go(request, here, Toast("danger", gettext(repairs.IS_DAMAGED)))
    name = f"{dossier.code or dossier.name}-{export.number:04d}.zip"
    headers = attachment_headers(name, "application/zip", export.size, export.sha256)
    return Stream(
        _stream(tools, export.firm_id, export.sha256), headers=headers, media_type="application/zip"
    )


@get("/dossiers/{dossier_id:uuid}/export/{export_id:uuid}/manifest", guards=[staff], opt={AS_STORED: True})
async def manifest(
    dossier: NamedDependency[Dossier],
    export_id: FromPath[UUID],
    session: NamedDependency[ReadSession],
    tools: NamedDependency[Tools],
) -> Stream:
    """The manifest alone, as it is in the archive."""
    export = await downloads.finished(session, dossier.id, export_id)
    assert export.manifest_sha256 is not None
    headers = attachment_headers(
        f"manifest-{export.number:04d}.json", "application/json", None, export.manifest_sha256
    )
    body = _stream(tools, export.firm_id, export.manifest_sha256)
    return Stream(body, headers=headers, media_type="application/json")


async def _stream(tools: Tools, namespace: UUID, sha256: str) -> AsyncIterator[bytes]:
    async for piece in tools.store.stream(namespace, sha256):
        yield piece


@post(
    "/dossiers/{dossier_id:uuid}/export/{export_id:uuid}/deliver-again",
    guards=[requires(Right.EXPORT)],
    status_code=200,
)
async def deliver_again(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    export_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Response[Any]:
    """The agents write the same bundle once more; into another folder than before only with a yes."""
    form = await Form.of(request)
    moved = await places.moved(session, dossier, await bundles_runs.export_of(session, dossier.id, export_id))
    if moved is not None and form.text("folder") != moved.now:
        text = gettext(ELSEWHERE) % {"before": moved.before, "now": moved.now}
        return go(request, f"/dossiers/{dossier.id}/export/{export_id}", Toast("warning", text))
    try:
        export = await downloads.deliver_again(session, actor, dossier.id, export_id)
    except Conflict as conflict:
        if conflict.code != "no_agent":
            raise
        return go(request, f"/dossiers/{dossier.id}/export/{export_id}", Toast("warning", conflict.text()))
    text = gettext("Bundle %(number)s will be delivered again.") % {"number": export.number}
    return go(request, f"/dossiers/{dossier.id}/export/{export.id}", Toast("success", text))


ROUTES: list[Any] = [bundle_page, download, manifest, deliver_again]
