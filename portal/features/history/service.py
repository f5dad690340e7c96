"""Pages of history: events of the audit log with the names, links and dossiers that the log itself does not keep."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.db.figures import AskTogether, Figure, constant
from portal.db.session import ReadSession
from portal.features.accounts.service import people as accounts_people
from portal.features.audit import service as audit
from portal.features.audit.domain import fields_of
from portal.features.audit.models import AuditEvent
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.domain.staff import assigned_only
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.history import repository
from portal.features.history.domain import HistoryQuery, Whose
from portal.features.history.fields import field_value, field_word
from portal.features.history.groups import MEMBERS_SEE
from portal.features.history.lines import FieldLine, Line, sentence, who
from portal.features.items.service import lists
from portal.features.retention.service import erasures
from portal.jobs.contract import registry_of
from portal.kernel.actor import Actor, Right, Role
from portal.kernel.errors import NotFound
from portal.kernel.kinds import KIND_NAMES
from portal.kernel.language import N_, gettext

_KIND_WORDS = {kind.value: name for kind, name in KIND_NAMES.items()}
PAPERS = ("document", "statement", "upload", "intake_file")
"""Subjects that belong to a company and to every dossier on it."""
ERASED = {
    "document": N_("an erased document"),
    "statement": N_("an erased bank statement"),
    "intake_file": N_("an erased file"),
    "upload": N_("several, of which some were erased"),
}
TOLD_OF_ERASED = ("files", "items", "refused", "version", "proposed_by")
"""What sentences of events about something erased may still tell."""
KEPT_REASONS = (
    ".put_aside",
    ".brought_back",
    ".erasure_proposed",
    ".erasure_withdrawn",
    ".erasure_refused",
    ".erased",
)
"""Actions whose reasons stay: why it was put aside, and why it was erased."""
GONE = frozenset({"documents.deleted"})
"""What these tell of has no page any more."""


@dataclass(frozen=True, slots=True)
class History:
    """One page of history, newest first."""

    lines: Sequence[Line]
    next: str | None
    previous: str | None
    people: Sequence[tuple[str, str]]
    """Whom it can be filtered by: id and name."""


@dataclass(frozen=True, slots=True)
class _Names:
    """What is looked up for a whole page at once."""

    papers: Mapping[UUID, lists.Named]
    erased: AbstractSet[UUID]
    people: Mapping[UUID, str]
    dossiers: Mapping[UUID, tuple[str, str | None]]


async def of_dossier(
    session: ReadSession, actor: Actor, dossier: Dossier, query: HistoryQuery, together: AskTogether
) -> History:
    """A dossier's history, with what happened to its company's papers; the caller has opened it."""
    company = (dossier.company_id,) if dossier.access in OPEN_ACCESS else ()
    whose = Whose(firm_id=actor.firm_id, dossier_id=dossier.id, company_ids=company, reader=actor.person_id)
    return await _told(session, actor, whose, query, together)


async def of_everything(
    session: ReadSession, actor: Actor, query: HistoryQuery, together: AskTogether
) -> History:
    """What the reader may know of: the dossiers they see and their own acts; the owner also people, agents and settings."""
    if actor.firm_id is None:
        return await _of_company(session, actor, query, together)
    whose = Whose(
        firm_id=actor.firm_id,
        manager_id=assigned_only(actor),
        everything=actor.may(Right.FIRM_SETTINGS),
        reader=actor.person_id,
    )
    return await _told(session, actor, whose, query, together)


async def _of_company(
    session: ReadSession, actor: Actor, query: HistoryQuery, together: AskTogether
) -> History:
    """A member's view: what happened to the company's papers, decisions and access; a contributor's own acts alone."""
    if actor.company_id is None:
        raise NotFound
    whose = Whose(
        company_ids=(actor.company_id,),
        reader=actor.person_id,
        actions=MEMBERS_SEE,
        own=actor.role is Role.CONTRIBUTOR,
    )
    return await _told(session, actor, whose, query, together)


def _people(actor: Actor, whose: Whose) -> dict[str, Figure[dict[UUID, str]]]:
    """Whom a page of history can be filtered by: the office, and the members of an open dossier's or the reader's company."""
    asked: dict[str, Figure[dict[UUID, str]]] = {}
    if actor.firm_id is not None:
        asked["staff"] = accounts_people.staff_names(actor.firm_id)
    if whose.company_ids:
        (company_id,) = whose.company_ids
        asked["members"] = accounts_people.member_names(company_id)
    return asked


async def _told(
    session: ReadSession, actor: Actor, whose: Whose, query: HistoryQuery, together: AskTogether
) -> History:
    several = whose.dossier_id is None and actor.is_firm
    page = await repository.page(session, whose, query, PAPERS)
    changed = {event.id: fields_of(event.data) for event in page.rows}
    papers = await lists.named(
        session,
        {event.subject_id for event in page.rows if event.subject_type in ("document", "statement")},
        whose.dossier_id,
    )
    managers = {
        value
        for fields in changed.values()
        for field in fields
        if field.name == "manager_id"
        for value in (field.old, field.new)
    }
    where = {one.dossier_id for one in (*page.rows, *papers.values()) if one.dossier_id is not None}
    people = _people(actor, whose)
    found = vars(
        await together(
            people=accounts_people.names_of(managers),
            dossiers=dossiers.names_of(actor, where) if several else constant({}),
            erased=erasures.erased_subjects({one for event in page.rows for one in _subjects(event)}),
            **people,
        )
    )
    names = _Names(papers, found["erased"], found["people"], found["dossiers"])
    to_choose = {person_id: name for kind in people for person_id, name in found[kind].items()}
    sentences = registry_of(session).sentences
    lines = [_line(actor, event, sentences, changed[event.id], names, several=several) for event in page.rows]
    return History(
        lines,
        page.next,
        page.previous,
        sorted(
            ((str(person_id), name) for person_id, name in to_choose.items()),
            key=lambda one: one[1].casefold(),
        ),
    )


def _line(
    actor: Actor,
    event: AuditEvent,
    sentences: Mapping[str, tuple[str, str]],
    changed: Sequence[Any],
    names: _Names,
    *,
    several: bool,
) -> Line:
    is_erased = not names.erased.isdisjoint(_subjects(event))
    # The log itself never changes: of what was erased it is not shown any more what it was called and what it said.
    data = (
        {name: event.data[name] for name in TOLD_OF_ERASED if name in event.data} if is_erased else event.data
    )
    paper = names.papers.get(event.subject_id) if event.subject_id is not None else None
    dossier_id = event.dossier_id or (paper.dossier_id if paper else None)
    dossier = names.dossiers.get(dossier_id) if dossier_id is not None else None
    # One's own acts are told whatever became of them; where that is, only to whoever sees the dossier.
    is_elsewhere = several and dossier_id is not None and dossier is None
    paper = None if is_elsewhere else paper
    text, icon = sentence(sentences, event.action, data)
    kind = "" if is_erased else str(data.get("kind") or (paper.kind if paper else ""))
    return Line(
        at=event.at,
        text=text,
        icon=icon,
        who=who(event.actor),
        what=gettext(ERASED.get(event.subject_type, ERASED["upload"]))
        if is_erased
        else _called(event, paper),
        kind=gettext(_KIND_WORDS[kind]) if kind in _KIND_WORDS else "",
        href=None if is_elsewhere or event.action in GONE else _href(actor, event, dossier_id),
        fields=[
            FieldLine(
                field_word(field.name),
                field_value(field.name, field.old, data, names.people) if field.knows_old else None,
                field_value(field.name, field.new, data, names.people) if field.knows_new else None,
            )
            for field in ([] if is_erased else changed)
        ],
        reason=_reason(event.data) if not is_erased or event.action.endswith(KEPT_REASONS) else "",
        dossier=(dossier[0], f"/dossiers/{dossier_id}") if several and dossier is not None else None,
        filter_by=event.subject_id if event.subject_type == "document" and not is_elsewhere else None,
        is_note=event.action == "approvals.handed_over",
    )


def _subjects(event: AuditEvent) -> set[UUID]:
    """What an event is about, and the items it names."""
    named = event.data.get("item_ids")
    found = {UUID(str(one)) for one in named} if isinstance(named, list) else set[UUID]()
    return found | ({event.subject_id} if event.subject_id is not None else set())


def _called(event: AuditEvent, paper: lists.Named | None) -> str:
    """What the event says the thing was called then; of earlier releases, what it is called now, or what is there."""
    said = event.data.get("what")
    if isinstance(said, str) and said:
        return said
    if paper is not None and paper.name:
        return paper.name
    keys = {
        "document": ("number",),
        "statement": ("account", "number"),
        "intake_file": ("name",),
        "agent": ("name",),
        "api_key": ("name",),
        "import": ("file",),
        "invitation": ("to",),
    }
    parts = [event.data.get(key) for key in keys.get(event.subject_type, ())]
    return audit.named(*(str(part) for part in parts if part))


def _reason(data: Mapping[str, Any]) -> str:
    """A person's own words, or a sentence of ours in the reader's language."""
    said = data.get("reason") or data.get("problem")
    if not isinstance(said, str) or not said:
        return ""
    params = data.get("problem_params")
    return gettext(said) % params if params and not data.get("reason") else gettext(said)


def _where_invited(actor: Actor) -> str | None:
    """The page of invitations of colleagues, or of a company's people, for those who decide about them."""
    if actor.is_firm:
        return "/settings/team" if actor.may(Right.FIRM_SETTINGS) else None
    return "/people" if actor.may(Right.MEMBERS) else None


def _href(actor: Actor, event: AuditEvent, dossier_id: UUID | None) -> str | None:
    """The page of what an event is about, on the reader's side; None where there is none."""
    subject, kind = event.subject_id, event.subject_type
    papers = {"document": "documents", "statement": "bank", "intake_file": "quick-entry"}
    if subject is None:
        return None
    if kind == "invitation" and dossier_id is None:
        return _where_invited(actor)
    if not actor.is_firm:
        members = {**papers, "intake_file": "hand-in"}
        return f"/{members[kind]}/{subject}" if kind in members else None
    own = {
        "agent": "/agents",
        "api_key": "/agents",
        "pairing_code": "/agents",
        "firm": "/settings",
        "import": f"/dossiers/import/{subject}",
        "target": f"/settings/packages/{subject}",
    }
    if kind in own:
        return own[kind]
    if dossier_id is None:
        return "/settings/export" if kind == "export_policy" else None
    base = f"/dossiers/{dossier_id}"
    below = {
        "export": f"/export/{subject}",
        "delivery": f"/export/{event.data['export_id']}" if "export_id" in event.data else "/export",
        "export_policy": "/policy",
        "upload": "/quick-entry",
        **{name: f"/{path}/{subject}" for name, path in papers.items()},
    }
    return base + below.get(kind, "")
