"""What the house knows of a file before it is settled: is it there, was it erased, does a statement belong here?"""

from collections.abc import Sequence

import msgspec

from portal.db.session import ReadSession
from portal.features.banking.service import statements as banking
from portal.features.documents.models import Document
from portal.features.documents.service import arrivals, duplicates
from portal.features.intake.domain.contents import ArchiveContent, CodaContent, Content, PaperContent
from portal.features.intake.domain.hints import SameNumber
from portal.features.intake.domain.verdicts import ErasedBefore, Known, KnownStatements, StatementClash
from portal.features.intake.models import IntakeFile
from portal.features.retention.models import Erasure
from portal.features.retention.service import erasures
from portal.kernel.clock import local_date


async def known(
    session: ReadSession, row: IntakeFile, content: Content, same_number: SameNumber | None = None
) -> tuple[Known, Sequence[Document]]:
    """What is to be known of a file to decide about it, and the documents that a UBL is to be compared with before (`comparison`).

    Args:
        same_number: what that comparison has found.
    """
    if isinstance(content, ArchiveContent):
        return Known(), ()
    is_there = await arrivals.known_bytes(session, row.company_id, row.sha256) is not None
    if isinstance(content, CodaContent):
        found = await banking.known(session, row.company_id, content.statements)
        erased = None if is_there else await erasures.erased_content(session, row.company_id, found.missing)
        return Known(erased=_told(erased), statements=_of_statements(content, found)), ()
    erased = None if is_there else await erasures.known_as_erased(session, row.company_id, row.sha256)
    known = Known(erased=_told(erased), same_number=same_number)
    if isinstance(content, PaperContent) or erased or content.faults or content.sold is None:
        return known, ()
    rivals = await duplicates.of_invoice(
        session, row.company_id, content.invoice, supplier_is_us=content.sold
    )
    return msgspec.structs.replace(known, is_new=not is_there and not rivals), rivals


def _of_statements(content: CodaContent, found: banking.KnownStatements) -> KnownStatements:
    unnamed = [
        one.iban or one.account_number
        for one, is_known in zip(content.statements, found.accounts, strict=True)
        if not one.currency_named and not is_known
    ]
    clash = None
    if found.clash is not None:
        clash = StatementClash(
            number=found.clash.new.coda_number,
            account=found.clash.new.iban or found.clash.new.account_number,
            known=found.clash.known.id,
        )
    return KnownStatements(
        accounts_known=all(found.accounts), unnamed=unnamed[0] if unnamed else "", clash=clash
    )


def _told(found: Erasure | None) -> ErasedBefore | None:
    if found is None or found.answered_at is None:
        return None
    return ErasedBefore(day=local_date(found.answered_at), why=found.reason)
