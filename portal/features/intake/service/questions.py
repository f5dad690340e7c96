"""What is asked of what is there already, before a file is settled: is it there, and does a statement belong here?"""

from typing import Any
from uuid import UUID

from portal.db.session import ReadSession
from portal.features.banking import service as banking
from portal.features.documents import service as documents
from portal.features.documents.domain import Identity
from portal.features.intake import repository
from portal.features.intake.models import IntakeFile
from portal.features.intake.service.papers import CodaFile
from portal.features.keeping import service as keeping
from portal.kernel.clock import local_date

ERASED_BEFORE = "erased_before"


async def there_already(
    session: ReadSession, company_id: UUID, row: IntakeFile
) -> tuple[str, dict[str, Any]] | None:
    """The reason why a file adds nothing, and what of it is noted with the file; None when its bytes are new."""
    known = await documents.known_bytes(session, company_id, row.sha256)
    if known is not None:
        return "already", {"document_id": known.id}
    waiting = await repository.waiting_with_bytes(session, company_id, row.sha256, row.id)
    return None if waiting is None else ("waits_already", {"hints": {"file": str(waiting.id)}})


async def coda_question(
    session: ReadSession, company_id: UUID, us: Identity, file: CodaFile
) -> tuple[str, dict[str, str]] | None:
    """What a person is asked about a CODA file before it is taken, with its parameters; None when nothing.

    With `unnamed` among the parameters of another question, it is asked as well whether that account is in euro.
    """
    unnamed = await _unnamed(session, company_id, file)
    question = await _place_question(session, company_id, us, file)
    if question is not None:
        return question[0], question[1] | unnamed
    return ("coda.no_currency", unnamed) if unnamed else None


async def _unnamed(session: ReadSession, company_id: UUID, file: CodaFile) -> dict[str, str]:
    """The first account whose currency nobody said: not the bank in this file, nor anybody before. Nothing where there is none."""
    for one in file.statements:
        if not one.currency_named and not await banking.knows_account(session, company_id, one):
            return {"unnamed": one.iban or one.account_number}
    return {}


async def _place_question(
    session: ReadSession, company_id: UUID, us: Identity, file: CodaFile
) -> tuple[str, dict[str, str]] | None:
    """Whether the statements belong to this company, and whether their places are free."""
    known = [await banking.knows_account(session, company_id, one) for one in file.statements]
    ours = {number for country, number in us.numbers if country == "BE"}
    strange = file.company_numbers - ours
    if strange and not all(known):
        number = min(strange)
        return "coda.other_company", {"number": f"{number[:4]}.{number[4:7]}.{number[7:]}"}
    for clash in await banking.clashes(session, company_id, file.statements):
        return "coda.conflict", {
            "number": str(clash.new.coda_number),
            "account": clash.new.iban or clash.new.account_number,
            "statement": str(clash.known.id),
        }
    return None


async def erased_before(
    session: ReadSession, company_id: UUID, sha256: str, file: CodaFile | None = None
) -> dict[str, str]:
    """When and why a file was erased here, if it was: it is never taken again without asking. Nothing while it is there again."""
    if await documents.known_bytes(session, company_id, sha256) is not None:
        return {}
    if file is not None:
        fresh = await banking.unknown(session, company_id, file.statements)
        found = await keeping.erased_content(session, company_id, fresh)
    else:
        found = await keeping.known_as_erased(session, company_id, sha256)
    if found is None or found.answered_at is None:
        return {}
    return {"day": f"{local_date(found.answered_at):%d/%m/%Y}", "why": found.reason}
