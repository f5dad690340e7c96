"""Changing what a dossier says: its columns, its manager, its VAT regime, its place in a bookkeeping package."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.dossiers.domain.dossiers import folded
from portal.features.dossiers.domain.staff import NOT_YOURS_TO_GIVE, is_own, may_set_manager
from portal.features.dossiers.domain.vat import RegimeFrom, VatRegime, regime_on, with_regime
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.repository import companies as companies_repository
from portal.features.dossiers.repository import dossiers as dossiers_repository
from portal.features.dossiers.repository import regimes as regimes_repository
from portal.features.dossiers.repository import staff as staff_repository
from portal.features.dossiers.service.codes import refuse_taken, settle_clashes
from portal.features.dossiers.service.dossiers import check_columns, check_manager, vat_regimes
from portal.features.targets import service as targets
from portal.jobs.contract import clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.clock import local_date
from portal.kernel.errors import Forbidden, Invalid
from portal.kernel.language import N_

NOT_YOURS_TO_CLOSE = N_(
    "Only the file manager of this dossier, a manager or the owner of the office closes its books."
)
NOT_YOURS_TO_DELIVER = N_(
    "Only the file manager of this dossier, a manager or the owner of the office chooses its bookkeeping package."
)
NO_PACKAGE = N_("Choose one of the list.")
TOLD_APART = N_("Your office has another dossier on this company: the activity has to tell the two apart.")
ENDS_FIRST = N_("This period ends before it begins.")

PLACED = frozenset({"code", "target_id"})
"""Columns that say where a dossier's files go: they are compared with the other dossiers of the firm."""


ALONE = frozenset({"name", "language", "contact_name", "contact_email", "contact_phone"})
"""Columns that are compared with nothing: many dossiers are given them at once."""


async def change(session: WriteSession, actor: Actor, dossier: Dossier, values: dict[str, Any]) -> list[str]:
    """Change what a dossier says; gives the names of what really changed.

    Args:
        values: by name its columns, `manager_id`, and as `vat_regime` a regime with the day from which it holds (`RegimeFrom`).

    Raises:
        Forbidden: the actor may not edit dossiers, not give this one to another manager, not close its books, or not choose its package.
        Invalid: the code can be no folder's name, the e-mail address is none, the manager is nobody of the office, the period of the
            books ends before it begins, the activity is that of another dossier on the company, or the package is none of the office's.
        Conflict: the code is taken in its package.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    values = dict(values)
    new_regime: RegimeFrom | None = values.pop("vat_regime", None)
    columns = sorted(name for name, value in values.items() if getattr(dossier, name) != value)
    regimes = await _regimes_with(session, dossier, new_regime)
    check_columns(values.get("code"), values.get("contact_email"))
    if not columns and regimes is None:
        return []
    await _check_rights(session, actor, dossier, values, columns)
    _check_period(dossier, values)
    placed = not PLACED.isdisjoint(columns)
    if placed or "activity" in columns:
        await dossiers_repository.lock_dossiers(session, dossier.firm_id)
    if "activity" in columns:
        await _check_activity(session, dossier, values["activity"])
    packages = await _check_place(session, dossier, values) if placed else {}
    told = audit.changes({name: getattr(dossier, name) for name in columns}, values, columns)
    if "target_id" in told:
        del told["target_id"]
        told["target"] = (packages.get(dossier.target_id), packages[values["target_id"]])
    if new_regime is not None and regimes is not None:
        told |= audit.changes(
            {"vat_regime": regimes.before},
            {"vat_regime": new_regime.regime, "vat_regime_from": new_regime.valid_from},
        )
        await regimes_repository.replace_regimes(session, dossier, regimes.after)
    await _write(session, dossier, values, columns)
    if placed:
        await settle_clashes(session, dossier.firm_id)
    await audit.record(
        session,
        actor,
        "dossiers.updated",
        "dossier",
        dossier.id,
        dossier_id=dossier.id,
        what=audit.named(dossier.code, dossier.name),
        fields=told,
    )
    return columns if regimes is None else [*columns, "vat_regime"]


async def change_many(
    session: WriteSession, actor: Actor, wanted: Sequence[tuple[Dossier, Mapping[str, Any]]]
) -> dict[UUID, list[str]]:
    """Change of many dossiers what is compared with no other, `ALONE`; gives the names of what really changed, by dossier.

    A statement for all of them, and one for what is told of it. The caller has checked the columns (`check_columns`).

    Raises:
        Forbidden: the actor may not edit dossiers.
        ValueError: a column is none of `ALONE`.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    changed: dict[UUID, list[str]] = {}
    told: list[audit.Told] = []
    for dossier, values in wanted:
        if not values.keys() <= ALONE:
            raise ValueError(f"{sorted(values)} are not changed of many at once")
        columns = sorted(name for name, value in values.items() if getattr(dossier, name) != value)
        changed[dossier.id] = columns
        if columns:
            fields = audit.changes({name: getattr(dossier, name) for name in columns}, values, columns)
            for name in columns:
                setattr(dossier, name, values[name])
            what = audit.named(dossier.code, dossier.name)
            told.append(audit.Told(dossier.id, dossier.id, what, {"fields": fields}))
    await session.flush()
    await audit.record_all(session, actor, "dossiers.updated", "dossier", told)
    return changed


async def _check_rights(
    session: ReadSession,
    actor: Actor,
    dossier: Dossier,
    values: Mapping[str, Any],
    columns: Collection[str],
) -> None:
    if "manager_id" in columns:
        if not may_set_manager(actor, dossier.manager_id, values["manager_id"]):
            raise Forbidden(NOT_YOURS_TO_GIVE)
        await check_manager(session, actor, values["manager_id"])
    if "closed_until" in columns and not is_own(actor, dossier.manager_id):
        raise Forbidden(NOT_YOURS_TO_CLOSE)
    if "target_id" in columns and not is_own(actor, dossier.manager_id):
        raise Forbidden(NOT_YOURS_TO_DELIVER)


def _check_period(dossier: Dossier, values: Mapping[str, Any]) -> None:
    begin, end = (values.get(name, getattr(dossier, name)) for name in ("books_from", "books_until"))
    if begin is not None and end is not None and end < begin:
        raise Invalid(fields={"books_until": ENDS_FIRST})


async def _check_activity(session: ReadSession, dossier: Dossier, activity: str | None) -> None:
    """Two dossiers of a firm on one company are told apart by it."""
    found = await companies_repository.on_company(
        session, dossier.firm_id, dossier.company_id, dossier.country, dossier.number
    )
    if folded(activity or "") in {folded(one.activity or "") for one in found if one.id != dossier.id}:
        raise Invalid(fields={"activity": TOLD_APART})


async def _check_place(session: WriteSession, dossier: Dossier, values: Mapping[str, Any]) -> dict[UUID, str]:
    """The package is one of the firm's, whose names are given, and the code is free in it."""
    packages = {one.id: one.name for one in await targets.listed(session, dossier.firm_id)}
    target_id = values.get("target_id", dossier.target_id)
    if target_id not in packages:
        raise Invalid(fields={"target_id": NO_PACKAGE})
    code = values.get("code", dossier.code)
    if code:
        await refuse_taken(session, dossier.firm_id, target_id, code, dossier.id)
    return packages


async def _write(
    session: WriteSession, dossier: Dossier, values: Mapping[str, Any], columns: Collection[str]
) -> None:
    for name in columns:
        if name == "manager_id":
            day = local_date(clock_of(session).now())
            await staff_repository.set_manager(session, dossier, values["manager_id"], day)
        else:
            setattr(dossier, name, values[name])
    if not PLACED.isdisjoint(columns):
        dossier.code = values.get("code", dossier.code)  # writes its key: in another package it may have one
    await session.flush()


@dataclass(frozen=True, slots=True)
class _Regimes:
    """What a new regime does: which held on its day, and all as they will be."""

    before: VatRegime | None
    after: Sequence[RegimeFrom]


async def _regimes_with(session: ReadSession, dossier: Dossier, new: RegimeFrom | None) -> _Regimes | None:
    """The regimes of a dossier with a new one; None when it says nothing new."""
    if new is None:
        return None
    before = (await vat_regimes(session, dossier)).regimes
    after = with_regime(before, new)
    return _Regimes(regime_on(before, new.valid_from), after) if after != before else None
