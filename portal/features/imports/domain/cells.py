"""The cells of a row by themselves: what cannot be taken, and what was mended. Pure."""

from portal.features.accounts.domain import NOT_AN_ADDRESS, is_address
from portal.features.dossiers.domain.codes import code_fault
from portal.features.imports.domain.columns import Column, cell_text, language_of, regime_of
from portal.features.imports.domain.matches import KnownDossier
from portal.features.imports.domain.rows import ImportRow
from portal.kernel.language import N_
from portal.kernel.numbers import COUNTRIES, NotANumber, parse_company_number

OTHER_CODE = N_("Give this one another code.")


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
        row.fault(Column.COUNTRY, N_("This country is not known here."), N_("Use BE, NL, LU, FR or DE."))
    _number(row, mine)
    email = row.get(Column.EMAIL)
    if (
        email
        and not is_address(email)
        and not (mine and email == cell_text(mine.values.get("contact_email", "")))
    ):
        row.fault(Column.EMAIL, NOT_AN_ADDRESS, N_("Correct it, or leave it empty."))
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
    country = row.country if row.country in COUNTRIES else "BE"
    try:
        parsed = parse_company_number(text, country)
    except NotANumber as wrong:
        row.fault(Column.NUMBER, wrong.reason, N_("Compare it with the register."))
        return
    if row.country == "BE" and len("".join(c for c in text if c.isdigit())) == 9:
        row.note(
            Column.NUMBER,
            N_("The company number had lost its zero; it is read as %(number)s."),
            number=parsed.shown(),
        )
    row.number = parsed.number
