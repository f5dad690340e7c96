"""Company numbers, countries, e-mail cells and amounts as people paste them: the kinds K05, K09, K15, K17, K60, K61 and K69."""

import io
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from exports.numbers import enterprise_number
from portal.features.accounts.domain import is_address
from portal.features.accounts.models import Person
from portal.features.dossiers.models import Dossier
from portal.features.imports.domain.columns import Column, find_columns
from portal.features.imports.domain.judgement import judge
from portal.features.imports.domain.matches import Known
from portal.features.imports.domain.rows import ImportRow, RowStatus
from portal.features.parties.domain import Scheme, read_identifier
from portal.kernel.addresses import addresses, clean_address, mailable
from portal.kernel.countries import country_code, country_name
from portal.kernel.money import Amount, read_amount
from portal.kernel.numbers import (
    COUNTRIES,
    OF_REGISTER,
    OTHER_COUNTRY,
    SHORTENED,
    NotANumber,
    canonical,
    is_belgian,
    read_number,
    shown_number,
    spelled,
)
from portal.web.forms import Form
from tests.support.builders import PASSWORD, a_firm, a_number, a_staff_member, sign_in
from tests.support.cases import case, of_kind
from tests.support.world import World

NUMBER = "0999801368"
VALID = {
    "AT": "ATU13585627",
    "BE": "BE0999801368",
    "BG": "BG175074752",
    "CH": "CHE107787577",
    "CY": "CY10259033P",
    "CZ": "CZ25123891",
    "DE": "DE136695976",
    "DK": "DK13585628",
    "EE": "EE100931558",
    "ES": "ESB58378431",
    "FI": "FI20774740",
    "FR": "FR83404833048",
    "GB": "GB110305878",
    "GR": "EL094259216",
    "HR": "HR33392005961",
    "HU": "HU12892312",
    "IE": "IE6433435F",
    "IT": "IT00743110157",
    "LT": "LT119511515",
    "LU": "LU26375245",
    "LV": "LV40003521600",
    "MT": "MT11679112",
    "NL": "NL004495445B01",
    "NO": "NO995525828",
    "PL": "PL8567346215",
    "PT": "PT501964843",
    "RO": "RO18547290",
    "SE": "SE556188840401",
    "SI": "SI50223054",
    "SK": "SK2022749619",
    "XI": "XI110305878",
}
SIGNS = " .-/,:;()[]'\u00a0\u00ad\u00b7\u200b\u200e\u2009\u2010\u2011\u2012\u2013\u2014\u2022\u202a\u202c\u202f\u2060\u2212\u22c5\ufeff\uff0d\uff0e\uff0f\t\n"
WORDS = [
    "TVA",
    "BTW",
    "btw-nr.",
    "B.T.W.",
    "MwSt.",
    "USt-IdNr.",
    "VAT",
    "VAT no",
    "N\u00b0",
    "N\u00ba TVA",
    "nr.",
    "KBO",
    "BCE",
    "RPR",
    "RPM",
    "ondernemingsnummer:",
    "Num\u00e9ro d\u2019entreprise",
    "Unternehmensnummer",
    "n\u00b0 de TVA",
    "",
]


def _list_of(name: str) -> list[ImportRow]:
    """The rows of a workbook, judged beside no dossiers."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(case(name).read()))
    rows: list[list[Any]] = book.get_sheet_by_index(0).to_python()
    found = find_columns(rows)
    assert found is not None
    return judge(rows, found[0], found[1], Known())


@pytest.mark.corpus
def test_a_number_is_taken_however_it_was_pasted() -> None:
    assert of_kind("K05")
    rows = _list_of("08-number-writings.xlsx")
    by_name = {row.get(Column.NAME): row for row in rows}
    shortened = by_name.pop("Getal Tekst Wetensch")
    assert [row.number for row in by_name.values() if row.status is not RowStatus.CREATE] == []
    assert len(by_name) == 9
    # Six digits of ten are left: that is said, and no number is made of them.
    assert (shortened.status, shortened.number) == (RowStatus.ERROR, None)
    assert shortened.remarks[0].what == SHORTENED


@pytest.mark.corpus
def test_new_numbers_lost_zeros_and_the_same_company_twice_are_still_taken_mended_and_told() -> None:
    assert of_kind("K17")
    rows = {row.get(Column.NAME): row for row in _list_of("08-number-writings.xlsx")}
    assert rows["Nieuwe reeks"].number == "1000003682"
    assert rows["Getal Gewoon"].number == NUMBER
    assert any("lost its zero" in remark.what for remark in rows["Getal Gewoon"].remarks)
    twice = _list_of("29-twice.xlsx")
    assert [row.number for row in twice] == ["0999830765", "0999830765"]
    assert any(remark.params.get("row") or "row" in remark.what.lower() for remark in twice[1].remarks)


@pytest.mark.corpus
def test_addresses_are_taken_out_of_their_cells() -> None:
    assert of_kind("K09")
    rows = {row.get(Column.NAME): row for row in _list_of("17-emails.xlsx")}
    taken = {name: row.get(Column.EMAIL) for name, row in rows.items() if row.status is RowStatus.CREATE}
    assert taken == {
        "Mail Link": "jan@link.example",
        "Mail Naam": "els@peeters.example",
        "Twee Mails": "a@twee.example",
        "Mail NBSP": "a@nbsp.example",
        "Mail nulbreedte": "a@nul.example",
        "Mail plus": "jan+boek@plus.example",
        "Mail punt": "jan@punt.example",
        "Slash mails": "a@s.example",
        "IDN": "info@caf\u00e9-ren\u00e9.be",
    }
    # No address is dropped without a word.
    for name, other in (("Twee Mails", "b@twee.example"), ("Slash mails", "b@s.example")):
        assert [other] == [
            remark.params["others"] for remark in rows[name].remarks if "others" in remark.params
        ]
    assert rows["Mail accent"].status is RowStatus.ERROR, "few mail servers take letters like these"


@pytest.mark.corpus
def test_countries_are_known_by_name_and_numbers_of_all_of_them_are_taken() -> None:
    assert of_kind("K15")
    rows = {row.get(Column.CODE): row for row in _list_of("23-countries.xlsx")}
    taken = {code: (row.country, row.number) for code, row in rows.items() if row.status is RowStatus.CREATE}
    french, dutch = ("FR", "404833048"), ("NL", "004495445B01")
    assert taken | {"NL2": dutch, "FR2": french, "FR3": french} == {
        "BE": ("BE", "0999813642"),
        "NL": dutch,
        "NL2": dutch,
        "FR": french,
        "FR2": french,
        "FR3": french,
        "LU": ("LU", "26375245"),
        "DE": ("DE", "136695976"),
        "GR": ("GR", "094259216"),
        "XI": ("XI", "110305878"),
        "BE9": ("BE", "0999813741"),
        "B": ("BE", "0999813840"),
    }
    assert rows["FR3"].number == rows["FR2"].number == "404833048", "a SIRET and a SIREN are one company"
    for code in ("KVK", "DE2"):
        assert [remark.what for remark in rows[code].remarks if remark.error] == [OF_REGISTER]


def test_every_country_has_a_number_that_is_taken_and_shown_in_one_way() -> None:
    assert set(VALID) == set(COUNTRIES)
    for country, text in VALID.items():
        read = read_number(text)
        assert (read.country, read.vat_id) == (country, text)
        assert read_number(read.shown(), country) == read_number(read.number, country)
        assert read_identifier(Scheme.VAT, text) == text
        assert spelled(read.number, country) == read.shown()


@given(
    st.sampled_from(sorted(VALID)),
    st.sampled_from(WORDS),
    st.sampled_from(WORDS),
    st.lists(st.text(SIGNS, max_size=3), min_size=20, max_size=20),
    st.booleans(),
    st.booleans(),
)
def test_no_sign_and_no_word_makes_another_number_of_one(
    country: str, before: str, after: str, between: list[str], wide: bool, small: bool
) -> None:
    text = VALID[country]
    letters = 3 if country == "CH" else 2
    body = "".join(f"{one}{sign}" for one, sign in zip(text[letters:], between, strict=False))
    text = text[:letters] + between[-1] + body
    if wide:
        text = "".join(chr(ord(one) + 0xFEE0) if one.isascii() and one.isalnum() else one for one in text)
    text = f"{before} {text} {after}"
    read = read_number(text.lower() if small else text)
    assert (read.country, read.number) == (country, read_number(VALID[country]).number)
    assert read_number(text, country).number == read.number


@given(
    st.integers(1, 999_999).map(a_number),
    st.sampled_from(WORDS),
    st.sampled_from(["", "BE", "BE ", "(BE)"]),
    st.sampled_from([".", " ", "-", "\u2011", "\u00b7", "\u200b", ""]),
    st.sampled_from(["", " RPR Gent", " RPM Bruxelles", " (BE)"]),
)
def test_a_belgian_number_is_the_same_in_every_door(
    number: str, word: str, letters: str, sign: str, after: str
) -> None:
    grouped = sign.join((number[:4], number[4:7], number[7:]))
    text = f"{word} {letters} {grouped}{after}"
    assert read_number(text).number == enterprise_number(text) == number
    assert read_identifier(Scheme.ENTERPRISE, text) == number
    if number[0] == "0":
        assert read_number(f"{word} {number[1:]}").number == number


@given(st.text())
def test_what_is_no_number_becomes_none(text: str) -> None:
    try:
        read = read_number(text)
    except NotANumber:
        return
    assert any(one.isdigit() for one in text)
    assert shown_number(read.country, read.number)
    assert read.country != "BE" or is_belgian(read.number)


@pytest.mark.parametrize(
    "text",
    [
        "Jan Peeters 0999801368",
        "0485 12 34 56",
        "+32 485 12 34 56",
        "12/03/2026",
        "BE",
        "RPR Gent",
        "0999801369",
        "",
    ],
)
def test_other_texts_with_digits_are_refused(text: str) -> None:
    with pytest.raises(NotANumber):
        read_number(text)


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("83404833048", "FR", "404833048"),
        ("404 833 048 00022", "FR", "404833048"),
        ("TVA FR 83.404.833.048", None, "404833048"),
        ("CHE-107.787.577 MWST", None, "CHE107787577"),
        ("CHE-107.787.577 TVA", "CH", "CHE107787577"),
        ("995 525 828 MVA", None, "995525828"),
        ("556188-8404", "SE", "556188840401"),
        ("12892312-2-41", "HU", "12892312"),
        ("GR094259216", None, "094259216"),
        ("999801368.0", None, "0999801368"),
        ("9.99801368E+08", None, "0999801368"),
        ("No. 0999801368", None, "0999801368"),
        ("BTW BE", None, None),
    ],
)
def test_other_numbers_of_the_same_company_are_one(
    text: str, country: str | None, number: str | None
) -> None:
    if number is None:
        with pytest.raises(NotANumber):
            read_number(text, country)
        return
    assert read_number(text, country).number == number


def test_letters_of_another_country_than_the_named_one_are_said() -> None:
    for text, country in (("NL004495445B01", "BE"), ("BE0999801368", "NL"), ("EL094259216", "DE")):
        with pytest.raises(NotANumber) as refused:
            read_number(text, country)
        assert refused.value.reason == OTHER_COUNTRY
    assert read_number("XI110305878", "GB").country == "XI"


def test_spellings_in_files_are_one_company_without_check_digits() -> None:
    assert canonical("FR", "40303265045") == canonical("FR", "303265045") == ("FR", "303265045")
    assert canonical("CH", "E123456789MWST") == canonical("CH", "CHE123456789")
    assert canonical("NO", "123456789MVA") == ("NO", "123456789")
    assert canonical("FR", "11000123456")[1] == "11000123456", "Monaco has no SIREN"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Belgi\u00eb", "BE"),
        ("Belgique (BE)", "BE"),
        ("BE - Belgi\u00eb", "BE"),
        ("belgie\u0308", "BE"),
        ("Belgien", "BE"),
        ("\uff22\uff25", "BE"),
        ("BEL", "BE"),
        ("B", "BE"),
        ("Belgi\u00eb / Belgique / Belgien", "BE"),
        ("Luxemburg", "LU"),
        ("Grand-Duch\u00e9 de Luxembourg", "LU"),
        ("Pays-Bas", "NL"),
        ("Holland", "NL"),
        ("The Netherlands", "NL"),
        ("EL", "GR"),
        ("UK", "GB"),
        ("XI", "XI"),
        ("Noord-Ierland", "XI"),
        ("\u0395\u03bb\u03bb\u03ac\u03b4\u03b1", "GR"),
        ("Deutschland", "DE"),
        ("D", "DE"),
        ("Tsjechi\u00eb", "CZ"),
        ("U.K.", "GB"),
        ("USA", "US"),
        ("BE/NL", None),
        ("Gent", None),
        ("XX", None),
        ("EU", None),
        ("", None),
        ("B" * 500, None),
    ],
)
def test_countries_as_people_write_them(text: str, code: str | None) -> None:
    assert country_code(text) == code


def test_every_country_of_a_company_is_known_by_its_name_in_our_languages() -> None:
    for code in COUNTRIES:
        assert country_code(country_name(code)) == country_code(code) == code


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ('"Peeters, Els" <els@x.example>, Jan <jan@x.example>', ["els@x.example", "jan@x.example"]),
        ("mailto:jan@x.example?subject=Facturen", ["jan@x.example"]),
        ("a@x.example\nb@x.example", ["a@x.example", "b@x.example"]),
        ("a\uff20x.example", ["a@x.example"]),
        ("a@x.example en b@x.example", ["a@x.example", "b@x.example"]),
        ("A@x.example; a@X.example", ["A@x.example"]),
        ("dept/x@y.example", ["dept/x@y.example"]),
        ("jan peeters@x.example", []),
        ("els(at)x.example", []),
        ("@x", []),
    ],
)
def test_the_addresses_of_a_cell(cell: str, found: list[str]) -> None:
    assert addresses(cell) == found


@given(
    st.from_regex(r"[a-z][a-z0-9+]{0,8}@[a-z]{1,8}\.(?:be|example)", fullmatch=True),
    st.text(" \t\u00a0\u00ad\u200b\u200e\u2060\ufeff", max_size=4),
    st.sampled_from(["{}", "<{}>", "{}.", "{},", "Els <{}>", "mailto:{}", "'{}'", "\u201c{}\u201d", "{};"]),
)
def test_what_surrounds_an_address_is_none_of_it(address: str, noise: str, around: str) -> None:
    assert clean_address(noise + around.format(address) + noise) == address
    form = Form({"email": noise + around.format(address).upper() + noise})
    assert form.address("email") == address


def test_domains_of_other_letters_are_sent_to_by_their_ascii_form() -> None:
    assert mailable("info@caf\u00e9-ren\u00e9.be") == "info@xn--caf-ren-dyae.be"
    assert mailable("info@stra\u00dfe.de") == "info@xn--strae-oqa.de"
    assert is_address("info@caf\u00e9-ren\u00e9.be")
    assert not is_address("andr\u00e9@x.be")
    assert not is_address("a@\u2603.be")


@pytest.mark.corpus
async def test_invisible_signs_in_the_address_keep_nobody_out(world: World) -> None:
    assert of_kind("K69")
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with world.as_system() as session:
        person = await session.get_one(Person, owner.person_id)
        start, end = person.email[:2], person.email[2:]
    async with world.client("noordzee.localhost") as client:
        await client.get("/sign-in")
        token = client.cookies["visitor"]
        form = {
            "email": f" \u200b{start}\u200b{end.upper()}.\ufeff ",
            "password": PASSWORD,
            "csrf_token": token,
        }
        opened = await client.post("/sign-in", data=form)
    assert opened.status_code == 303
    async with sign_in(world, owner) as client:
        address = "Nieuw <nieuw\u200b@kantoor.example>"
        form = {"name": "Mail", "language": "nl", "vat_regime": "quarterly", "contact_email": address}
        assert (await client.post("/dossiers", data=form)).status_code == 303
    async with world.as_system() as session:
        assert (await session.scalars(sa.select(Dossier.contact_email))).one() == "nieuw@kantoor.example"


@pytest.mark.corpus
def test_amounts_as_printed_are_taken_and_what_may_be_two_is_asked() -> None:
    assert of_kind("K60")
    assert of_kind("K61")
    tried = case("92-amounts.txt").read().decode().splitlines()[1:]
    for text in filter(None, tried):
        read = read_amount(text)
        if text in ("0,125", "0.125"):
            assert not isinstance(read, Amount)
            assert read.code == "ambiguous"
        else:
            assert read in (Amount(Decimal("12.50")), Amount(Decimal("12.50"), "EUR")), text


@given(
    st.decimals(0, 999_999, places=2),
    st.sampled_from(
        ["{} \u20ac", "\u20ac {}", "EUR {}", "{} EUR", "+{}", "\u200b{}\u00a0\u20ac", "{}\u202fEUR"]
    ),
)
def test_any_amount_is_the_same_in_each_dress(amount: Decimal, dress: str) -> None:
    read = read_amount(dress.format(f"{amount:.2f}".replace(".", ",")))
    assert isinstance(read, Amount)
    assert read.value == amount
