"""Deciding about documents, and taking a decision back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.approvals import repository
from portal.features.approvals.domain import (
    BULK_LIMIT,
    BY_SOMEBODY,
    CHANGED,
    GONE,
    GONE_STATES,
    LONGEST_REASON,
    NOBODY_TO_ASK,
    NOT_ASKED,
    NOTHING_TO_TAKE_BACK,
    REASON_NEEDED,
    REASON_TOO_LONG,
    REJECTIONS,
    STATES,
    TOO_MANY,
    ClientSaid,
    ClientTookBack,
    Decision,
    Said,
)
from portal.features.approvals.models import ApprovalDecision
from portal.features.approvals.service.notices import withdraw_notices
from portal.features.audit import service as audit
from portal.features.documents.models import Document
from portal.features.documents.service import changes, lookups
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import approvers, dossiers
from portal.features.items.domain import ApprovalState
from portal.features.items.models import DossierItem
from portal.features.items.service import moves
from portal.jobs.contract import clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound

_SAID = (ApprovalState.APPROVED, ApprovalState.DISPUTED, ApprovalState.NOT_OURS)


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a decision. `repeated`: the same person had said the same before (a double click)."""

    document: Document
    decision: Decision
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of decisions about several documents: those that count, and for the others why not."""

    decided: Sequence[Decided]
    refused: Sequence[tuple[UUID, str]]


def _company(actor: Actor) -> UUID:
    if actor.company_id is None or not actor.may(Right.APPROVE):
        raise Forbidden
    return actor.company_id


def _checked(decision: Decision, reason: str) -> str:
    text = reason.strip()
    if len(text) > LONGEST_REASON:
        raise Invalid(REASON_TOO_LONG, fields={"reason": REASON_TOO_LONG})
    if decision in REJECTIONS and not text:
        raise Invalid(REASON_NEEDED, fields={"reason": REASON_NEEDED}, code="reason_needed")
    return text if decision in REJECTIONS else ""


async def decide(
    session: WriteSession, actor: Actor, document_id: UUID, version: int, decision: Decision, reason: str = ""
) -> Decided:
    """The company's word on one version of a document, for every firm that sees it; the first one counts.

    The same word by the same person again changes nothing and is no error.

    Args:
        version: the version the actor has looked at.
        reason: required for rejections; left out of approvals.

    Raises:
        Forbidden: the actor is no member who may approve.
        NotFound: no such document of the company.
        Invalid: a rejection without reason, or one that is too long.
        Conflict: the document changed (`changed`), somebody was first (`already_decided`), or nobody asks (`not_asked`).
    """
    company_id = _company(actor)
    text = _checked(decision, reason)
    document = await lookups.document(session, actor, company_id, document_id)
    if document.version != version:
        raise Conflict(CHANGED, code="changed")
    try:
        counted = await moves.set_approval(session, document_id, version, STATES[decision], text, actor)
    except Conflict:
        return await _was_before(session, actor, document, decision)
    repository.add(
        session,
        ApprovalDecision(
            company_id=company_id,
            document_id=document_id,
            version=version,
            decision=decision,
            reason=text,
            decided_by=actor.person_id,
            decided_by_name=actor.name,
            decided_at=clock_of(session).now(),
        ),
    )
    asked = await _was_asked_again(session, document_id)
    await _record(session, actor, f"approvals.{decision}", document, counted)
    if decision in REJECTIONS or asked:
        for item in counted:
            await publish(
                session,
                actor,
                ClientSaid(
                    company_id=company_id,
                    firm_id=item.firm_id,
                    dossier_id=item.dossier_id,
                    document_id=document_id,
                    kind=Said.REJECTED if decision in REJECTIONS else Said.ANSWERED,
                    decision=decision,
                    what=changes.named(document),
                    text=text,
                ),
            )
    return Decided(document, decision)


async def _was_asked_again(session: ReadSession, document_id: UUID) -> bool:
    """Whether the office asked about this document once more since it was last decided about."""
    said = {f"approvals.{decision}" for decision in Decision} | {"approvals.asked_again"}
    found = [event.action for event in await audit.history_of(session, document_id) if event.action in said]
    return bool(found) and found[-1] == "approvals.asked_again"


async def _was_before(session: ReadSession, actor: Actor, document: Document, decision: Decision) -> Decided:
    """Why a decision does not count: the present state, in words; or that it was made before by the same person."""
    found = await moves.of_document(session, document.id)
    said = next((item for item in found if item.approval in _SAID), None)
    if said is not None:
        if said.decided_by == actor.person_id and said.approval is STATES[decision]:
            return Decided(document, decision, repeated=True)
        raise Conflict(
            BY_SOMEBODY[said.approval],
            code="already_decided",
            name=said.decided_by_name or "–",
            reason=said.approval_reason or "–",
        )
    if any(item.approval is ApprovalState.WAITING for item in found):
        raise Conflict(CHANGED, code="changed")
    raise Conflict(NOT_ASKED, code="not_asked")


async def _record(
    session: WriteSession, actor: Actor, action: str, document: Document, counted: Sequence[DossierItem]
) -> None:
    for item in counted:
        await audit.record(
            session,
            actor,
            action,
            "document",
            document.id,
            dossier_id=item.dossier_id,
            what=changes.named(document),
            kind=document.kind.value,
            reason=item.approval_reason,
            number=document.number,
            version=item.version,
            left_already=item.state in GONE_STATES,
        )


async def decide_many(
    session: WriteSession,
    actor: Actor,
    chosen: Sequence[tuple[UUID, int]],
    decision: Decision,
    reason: str = "",
) -> BulkResult:
    """One decision on several documents, each by itself: those that are not open any more are left out and told.

    Args:
        chosen: documents and the versions the actor has looked at.

    Raises:
        Forbidden: the actor is no member who may approve.
        Invalid: a rejection without reason, or more than BULK_LIMIT documents.
    """
    _company(actor)
    _checked(decision, reason)
    if len(chosen) > BULK_LIMIT:
        raise Invalid(TOO_MANY, code="too_many", limit=BULK_LIMIT)
    decided: list[Decided] = []
    refused: list[tuple[UUID, str]] = []
    await moves.lock_document_rows(session, [document_id for document_id, _version in chosen])
    for document_id, version in dict(chosen).items():
        try:
            decided.append(await decide(session, actor, document_id, version, decision, reason))
        except (Conflict, NotFound) as why:
            refused.append((document_id, why.text()))
    return BulkResult(decided, refused)


async def withdraw(session: WriteSession, actor: Actor, document_id: UUID, version: int) -> Document:
    """Take the company's decision back while the document is still here; it waits again.

    Raises:
        Forbidden: the actor is no member who may approve.
        NotFound: no such document of the company.
        Conflict: it has left (`gone`), changed (`changed`), or there is no decision (`not_decided`).
    """
    document = await lookups.document(session, actor, _company(actor), document_id)
    if document.version != version:
        raise Conflict(CHANGED, code="changed")
    counted = await _wait_again(session, actor, document)
    await _record(session, actor, "approvals.withdrawn", document, counted)
    await publish(session, actor, ClientTookBack(company_id=document.company_id, document_id=document_id))
    return document


async def ask_again(session: WriteSession, actor: Actor, dossier: Dossier, document_id: UUID) -> Document:
    """The accountant asks the client once more about a document that was decided about and is still here.

    The caller has opened the dossier.

    Raises:
        Forbidden: the actor may not export.
        NotFound: no such document in the dossier.
        Conflict: it has left (`gone`), there is no decision (`not_decided`), or nobody can answer (`nobody_to_ask`).
    """
    if not actor.may(Right.EXPORT):
        raise Forbidden
    if await moves.of_subject(session, dossier.id, document_id=document_id) is None:
        raise NotFound
    document = await lookups.document(session, actor, dossier.company_id, document_id)
    await approvers.hold_approvers(session, dossier.company_id)
    now = await dossiers.by_id(session, dossier.id)
    if now is None or now.approvers == 0:
        raise Conflict(NOBODY_TO_ASK, code="nobody_to_ask")
    counted = await _wait_again(session, actor, document)
    await _record(session, actor, "approvals.asked_again", document, counted)
    await withdraw_notices(session, actor, document_id)
    return document


async def _wait_again(session: WriteSession, actor: Actor, document: Document) -> Sequence[DossierItem]:
    try:
        return await moves.set_approval(
            session, document.id, document.version, ApprovalState.WAITING, "", actor
        )
    except Conflict:
        found = await moves.of_document(session, document.id)
        if any(item.approval in _SAID and item.state in GONE_STATES for item in found):
            raise Conflict(GONE, code="gone") from None
        raise Conflict(NOTHING_TO_TAKE_BACK, code="not_decided") from None
