"""What UBL.BE 1.31 makes of the EN 16931 rules: those its rule set leaves out, and the five it works out otherwise.

Found by comparing the asserts of GLOBALUBL.BE 1.31 that are in force with those of CEN 1.3.16, whatever case an id is written in
(its IGIC and IPSI rules have the older names BR-IG and BR-IP). Where its copy is only older (code lists, blanks) or has a slip in
the name of an element, the rule stays as CEN publishes it.
"""

from decimal import Decimal

from exports.ubl.check.names import Element, clark
from exports.ubl.check.rules.model import Breach, Facts, Table, children, decimal, normal_text

DROPPED = frozenset(
    {
        # Exemption codes of its own, VAT groups after a cash discount that no allowance explains, more decimals in a line.
        *("BR-CL-22", "BR-CO-10", "BR-CO-17", "BR-DEC-23", "UBL-DT-01"),
        *("BR-S-08", "BR-S-09", "BR-E-01", "BR-E-08", "BR-O-02", "BR-IC-01", "BR-IC-12"),
        # The Canary Islands, Ceuta and Melilla, Italian split payment.
        *(f"BR-{tax}-{number:02}" for tax in ("AF", "AG") for number in range(5, 11)),
        *("BR-B-01", "BR-B-02"),
        # Elements that it uses: language, website, delivery terms, payment terms, named categories, VAT of a line, …
        *(f"UBL-CR-{number}" for number in (119, 202, 406, 456, 459, 463, 477, 498, 504, 561, 597, 600, 601)),
        *(f"UBL-CR-{number}" for number in (656, 657, 672, 681, 682)),
        *(f"UBL-SR-{number}" for number in range(51, 57)),
    }
)
"""The EN 16931 rules that GLOBALUBL.BE 1.31 does not have in force."""

RULES = Table()
_GROUPS = "/cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory"
_LINES = ("cac:InvoiceLine", "cac:CreditNoteLine")
_SCHEME = "cac:TaxScheme"
_ZERO = Decimal(0)


def _sum_of_lines_own_vat(category: str) -> None:
    """A group's taxable amount is that of the lines' own VAT: a line of UBL.BE names it, after discounts that no allowance tells."""
    names = {"AE": "Reverse charge", "G": "Export outside the EU", "K": "Intra-community supply"}
    names |= {"O": "Not subject to VAT", "Z": "Zero rated"}
    rule = f"BR-{'IC' if category == 'K' else category}-08"

    @RULES.rule(
        rule,
        f"The taxable amount of the VAT group {category} ({names[category]}) is the sum of its lines' own taxable amounts, "
        "with charges and without allowances of the document.",
        _GROUPS,
        severity="warning" if category == "K" else "fatal",
    )
    def broken(group: Element, facts: Facts) -> Breach | None:
        if _category(group) != category or not _is_vat(group):
            return None
        if not any(_subtotals(line) for line in children(facts.root, _LINES[0])):
            return None  # credit notes too: the rule looks for lines of invoices
        subtotal = group.getparent()
        found = (decimal(subtotal, "cbc:TaxableAmount") if subtotal is not None else None) or _ZERO
        expected = sum(
            (
                decimal(one, "cbc:TaxableAmount") or _ZERO
                for line in children(facts.root, _LINES[0])
                for one in _subtotals(line)
                if any(_category(at) == category for at in children(one, "cac:TaxCategory"))
            ),
            _ZERO,
        )
        for entry in children(facts.root, "cac:AllowanceCharge"):
            if any(_category(at) == category for at in children(entry, "cac:TaxCategory")):
                amount = decimal(entry, "cbc:Amount") or _ZERO
                expected += amount if normal_text(entry, "cbc:ChargeIndicator") in {"true", "1"} else -amount
        return None if found == expected else {"expected": f"{expected:f}", "found": f"{found:f}"}


def _category(group: Element) -> str:
    return normal_text(group, "cbc:ID")


def _is_vat(group: Element) -> bool:
    return any(
        normal_text(scheme, "cbc:ID").upper() == "VAT" for scheme in group.iterchildren(clark(_SCHEME))
    )


def _subtotals(line: Element) -> list[Element]:
    return [one for total in children(line, "cac:TaxTotal") for one in children(total, "cac:TaxSubtotal")]


for _code in ("AE", "G", "K", "O", "Z"):
    _sum_of_lines_own_vat(_code)

REPLACED = frozenset(RULES)
"""The EN 16931 rules that are worked out here instead."""
