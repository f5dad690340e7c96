"""The cells of a row by themselves: what cannot be taken, and what was mended. Pure."""

from portal.features.accounts.domain import NOT_AN_ADDRESS, is_address
from portal.features.dossiers.domain.codes import code_fault
from portal.features.imports.domain.columns import Column, cell_text, language_of, regime_of
from portal.features.imports.domain.matches import KnownDossier
from portal.features.imports.domain.rows import ImportRow
from portal.kernel.addresses import addresses
from portal.kernel.countries import country_code
from portal.kernel.language import N_
from portal.kernel.numbers import COUNTRIES, NotANumber, read_number

OTHER_CODE = N_("Give this one another code.")


def name_country(row: ImportRow) -> None:
    """A country that is known by its name or another code gets the code that it is kept by."""
    text = row.get(Column.COUNTRY)
    if text and (code := country_code(text)) is not None:
        row.values[Column.COUNTRY.value] = code


def vat_of(row: ImportRow) -> str | None:
    """The VAT number that a row brings where its company number does not tell it (France); None for what is no number."""
    if row.number is None or not row.get(Column.NUMBER):
        return None
    try:
        return read_number(row.get(Column.NUMBER), row.country).given_vat
    except NotANumber:
        return None


def check_cells(row: ImportRow, mine: KnownDossier | None) -> None:
    """What is wrong with the cells themselves. A cell that says what the dossier says already is not judged again."""
    same = (
        {name for name, value in mine.values.items() if cell_text(value) == row.values.get(name)}
        if mine
        else set()
    )
    if not row.get(Column.NAME):
        row.fault(Column.NAME, N_("The company name is missing."), N_("Fill it in."))
    if row.country not in COUNTRIES and not (mine and row.country == mine.country):
        row.fault(
            Column.COUNTRY,
            N_("This country is not known here."),
            N_(
                "Write its name or two letters, or leave it empty: a number that begins with letters tells it."
            ),
        )
    _number(row, mine)
    _email(row, mine)
    if row.get(Column.LANGUAGE) and language_of(row.values) is None:
        row.fault(Column.LANGUAGE, N_("This language is not known here."), N_("Use nl, fr, en or de."))
    if row.get(Column.VAT_REGIME) and regime_of(row.values) is None:
        row.fault(
            Column.VAT_REGIME,
            N_("This VAT regime is not known here."),
            N_(
                "Use monthly, quarterly, exempt_small, exempt_activity, mixed, flat_rate, unit_member or none."
            ),
        )
    code = row.get(Column.CODE)
    if code and "code" not in same and (fault := code_fault(code)) is not None:
        row.fault(Column.CODE, fault, OTHER_CODE)


def _email(row: ImportRow, mine: KnownDossier | None) -> None:
    """The first address of the cell is the dossier's; what else stood there is said."""
    cell = row.get(Column.EMAIL)
    if not cell or is_address(cell) or (mine and cell == cell_text(mine.values.get("contact_email", ""))):
        return
    found = addresses(cell)
    wrong = [one for one in found if not is_address(one)]
    if not found or wrong:
        row.fault(Column.EMAIL, NOT_AN_ADDRESS, N_("Correct it, or leave it empty."))
        return
    if len(found) > 1:
        row.note(
            Column.EMAIL,
            N_("Several addresses stand here. %(first)s is taken, and these are not: %(others)s."),
            first=found[0],
            others=", ".join(found[1:]),
        )
    elif any(one.isalnum() for one in cell.lower().replace(found[0].lower(), "").replace("mailto", "")):
        row.note(Column.EMAIL, N_("Only the address was taken: %(first)s."), first=found[0])
    row.values[Column.EMAIL.value] = found[0]


def _number(row: ImportRow, mine: KnownDossier | None) -> None:
    text = row.get(Column.NUMBER)
    if mine is not None and (not text or text == cell_text(mine.number)):
        row.number = mine.number
        return
    if not text:
        row.note(
            Column.NUMBER,
            N_("There is no company number, so this dossier is not matched with other lists."),
        )
        return
    named = row.get(Column.COUNTRY) or None
    if named is not None and named not in COUNTRIES:
        return  # said of the country, by which a number is read
    try:
        parsed = read_number(text, named)
    except NotANumber as wrong:
        row.fault(Column.NUMBER, wrong.reason, N_("Compare it with the register."))
        return
    if parsed.country != row.country:
        row.values[Column.COUNTRY.value] = parsed.country
    if parsed.country == "BE" and sum(one.isdecimal() for one in text) == 9:
        row.note(
            Column.NUMBER,
            N_("The company number had lost its zero; it is read as %(number)s."),
            number=parsed.shown(),
        )
    row.number = parsed.number
