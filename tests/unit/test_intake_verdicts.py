"""What becomes of a handed-in file is decided from what it holds and what is known, without a database."""

from datetime import date
from uuid import uuid4

from portal.features.documents.domain.identity import Identity
from portal.features.intake.domain.contents import CodaContent, PaperContent
from portal.features.intake.domain.verdicts import (
    Asked,
    ErasedBefore,
    Known,
    KnownStatements,
    StatementClash,
    Taken,
    decide,
)

US = Identity(numbers=frozenset({("BE", "0202239951")}), texts=frozenset())
ERASED = ErasedBefore(day=date(2026, 11, 2), why="not ours")
CLASH = StatementClash(number=44, account="BE68539007547034", known=uuid4())


def a_file(*numbers: str) -> CodaContent:
    return CodaContent(statements=(), company_numbers=frozenset(numbers))


def there(
    *, accounts: bool = True, unnamed: str = "", clash: StatementClash | None = None
) -> KnownStatements:
    return KnownStatements(accounts_known=accounts, unnamed=unnamed, clash=clash)


def asked(content: CodaContent | PaperContent, known: Known) -> tuple[str, dict[str, str]] | None:
    verdict = decide(content, known, US)
    assert isinstance(verdict, Asked)
    return (verdict.reason.code, verdict.reason.params) if verdict.reason else None


def test_a_bank_file_without_a_question_is_taken() -> None:
    assert decide(a_file("0202239951"), Known(statements=there()), US) == Taken()


def test_another_company_is_asked_about_only_while_an_account_is_not_known() -> None:
    other = a_file("0417497106")
    assert asked(other, Known(statements=there(accounts=False))) == (
        "coda.other_company",
        {"number": "0417.497.106"},
    )
    assert decide(other, Known(statements=there()), US) == Taken()


def test_what_is_no_company_number_names_no_other_company() -> None:
    assert decide(a_file("0417497107"), Known(statements=there(accounts=False)), US) == Taken()


def test_an_account_without_a_currency_is_minded_with_every_other_question() -> None:
    known = Known(statements=there(unnamed="BE1", clash=CLASH), erased=ERASED)
    found = asked(a_file(), known)
    assert found is not None
    code, params = found
    assert code == "coda.conflict"
    assert params["statement"] == str(CLASH.known)
    assert (params["unnamed"], params["day"], params["why"]) == ("BE1", "02/11/2026", "not ours")
    assert asked(a_file(), Known(statements=there(unnamed="BE1"))) == ("coda.no_currency", {"unnamed": "BE1"})


def test_a_paper_waits_for_a_person_and_says_when_it_was_erased_before() -> None:
    assert asked(PaperContent(pages=2), Known()) is None
    assert asked(PaperContent(pages=2), Known(erased=ERASED)) == (
        "erased_before",
        {"day": "02/11/2026", "why": "not ours"},
    )
