"""Values that cannot be booked, what does not agree, and a second invoice of one number."""

import re

import pytest
import sqlalchemy as sa

from portal.features.banking.models import BankAccount, Statement
from portal.features.documents.models import Document
from portal.features.documents.service import remarks
from portal.features.intake.domain.files import IntakeState
from portal.features.intake.models import IntakeFile
from portal.kernel.language import Language, use_language
from tests.slices.intake.test_reading import US, Scene
from tests.slices.records.test_pages import waiting
from tests.support.builders import sign_in
from tests.support.builders_papers import IBAN, a_coda, a_pdf, a_ubl
from tests.support.builders_scene import Office, an_office
from tests.support.world import World


@pytest.fixture
async def scene(world: World) -> Scene:
    return await Scene(world).set()


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


def _with(data: bytes, old: str, new: str) -> bytes:
    assert old.encode() in data
    return data.replace(old.encode(), new.encode())


ODD = "100.000000000000000001"


async def test_an_amount_with_too_many_decimals_waits_and_is_told_in_words_never_stored(scene: Scene) -> None:
    data = a_ubl(customer=US, pdf=a_pdf())
    taxable = '<cbc:TaxableAmount currencyID="EUR">100.00</cbc:TaxableAmount>'
    outcome = await scene.one("odd.xml", _with(data, taxable, taxable.replace("100.00", ODD)))
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.TO_PROCESS, "ubl.values")
    assert await scene.count(Document) == 0
    [fault] = outcome.file.hints["faults"]
    assert (fault["field"], fault["code"], fault["found"]) == ("taxable", "decimals", ODD)
    assert outcome.file.hints["values"]["total"] == "121.00"
    assert "net_21" not in outcome.file.hints["values"], "what hangs on the fault is left to the person"
    assert outcome.file.hints["pdf_sha256"]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("<cbc:DocumentCurrencyCode>EUR", '<cbc:DocumentCurrencyCode>"onx=1', "currency"),
        ("<cbc:DocumentCurrencyCode>EUR", "<cbc:DocumentCurrencyCode>XXX", "currency"),
        ('PayableAmount currencyID="EUR">121.00', 'PayableAmount currencyID="EUR">1000000000000', "payable"),
        ('PayableAmount currencyID="EUR">121.00', 'PayableAmount currencyID="EUR">121.001', "payable"),
        ("<cbc:IssueDate>2026-10-30", "<cbc:IssueDate>0026-10-30", "issue_date"),
        ("<cbc:DueDate>2026-11-29", "<cbc:DueDate>9999-11-29", "due_date"),
        ("<cbc:ID>S</cbc:ID>", "<cbc:ID>verlegd</cbc:ID>", "category"),
        ("<cbc:Percent>21<", "<cbc:Percent>2100<", "percent"),
        ("<cbc:ID>7205519</cbc:ID>", f"<cbc:ID>{'9' * 300}</cbc:ID>", "number"),
        ("<cbc:ID>7205519</cbc:ID>", "<cbc:ID>\u200b\u202e</cbc:ID>", "number"),
        ("<cbc:ID>7205519</cbc:ID>", "<cbc:ID>72\ue00005519</cbc:ID>", "number"),
    ],
)
async def test_every_value_that_cannot_be_booked_is_named(
    scene: Scene, old: str, new: str, field: str
) -> None:
    outcome = await scene.one("odd.xml", _with(a_ubl(customer=US), old, new))
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.TO_PROCESS, "ubl.values")
    assert [fault["field"] for fault in outcome.file.hints["faults"]] == [field]
    assert not outcome.file.hints["values"].get(field)


async def test_an_account_in_no_currency_is_refused(scene: Scene) -> None:
    data = a_coda(company_number=US)
    assert f"{IBAN:<34}EUR".encode() in data
    outcome = await scene.one("a.cod", _with(data, f"{IBAN:<34}EUR", f"{IBAN:<34}XQZ"))
    assert outcome.file.state is IntakeState.REJECTED
    assert outcome.file.reason == "coda.CURRENCY"


def _nameless(data: bytes, name: str, said: str) -> bytes:
    return re.sub(rf"<cbc:(Name|RegistrationName)>{name}</cbc:\1>", said, data.decode()).encode()


@pytest.mark.parametrize("said", ["", r"<cbc:\1></cbc:\1>", "<cbc:\\1>\u200b\u202e</cbc:\\1>"])
async def test_an_invoice_of_nobody_is_asked_with_all_else_it_says(scene: Scene, said: str) -> None:
    outcome = await scene.one("nobody.xml", _nameless(a_ubl(customer=US), "Telecom NV", said))
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.TO_PROCESS, "ubl.values")
    assert [(one["field"], one["code"]) for one in outcome.file.hints["faults"]] == [
        ("counterparty_name", "empty")
    ]
    assert outcome.file.hints["values"]["counterparty_number"] == "0417497106"


async def test_our_own_name_may_be_missing(scene: Scene) -> None:
    data = a_ubl(customer=US)
    name = re.findall(r"<cac:AccountingCustomerParty>.*?<cbc:Name>([^<]*)", data.decode(), re.DOTALL)[0]
    outcome = await scene.one("ours.xml", _nameless(data, re.escape(name), ""))
    assert outcome.file.state is IntakeState.PROCESSED


UNNAMED = (f"{IBAN:<34}EUR", f"{IBAN:<34}   ")


async def test_an_account_whose_bank_names_no_currency_is_asked_once(office: Office) -> None:
    [outcome] = (await office.hand_in({"a.cod": _with(a_coda(company_number=US), *UNNAMED)})).outcomes
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.TO_PROCESS, "coda.no_currency")
    assert IBAN in outcome.why
    async with sign_in(office.world, office.accountant) as client:
        path = await waiting(client, f"{office.base}/quick-entry")
        page = await client.get(path)
        assert "Take it only if the account is in euro" in page.text
        assert (await client.post(path)).status_code == 303
    async with office.world.as_system() as session:
        assert [one.currency for one in await session.scalars(sa.select(BankAccount))] == ["EUR"]
    more = _with(a_coda(first=45, old="1149.50", company_number=US), *UNNAMED)
    [next_one] = (await office.hand_in({"b.cod": more})).outcomes
    assert next_one.file.state is IntakeState.PROCESSED, "somebody said already that this account is in euro"


async def test_what_is_asked_beside_whose_statement_it_is_stands_there_as_well(office: Office) -> None:
    data = _with(a_coda(company_number="0202239951"), *UNNAMED)
    [outcome] = (await office.hand_in({"a.cod": data})).outcomes
    assert outcome.file.reason == "coda.other_company"
    async with sign_in(office.world, office.accountant) as client:
        page = await client.get(await waiting(client, f"{office.base}/quick-entry"))
    assert "Take it only if the account is in euro" in page.text


@pytest.mark.parametrize("odd", ["310226", "000000", "      ", "99XX26"])
async def test_a_statement_of_no_day_is_refused_with_its_record(scene: Scene, odd: str) -> None:
    lines = a_coda(company_number=US).decode("latin-1").split("\r\n")
    [at] = [place for place, one in enumerate(lines) if one.startswith("8")]
    lines[at] = lines[at][:57] + odd + lines[at][63:]
    outcome = await scene.one("a.cod", "\r\n".join(lines).encode("latin-1"))
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.REJECTED, "coda.DATE")
    assert f"Record {at + 1}: “{odd}” is no date" in outcome.why


async def test_an_opening_day_that_is_none_is_told_and_taken(scene: Scene) -> None:
    lines = a_coda(company_number=US).decode("latin-1").split("\r\n")
    lines[1] = lines[1][:58] + "310226" + lines[1][64:]
    outcome = await scene.one("a.cod", "\r\n".join(lines).encode("latin-1"))
    assert outcome.file.state is IntakeState.PROCESSED
    async with scene.world.as_system() as session:
        [row] = await session.scalars(sa.select(Statement))
    assert (row.old_date, [one["rule"] for one in row.findings]) == (None, ["CODA-DATE"])


async def test_what_cannot_be_booked_is_typed_over_beside_its_reasons(office: Office) -> None:
    data = a_ubl(customer=US, pdf=a_pdf())
    await office.hand_in(
        {"odd.xml": _with(data, "<cbc:DocumentCurrencyCode>EUR", '<cbc:DocumentCurrencyCode>"onx=1')}
    )
    async with sign_in(office.world, office.accountant) as client:
        path = await waiting(client, f"{office.base}/quick-entry")
        page = await client.get(path)
        assert "is no currency of ISO 4217" in page.text
        assert 'value="7205519"' in page.text, "what can be booked stands there already"
        entry = {
            "kind": "purchase_invoice",
            "number": "7205519",
            "issue_date": "2026-10-30",
            "counterparty_name": "Telecom NV",
            "currency": "EUR",
            "total": "€ 121,00",
            "vat": "21",
        }
        answer = await client.post(path, data=entry)
        assert answer.status_code == 303, answer.text
    async with office.world.as_system() as session:
        [document] = await session.scalars(sa.select(Document))
    assert (str(document.net), str(document.tax), str(document.gross)) == ("100.00", "21.00", "121.00")
    assert (document.origin, document.original_type) == ("entered", "application/xml")
    assert document.pdf_sha256 is not None
    assert document.ubl_sha256 is None


async def test_what_contradicts_itself_is_taken_with_warnings_in_plain_words(scene: Scene) -> None:
    data = a_ubl(customer=US)
    data = _with(data, 'PayableAmount currencyID="EUR">121.00', 'PayableAmount currencyID="EUR">999.99')
    outcome = await scene.one("odd.xml", data)
    assert outcome.file.state is IntakeState.PROCESSED
    assert "€999.99" in outcome.remarks[0]
    assert "€121.00" in outcome.remarks[0]
    low = await scene.one("low.xml", a_ubl(customer=US, number="2", tax="6.00"))
    assert any("21 % of €100.00 is €21.00" in one for one in low.remarks)
    account = "<cbc:PaymentID>+++090/9337/55493+++</cbc:PaymentID>"
    wrong = f"{account}<cac:PayeeFinancialAccount><cbc:ID>{IBAN[:-1]}5</cbc:ID></cac:PayeeFinancialAccount>"
    paid = await scene.one("iban.xml", _with(a_ubl(customer=US, number="3"), account, wrong))
    assert any(f"{IBAN[:-1]}5 is wrong" in one for one in paid.remarks)
    legal = "<cbc:RegistrationName>Telecom NV</cbc:RegistrationName>"
    twice = f'{legal}<cbc:CompanyID schemeID="0208">0403170701</cbc:CompanyID>'
    numbers = await scene.one("two.xml", _with(a_ubl(customer=US, number="4"), legal, twice))
    assert any("two company numbers" in one for one in numbers.remarks)
    for language in Language:
        with use_language(language):
            assert low.document is not None
            told = remarks.remarks(low.document)
            assert told
            assert "%(" not in " ".join(told)


async def test_a_sound_invoice_has_no_remarks_about_its_amounts(scene: Scene) -> None:
    outcome = await scene.one("good.xml", a_ubl(customer=US))
    assert outcome.document is not None
    assert [one["code"] for one in outcome.document.findings] in ([], ["formal"])


async def test_a_second_invoice_of_the_number_with_another_amount_is_a_question(scene: Scene) -> None:
    await scene.one("a.xml", a_ubl(customer=US))
    again = await scene.one("b.xml", a_ubl(customer=US, note="sent again"))
    assert again.file.reason == "already"
    for name, other in (
        ("amount.xml", a_ubl(customer=US, net="200.00", tax="42.00")),
        ("day.xml", a_ubl(customer=US, issued="2026-10-01")),
        ("line.xml", _with(a_ubl(customer=US), "<cbc:Name>Lijn<", "<cbc:Name>Iets anders<")),
    ):
        outcome = await scene.one(name, other)
        assert (outcome.file.state, outcome.file.reason) == (IntakeState.TO_PROCESS, "ubl.differs"), name
        assert outcome.file.hints["differences"]
    next_year = await scene.one("year.xml", a_ubl(customer=US, issued="2027-10-30"))
    assert next_year.file.reason is None, "numbers begin anew each year"
    assert await scene.count(Document) == 2


@pytest.mark.parametrize(("decide", "numbers"), [("keep", ["121.00", "242.00"]), ("replace", ["242.00"])])
async def test_somebody_decides_which_of_two_stands(office: Office, decide: str, numbers: list[str]) -> None:
    await office.purchase()
    other = a_ubl(customer=US, net="200.00", tax="42.00")
    await office.hand_in({"again.xml": other})
    async with sign_in(office.world, office.accountant) as client:
        path = await waiting(client, f"{office.base}/quick-entry")
        page = await client.get(path)
        assert "€121.00" in page.text
        assert "€242.00" in page.text
        undecided = await client.post(path, data={})
        assert undecided.status_code == 422
        answer = await client.post(path, data={"decide": decide})
        assert answer.status_code == 303, answer.text
    async with office.world.as_system() as session:
        counts = sa.select(Document.gross).where(Document.aside_at.is_(None)).order_by(Document.gross)
        found = await session.scalars(counts)
        assert [str(one) for one in found] == numbers
    if decide == "keep":  # and the same once more is the one that was kept
        again = await office.hand_in({"once more.xml": other + b"\n"})
        assert again.outcomes[0].file.reason == "already"


async def test_what_has_left_is_not_replaced(office: Office) -> None:
    await office.purchase()
    await office.export(1)
    await office.hand_in({"again.xml": a_ubl(customer=US, net="200.00", tax="42.00")})
    async with sign_in(office.world, office.accountant) as client:
        path = await waiting(client, f"{office.base}/quick-entry")
        assert 'value="replace"' not in (await client.get(path)).text
        refused = await client.post(path, data={"decide": "replace"})
        assert refused.status_code == 422
    assert await office.count(Document) == 1


async def test_the_total_with_its_rate_is_enough_and_the_page_tells_while_it_is_typed(office: Office) -> None:
    await office.hand_in({"1.pdf": a_pdf("one"), "2.pdf": a_pdf("two")})
    intake = f"{office.base}/quick-entry"
    async with sign_in(office.world, office.accountant) as client:
        told = await client.post(f"{intake}/amounts", data={"total": "€ 121,00", "vat": "21"})
        assert "€100.00" in told.text
        assert "€21.00" in told.text
        asked = await client.post(f"{intake}/amounts", data={"total": "0,125", "vat": "21"})
        assert "Do you mean 125,00 or 0,13?" in asked.text
        assert (await client.post(f"{intake}/amounts", data={"total": "12"})).text.strip() == ""
        entry = {
            "kind": "purchase_invoice",
            "number": "1",
            "issue_date": "2026-11-02",
            "counterparty_name": "Shop",
        }
        path = await waiting(client, intake)
        question = await client.post(path, data={**entry, "total": "0,125", "vat": "21"})
        assert question.status_code == 422
        assert await office.count(Document) == 0
        taken = await client.post(path, data={**entry, "total": "+12,50 €", "vat": "none"})
        assert taken.status_code == 303
        again = {**entry, "total": "99", "vat": "21"}
        path = await waiting(client, intake)
        differs = await client.post(path, data=again)
        assert differs.status_code == 422
        assert "It differs from the one you have" in differs.text
        assert 'value="99"' in differs.text
        kept = await client.post(path, data={**again, "decide": "keep"})
        assert kept.status_code == 303
    assert await office.count(Document) == 2
    async with sign_in(office.world, office.entrepreneur) as client:
        told = await client.post("/hand-in/amounts", data={"total": "106", "vat": "6"})
        assert "€6.00" in told.text


async def test_findings_stand_where_somebody_decides(office: Office) -> None:
    data = a_ubl(customer=US, number="T-99", tax="6.00")
    upload = await office.hand_in({"t.xml": data})
    document = upload.outcomes[0].document
    assert document is not None
    async with sign_in(office.world, office.accountant) as client:
        for path in (f"/documents/{document.id}", "/export", f"/quick-entry/uploads/{upload.id}"):
            page = await client.get(f"{office.base}{path}")
            assert "21 % of €100.00 is €21.00" in page.text, path
    async with sign_in(office.world, office.entrepreneur) as client:
        page = await client.get(f"/approve/{document.id}")
        assert "21 % of €100.00 is €21.00" in page.text


@pytest.mark.parametrize("question", ["ubl.neither", "ubl.both"])
async def test_a_question_of_an_earlier_release_about_what_cannot_be_booked_can_be_answered(
    office: Office, question: str
) -> None:
    """Whose it is was asked before its values were looked at: the answer leads to the form that types them over."""
    data = _with(
        a_ubl(customer=US, pdf=a_pdf()), "<cbc:DocumentCurrencyCode>EUR", '<cbc:DocumentCurrencyCode>"onx=1'
    )
    await office.hand_in({"odd.xml": data})
    later = ("faults", "values", "sold", "there", "differences")
    async with office.world.as_system() as session:
        [row] = await session.scalars(sa.select(IntakeFile))
        row.reason, row.hints = (
            question,
            {name: value for name, value in row.hints.items() if name not in later},
        )
    async with sign_in(office.world, office.accountant) as client:
        path = await waiting(client, f"{office.base}/quick-entry")
        assert 'name="direction"' in (await client.get(path)).text
        answered = await client.post(path, data={"direction": "bought"})
        assert (answered.status_code, answered.headers["location"]) == (303, path)
        page = await client.get(path)
        assert "cannot be booked" in page.text
        assert "is no currency of ISO 4217" in page.text
        assert 'name="total"' in page.text
        entry = {
            "kind": "purchase_invoice",
            "number": "7205519",
            "issue_date": "2026-10-30",
            "counterparty_name": "Telecom NV",
            "currency": "EUR",
            "total": "121,00",
            "vat": "21",
        }
        assert (await client.post(path, data=entry)).status_code == 303
    [document] = await _documents(office)
    assert (document.currency, str(document.gross)) == ("EUR", "121.00")
    assert document.pdf_sha256 is not None, "what was inside is still there to look at"


async def _documents(office: Office) -> list[Document]:
    async with office.world.as_system() as session:
        return list(await session.scalars(sa.select(Document)))
