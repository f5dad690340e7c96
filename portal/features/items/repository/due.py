"""SQL of what standing policies let leave: one statement for all firms, by the index of what is ready."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from portal.db.session import ReadSession
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.models import Dossier
from portal.features.items.domain import Due, ItemState
from portal.features.items.models import DossierItem
from portal.features.policies.domain import Cadence
from portal.features.policies.models import ExportPolicy

# Written out: a plan that is made for any state would not use the index of this one.
_READY = DossierItem.state == sa.literal_column(f"'{ItemState.READY.value}'")


async def due(session: ReadSession, now: datetime, soon: datetime, months: Sequence[UUID]) -> list[Due]:
    """Dossiers under a standing policy in which something is, or will be, ready to leave; of all firms, in the system scope.

    Args:
        soon: what *after N minutes* lets leave up to this moment counts too.
        months: the monthly policies that run now, each up to its `last_month_run`.
    """
    statement = sa.union_all(
        _under(own=True, soon=soon, months=months), _under(own=False, soon=soon, months=months)
    )
    part = statement.subquery("part")
    found = await session.execute(
        sa.select(
            part.c.firm_id, part.c.dossier_id, part.c.until, sa.func.min(sa.func.coalesce(part.c.due_at, now))
        )
        .group_by(part.c.firm_id, part.c.dossier_id, part.c.until)
        .order_by(part.c.firm_id, part.c.dossier_id)
    )
    return [Due(*row) for row in found]


def _under(*, own: bool, soon: datetime, months: Sequence[UUID]) -> sa.Select[Any, Any, Any, Any]:
    """What the policies of single dossiers let leave, or those of firms in the dossiers without one of their own."""
    policy = aliased(ExportPolicy, name="policy")
    after = policy.cadence == Cadence.AFTER_DELAY
    due_at = DossierItem.final_at + sa.func.make_interval(0, 0, 0, 0, 0, 0, policy.delay_seconds)
    runs = policy.id == sa.any_(sa.literal(list(months), ARRAY(sa.Uuid())))
    in_force = [policy.firm_id == DossierItem.firm_id]
    if own:
        in_force.append(policy.dossier_id == DossierItem.dossier_id)
    else:
        instead = aliased(ExportPolicy, name="instead")
        in_force += [
            policy.dossier_id.is_(None),
            ~sa.exists().where(
                instead.firm_id == DossierItem.firm_id, instead.dossier_id == DossierItem.dossier_id
            ),
        ]
    return (
        sa.select(
            DossierItem.firm_id,
            DossierItem.dossier_id,
            sa.case((~after, policy.last_month_run)).label("until"),
            sa.case((after, due_at)).label("due_at"),
        )
        .join(policy, sa.and_(*in_force))
        .where(
            _READY,
            sa.or_(
                sa.and_(after, due_at <= soon), sa.and_(runs, DossierItem.item_date <= policy.last_month_run)
            ),
            DossierItem.item_date
            >= sa.func.coalesce(policy.export_from, sa.literal_column("date '-infinity'")),
            sa.or_(policy.include_statements, DossierItem.statement_id.is_(None)),
            # with the access ended there is nothing to export, ready or not
            sa.exists().where(
                Dossier.firm_id == DossierItem.firm_id,
                Dossier.id == DossierItem.dossier_id,
                Dossier.access.in_(OPEN_ACCESS),
            ),
        )
    )
