"""The interface agents call, version 1. Keys travel in the Authorization header, never in an address."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream

from portal.db.session import WriteSession
from portal.features.agents import service
from portal.features.agents.schemas import (
    Confirmation,
    Confirmed,
    Deliveries,
    Delivery,
    DeliveryFile,
    Heartbeat,
    HeartbeatReply,
    Paired,
    PairRequest,
    RefusalNotice,
)
from portal.features.agents.service import Entry
from portal.features.bundles.service import deliveries as bundles_deliveries
from portal.features.bundles.service import repairs
from portal.features.bundles.service.deliveries import WrittenFile
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict
from portal.web.directories import HostFirm
from portal.web.files import AS_STORED, attachment_headers
from portal.web.limits import client_address
from portal.web.problems import problem_json
from portal.web.ranges import requested_range
from portal.web.requests import REPORTS
from portal.web.security import LARGE_BODY, agent, public
from portal.web.session import EFFECT

RAISES: list[Any] = [NotFoundException]


@post("/api/v1/agent/pair", guards=[public], status_code=201, tags=["agents"], opt={REPORTS: True})
async def pair(
    request: Request[Any, Any, Any],
    data: JSONBody[PairRequest],
    firm: NamedDependency[HostFirm],
    tools: NamedDependency[Tools],
) -> Paired:
    """Turn a code from the Agents page into an agent with a key."""
    paired = await service.pair(
        tools,
        firm.firm_id,
        code=data.code,
        name=data.name,
        platform=data.platform,
        version=data.version,
        address=client_address(request),
    )
    return Paired(
        agent_id=paired.agent.id,
        token=paired.token,
        firm_name=firm.name,
        poll_seconds=service.POLL_SECONDS,
    )


@post("/api/v1/agent/heartbeat", guards=[agent], status_code=200, tags=["agents"], opt={REPORTS: True})
async def heartbeat(
    data: JSONBody[Heartbeat], actor: NamedDependency[Actor], session: NamedDependency[WriteSession]
) -> HeartbeatReply:
    """An agent says that it is alive and what it can do; the answer says what is wanted of it."""
    await service.heartbeat(session, actor, msgspec.to_builtins(data))
    return HeartbeatReply(
        poll_seconds=service.POLL_SECONDS,
        wait_seconds=service.WAIT_SECONDS,
        minimum_version=service.MINIMUM_VERSION,
        latest_version=service.LATEST_VERSION,
    )


@get(
    "/api/v1/agent/deliveries",
    guards=[agent],
    tags=["agents"],
    opt={EFFECT: "when the agent was last heard of, which pages show"},
)
async def deliveries(
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    wait: Annotated[int, QueryParameter(ge=0, le=3600)] = 0,
    mark: Annotated[str, QueryParameter(max_length=64)] = "",
) -> Deliveries:
    """What waits to be written.

    With `wait` the answer comes as soon as that is something else than what `mark`, of an earlier answer, stands for (without a mark:
    as soon as there is something), after so many seconds at the latest, and never after more than 25. It may come sooner all the same,
    with the same mark: whoever gets such a one does not call again at once.
    """
    feed = await service.feed(tools, actor, wait=wait, mark=mark)
    return Deliveries([_shown(one) for one in feed.entries], feed.mark)


def _shown(one: Entry) -> Delivery:
    export, dossier = one.waiting.export, one.dossier
    assert export.sha256 is not None
    assert export.size is not None
    assert export.number is not None
    return Delivery(
        id=one.waiting.delivery.id,
        dossier_id=dossier.id,
        dossier_code=one.folder.code,
        dossier_name=dossier.title,
        company_number=one.folder.number,
        bundle_id=export.id,
        bundle_number=export.number,
        sha256=export.sha256,
        size=export.size,
        files=[
            DeliveryFile(file.item_id, file.path, file.sha256, file.size, file.role)
            for file in one.waiting.files
        ],
    )


@get(
    "/api/v1/agent/deliveries/{delivery_id:uuid}/bundle",
    guards=[agent],
    tags=["agents"],
    raises=RAISES,
    opt={AS_STORED: True, EFFECT: "that the delivery was fetched, or that its archive is damaged"},
)
async def bundle(
    request: Request[Any, Any, Any],
    delivery_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Stream | Response[bytes]:
    """The archive; Range with If-Range goes on where a cut line stopped."""
    row, export = await bundles_deliveries.delivery(session, delivery_id)
    if export.sha256 is None or export.size is None:
        raise Conflict
    if row.reason in bundles_deliveries.ARCHIVE_REASONS:
        raise Conflict(
            repairs.IS_DAMAGED, code="archive_damaged"
        )  # made again, it is offered as another delivery
    # Before anything is said: an answer that has begun cannot be taken back.
    if await repairs.is_broken(tools.store, export):
        await repairs.note_damage(session, actor, export)
        damaged = Conflict(repairs.IS_DAMAGED, code="archive_damaged")
        return problem_json(request, damaged, damaged, None)  # answered, not raised: what was noted stays
    await bundles_deliveries.fetched(session, actor, delivery_id)
    headers = attachment_headers(f"{export.number:06d}.zip", "application/zip", export.size, export.sha256)
    headers["accept-ranges"] = "bytes"
    wanted = requested_range(request.headers, export.size, f'"{export.sha256}"')
    if wanted is None:
        body = repairs.noting_damage(tools, actor, export, tools.store.stream(export.firm_id, export.sha256))
        return Stream(_pieces(body, export.size), headers=headers, media_type="application/zip")
    first, last = wanted
    if first > last:
        return Response(b"", status_code=416, headers={"content-range": f"bytes */{export.size}"})
    headers["content-range"] = f"bytes {first}-{last}/{export.size}"
    headers["content-length"] = str(last - first + 1)
    body = repairs.noting_damage(
        tools, actor, export, tools.store.stream(export.firm_id, export.sha256, start=first)
    )
    return Stream(
        _pieces(body, last - first + 1), headers=headers, media_type="application/zip", status_code=206
    )


async def _pieces(body: AsyncIterator[bytes], length: int) -> AsyncIterator[bytes]:
    left = length
    async for piece in body:
        if left <= 0:
            return
        yield piece[:left]
        left -= len(piece)


@post(
    "/api/v1/agent/deliveries/{delivery_id:uuid}/confirm",
    guards=[agent],
    status_code=200,
    tags=["agents"],
    raises=RAISES,
    opt={LARGE_BODY: True, REPORTS: True},  # fifty thousand proofs are some megabytes
)
async def confirm(
    delivery_id: FromPath[UUID],
    data: JSONBody[Confirmation],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Confirmed:
    """Files were written: path and SHA-256 of each. Saying it again changes nothing."""
    written = [
        WrittenFile(file.item_id, file.role, file.path, file.sha256, file.written_at) for file in data.files
    ]
    count, row = await bundles_deliveries.confirm(session, actor, delivery_id, written)
    return Confirmed(confirmed=count, state=row.state.value)


@post(
    "/api/v1/agent/deliveries/{delivery_id:uuid}/refuse",
    guards=[agent],
    status_code=200,
    tags=["agents"],
    raises=RAISES,
    opt={REPORTS: True},
)
async def refuse(
    delivery_id: FromPath[UUID],
    data: JSONBody[RefusalNotice],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> dict[str, str]:
    """A bundle could not be written; people see why."""
    row = await bundles_deliveries.refuse(session, actor, delivery_id, data.reason, data.detail)
    return {"state": row.state.value}


ROUTES: list[Any] = [pair, heartbeat, deliveries, bundle, confirm, refuse]
