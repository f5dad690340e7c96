"""The bookkeeping packages of an office: which there are, which one a dossier begins with, making and changing them."""

from collections.abc import Sequence
from uuid import UUID

from exports import layouts
from portal.db.figures import Figure
from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.targets import repository
from portal.features.targets.domain import DEFAULT_LAYOUT, CodeSpace, DeliveryMethod, code_spaces, faults
from portal.features.targets.models import Target
from portal.jobs.contract import clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Forbidden, Invalid, NotFound
from portal.kernel.ids import new_id


async def listed(session: ReadSession, firm_id: UUID) -> Sequence[Target]:
    """The packages of a firm, the one that was made first before the others."""
    return await repository.of_firm(session, firm_id)


async def target(session: ReadSession, firm_id: UUID, target_id: UUID) -> Target:
    """One package of a firm.

    Raises:
        NotFound: unknown, or another firm's.
    """
    found = await repository.target(session, firm_id, target_id)
    if found is None:
        raise NotFound
    return found


def name_of(firm_id: UUID, target_id: UUID) -> Figure[str]:
    """What a package of a firm is called."""
    return repository.name_of(firm_id, target_id)


def has_method(firm_id: UUID, method: DeliveryMethod) -> Figure[bool]:
    """Whether bundles reach some package of a firm by this method."""
    return repository.has_method(firm_id, method)


async def with_method(session: ReadSession, firm_id: UUID, method: DeliveryMethod) -> list[UUID]:
    """The packages of a firm that bundles reach by this method."""
    return [one.id for one in await listed(session, firm_id) if one.delivery_method is method]


def spaces_of(targets: Sequence[Target]) -> dict[UUID, CodeSpace]:
    """The space of dossier codes of each package of a firm."""
    return code_spaces((one.id, one.delivery_method) for one in targets)


async def add_first(session: WriteSession, firm_id: UUID, layout: str = DEFAULT_LAYOUT) -> Target:
    """The package that a new firm begins with, called as its layout; runs in the system scope (nobody is signed in yet)."""
    return await _write(session, firm_id, layouts.get(layout).title, layout, DeliveryMethod.AGENT)


async def add(session: WriteSession, actor: Actor, name: str, layout: str, method: DeliveryMethod) -> Target:
    """One more package.

    Raises:
        Forbidden: the actor may not change the firm's settings.
        Invalid: with a message per field.
    """
    firm_id = _firm(actor)
    await _check(session, firm_id, name, layout)
    made = await _write(session, firm_id, name, layout, method)
    await audit.record(
        session,
        actor,
        "targets.added",
        "target",
        made.id,
        what=made.name,
        fields=audit.changes({}, {"layout": made.layout, "delivery_method": made.delivery_method.value}),
    )
    return made


async def change(session: WriteSession, actor: Actor, changed: Target, name: str, layout: str) -> list[str]:
    """Call a package otherwise, or write for another one; gives the names of the columns that really changed.

    Exports that were asked for keep the layout they were asked with.

    Raises:
        Forbidden, Invalid: as `add`.
    """
    firm_id = _firm(actor)
    await _check(session, firm_id, name, layout, changed=changed)
    told = audit.changes({"name": changed.name, "layout": changed.layout}, {"name": name, "layout": layout})
    if not told:
        return []
    changed.name = name
    changed.layout = layout
    await session.flush()
    await audit.record(
        session, actor, "targets.changed", "target", changed.id, what=changed.name, fields=told
    )
    return sorted(told)


def _firm(actor: Actor) -> UUID:
    if not actor.may(Right.FIRM_SETTINGS):
        raise Forbidden
    assert actor.firm_id is not None
    return actor.firm_id


async def _check(
    session: WriteSession, firm_id: UUID, name: str, layout: str, *, changed: Target | None = None
) -> None:
    """Raise what is wrong with a new package, or with one as it would be; a name that stays is nobody's fault."""
    await repository.lock(session, firm_id)
    others = (
        () if changed is not None and changed.name == name else await repository.of_firm(session, firm_id)
    )
    names = [one.name for one in others if changed is None or one.id != changed.id]
    wrong = faults(name, layout, [one.name for one in layouts.all()], names)
    if wrong:
        raise Invalid(fields=wrong)


async def _write(
    session: WriteSession, firm_id: UUID, name: str, layout: str, method: DeliveryMethod
) -> Target:
    made = Target(
        id=new_id(),
        firm_id=firm_id,
        name=name,
        layout=layout,
        delivery_method=method,
        created_at=clock_of(session).now(),
    )
    repository.add(session, made)
    await session.flush()
    return made
