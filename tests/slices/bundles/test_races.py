"""Exports beside edits and decisions: two sessions, each made to wait for the other by the database's own locks."""

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

import anyio
import pytest
import sqlalchemy as sa

from portal.db.session import WriteSession
from portal.features.bundles.domain import ExportOptions, ExportState
from portal.features.bundles.models import BundleItem
from portal.features.bundles.service import selection
from portal.features.documents.models import Document
from portal.features.documents.service import changes
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.items.service import moves
from portal.kernel.errors import Conflict
from tests.support.builders import a_member, opened
from tests.support.builders_exports import (
    Office,
    a_typed_paper,
    again,
    an_entry,
    an_invoice,
    an_office,
    exports_of,
    set_policy,
)
from tests.support.locks import somebody_waits
from tests.support.world import World


def as_firm(world: World, office: Office) -> AbstractAsyncContextManager[WriteSession]:
    return world.tools.database.transaction(opened(office.firm, office.dossier))


async def amend(session: WriteSession, office: Office, document_id: object, net: str) -> None:
    document = await session.get(Document, document_id)
    assert document is not None
    entry = an_entry("B-1", net)
    await changes.amend(
        session, office.owner, document, entry, us=f"BE:{office.dossier.number}", dossier_id=office.dossier.id
    )


async def behind(
    world: World,
    first: Callable[[WriteSession], Awaitable[None]],
    office: Office,
    second: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """`second` begins while the transaction of `first` is still open, and must wait for it."""
    async with anyio.create_task_group() as group, as_firm(world, office) as session:
        await first(session)
        group.start_soon(second)
        await somebody_waits(world)


async def test_an_edit_that_came_first_is_waited_for_and_its_item_is_not_exported_in_its_old_version(
    world: World,
) -> None:
    office = await an_office(world)
    item = await a_typed_paper(world, office)
    refused: list[str] = []

    async def export() -> None:
        try:
            async with as_firm(world, office) as session:
                await selection.request_export(session, office.owner, office.dossier, ExportOptions())
        except Conflict as conflict:
            refused.append(conflict.code)

    await behind(world, lambda session: amend(session, office, item.document_id, "250.00"), office, export)
    assert refused == ["busy"]
    assert await exports_of(world, office.dossier) == []
    await world.run_jobs()
    await export()
    await world.run_jobs()
    async with world.as_system() as session:
        (left,) = await session.scalars(sa.select(BundleItem))
    assert (left.version, left.entry["net"]) == (2, "250.00")


async def test_an_edit_that_came_second_meets_the_lock_and_is_refused(world: World) -> None:
    office = await an_office(world)
    item = await a_typed_paper(world, office)
    outcome: list[object] = []

    async def edit() -> None:
        try:
            async with as_firm(world, office) as session:
                await amend(session, office, item.document_id, "250.00")
            outcome.append("done")
        except Exception as error:  # noqa: BLE001 - what it was is what is looked at
            from portal.web.problems import translate

            outcome.append(getattr(translate(error), "code", error))

    async def export(session: WriteSession) -> None:
        await selection.request_export(session, office.owner, office.dossier, ExportOptions())

    await behind(world, export, office, edit)
    assert outcome == ["locked"]
    await world.run_jobs()
    async with world.as_system() as session:
        (left,) = await session.scalars(sa.select(BundleItem))
        document = await session.get(Document, item.document_id)
    assert document is not None
    assert (left.version, document.version) == (1, 1)


@pytest.mark.parametrize("export_first", [True, False])
async def test_a_decision_and_an_export_at_once_both_count(world: World, export_first: bool) -> None:
    office = await an_office(world)
    await set_policy(world, office, needs_approval=True, approval_kinds=["purchase_invoice"])
    item = await an_invoice(world, office)
    member = await a_member(world, office.firm, office.dossier.company_id)
    assert item.document_id is not None

    async def approve() -> None:
        async with world.as_scope(company_id=member.company_id, host_firm_id=office.firm.id) as session:
            assert item.document_id is not None
            await moves.set_approval(session, item.document_id, 1, ApprovalState.APPROVED, "", member)

    async def export(session: WriteSession) -> None:
        options = ExportOptions(include_unapproved=True)
        await selection.request_export(session, office.owner, office.dossier, options)

    if export_first:
        await behind(world, export, office, approve)
    else:
        await approve()
        async with as_firm(world, office) as session:
            await export(session)
    await world.run_jobs()
    now = await again(world, item)
    assert (now.approval, now.state, now.bundle_number) == (ApprovalState.APPROVED, ItemState.BUNDLED, 1)


async def test_an_abandoned_export_returns_an_item_to_where_a_decision_sent_it_meanwhile(
    world: World,
) -> None:
    office = await an_office(world)
    await set_policy(world, office, needs_approval=True, approval_kinds=["purchase_invoice"])
    item = await an_invoice(world, office)
    member = await a_member(world, office.firm, office.dossier.company_id)
    async with as_firm(world, office) as session:
        export = await selection.request_export(
            session, office.owner, office.dossier, ExportOptions(include_unapproved=True)
        )
    assert (await again(world, item)).state is ItemState.RESERVED
    async with world.as_scope(company_id=member.company_id, host_firm_id=office.firm.id) as session:
        assert item.document_id is not None
        await moves.set_approval(session, item.document_id, 1, ApprovalState.DISPUTED, "not ordered", member)
    async with as_firm(world, office) as session:
        assert await selection.abandon(session, office.owner, export, "given up")
        assert not await selection.abandon(session, office.owner, export, "given up")
    now = await again(world, item)
    assert (now.state, now.approval) == (ItemState.HELD, ApprovalState.DISPUTED)


async def test_a_second_request_waits_for_the_first_and_gets_its_export(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    found: list[object] = []

    async def first(session: WriteSession) -> None:
        export = await selection.request_export(session, office.owner, office.dossier, ExportOptions())
        found.append(export.id)

    async def second() -> None:
        async with as_firm(world, office) as session:
            export = await selection.request_export(session, office.owner, office.dossier, ExportOptions())
            found.append(export.id)
            assert export.state is ExportState.BUILDING

    await behind(world, first, office, second)
    assert found[0] == found[1]
    assert len(await exports_of(world, office.dossier)) == 1
