"""What a bundle is to hold, read in one transaction: everything the archive needs, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from exports import bundle, layouts
from exports.bundle import Item
from portal.db.session import WriteSession
from portal.features.banking.domain import StatementForm
from portal.features.banking.service import derived
from portal.features.banking.service import statements as banking
from portal.features.bundles.models import Export
from portal.features.bundles.repository import exports as exports_repository
from portal.features.bundles.service import exclusions
from portal.features.bundles.service.parts import document_item, statement_item
from portal.features.bundles.service.selection import is_reexport
from portal.features.documents.service import lookups
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.models import Dossier
from portal.features.items.service import moves
from portal.features.policies import service as policies
from portal.jobs.runner import Task

log = structlog.get_logger()

SOFTWARE = "bundle 1"


@dataclass(slots=True)
class Plan:
    """Everything the archive needs, as plain values: no database row crosses into the thread that builds."""

    export_id: UUID
    company_id: UUID
    firm_id: UUID
    dossier_id: UUID
    number: int
    header: bundle.Header
    layout: Any
    items: list[Item]
    reexports: dict[str, bool]
    locks: bool
    codas: dict[str, str]
    """The SHA-256 of the CODA file of each statement."""
    aside: dict[str, str] = field(default_factory=dict)
    """Items that cannot leave, with the reason."""
    counter: list[int] = field(default_factory=lambda: [0])

    def leave_out(self, reasons: Mapping[str, str]) -> None:
        """These stay, for these reasons."""
        self.aside.update(reasons)
        self.items = [item for item in self.items if item.id not in self.aside]


async def plan_of(
    session: WriteSession, task: Task, dossier: Dossier, export: Export, stays: Mapping[UUID, str]
) -> Plan | None:
    """What to build, of an opened dossier; None when the firm's access to the company has ended meanwhile.

    Args:
        stays: statements that cannot leave, with the reason (`made_coda.make_codas`).
    """
    if dossier.access not in OPEN_ACCESS:
        return None
    policy = await policies.policy_for(session, export.firm_id, export.dossier_id)
    held = await moves.reserved(session, export.id)
    papers = await lookups.files_of(session, [item.document_id for item in held if item.document_id])
    statements = await banking.by_ids(session, [item.statement_id for item in held if item.statement_id])
    made_here = await derived.derived_of(session, list(statements))
    number = await exports_repository.last_number(session, export.dossier_id) + 1
    layout = layouts.get(export.layout)
    if dossier.folders:
        layout = layout.with_folders(dossier.folders)
    left = await moves.left_elsewhere(session, export.dossier_id)
    again = {item.id: is_reexport(item, left) for item in held}
    made: list[Item] = []
    aside: dict[str, str] = {}
    for item in held:
        if item.statement_id is not None and item.statement_id in stays:
            aside[str(item.id)] = stays[item.statement_id]
            continue
        try:
            if item.document_id is not None:
                made.append(document_item(item, papers[item.document_id], task.tools.store, again[item.id]))
            elif item.statement_id is not None:
                row, account = statements[item.statement_id]
                made.append(
                    statement_item(
                        item, row, account, made_here.get(row.id), task.tools.store, again[item.id]
                    )
                )
        except Exception as fault:  # noqa: BLE001 - whatever is noted of one item must not keep the others
            log.warning("bundles.odd_item", item=str(item.id), fault=type(fault).__name__)
            aside[str(item.id)] = exclusions.TAX if item.document_id in papers else exclusions.ODD
    made.sort(key=bundle.import_order)
    return Plan(
        export_id=export.id,
        company_id=export.company_id,
        firm_id=export.firm_id,
        dossier_id=export.dossier_id,
        number=number,
        header=bundle.Header(
            dossier_id=str(dossier.id),
            dossier_code=dossier.code,
            dossier_name=dossier.title,
            company_number=dossier.number,
            number=number,
            previous_sha256=await exports_repository.previous_manifest(session, export.dossier_id),
            policy="by_hand" if not export.by_policy else policy.cadence.value,
            created=export.created_at,
            software=SOFTWARE,
        ),
        layout=layout,
        items=made,
        aside=aside,
        reexports={str(item_id): said for item_id, said in again.items()},
        locks=policy.lock_exported,
        codas={
            str(item.id): row.file_sha256
            for item in held
            if item.statement_id is not None
            and (row := statements.get(item.statement_id, (None,))[0]) is not None
            and row.form is StatementForm.CODA
        },
    )
