"""Lines as text: most of a document, so the usual ones have a way of their own.

A usual line has a name, a quantity, a price and a VAT category, and nothing else. Its text is one f-string, its VAT
category is remembered for all lines that share it, and what their names and numbers may not hold is looked for in
all of them at once. Any other line goes through :func:`_line`, which knows everything; the tests hold both to the
same text.
"""

from collections.abc import Sequence
from functools import lru_cache

from msgspec.structs import astuple

from exports.model import ZERO, Line
from exports.ubl.elements import (
    allowance_charge,
    amount,
    inside,
    listed,
    period,
    plain_number,
    schemed,
    tax_category,
    text,
)
from exports.ubl.escape import are_safe, attribute, clean, escaped, number, odd_number

#: What the fields of a line after its first nine are in a usual one.
_NOTHING_ELSE = astuple(Line(id="", net_amount=ZERO))[9:]


def lines(items: Sequence[Line], *, credit_note: bool, currency: str) -> str:
    """All lines of a document, in a (safe) currency."""
    kind, quantity_name = (
        ("CreditNoteLine", "CreditedQuantity") if credit_note else ("InvoiceLine", "InvoicedQuantity")
    )
    start = f"<cac:{kind}><cbc:ID>"
    to_net = f'</cbc:{quantity_name}><cbc:LineExtensionAmount currencyID="{currency}">'
    to_name = "</cbc:LineExtensionAmount><cac:Item><cbc:Name>"
    end = f"</cbc:PriceAmount></cac:Price></cac:{kind}>"
    all_safe = are_safe([of.name or "" for of in items])
    between: dict[tuple[str, str | None, str, str | None], tuple[str, str]] = {}
    digits: list[str] = []
    written: list[str] = []
    others: list[int] = []  # not usual: written when the numbers of those that are have been looked at
    for position, of in enumerate(items, 1):
        id_, name, unit, quantity, price, percent = (
            of.id,
            of.name,
            of.unit_code,
            of.quantity,
            of.price,
            of.tax_percent,
        )
        if (
            astuple(of)[9:] == _NOTHING_ELSE
            and name
            and unit
            and quantity is not None
            and price is not None
            and percent is not None
            and id_.isalnum()
            and (all_safe or are_safe((name,)))
        ):
            what = (unit, of.tax_category, str(percent), of.tax_name)
            around = between.get(what)
            if around is None:
                around = between[what] = _around(quantity_name, currency, *what)
            to_quantity, to_price = around
            net = str(of.net_amount)
            quantity = str(quantity)
            price = str(price)
            digits.append(f"{net}{quantity}{price}")
            written.append(
                f"{start}{id_}{to_quantity}{quantity}{to_net}{net}{to_name}{name}{to_price}{price}{end}"
            )
        else:
            others.append(position)
            written.append("")
    digits += [percent for _unit, _category, percent, _belgian in between]
    if odd_number("".join(digits)):
        others = list(range(1, len(items) + 1))
    for position in others:
        written[position - 1] = _line(items[position - 1], position, kind, quantity_name, currency)
    return "".join(written)


@lru_cache(maxsize=256)
def _around(
    quantity_name: str, currency: str, unit: str, category: str | None, percent: str, belgian: str | None
) -> tuple[str, str]:
    """What stands between a usual line's id and quantity, and between its name and price."""
    tax = tax_category("ClassifiedTaxCategory", category, percent, belgian)
    unit = attribute(escaped(unit))
    code = f' unitCode="{unit}"' if unit else ""
    return (
        f"</cbc:ID><cbc:{quantity_name}{code}>",
        f'</cbc:Name>{tax}</cac:Item><cac:Price><cbc:PriceAmount currencyID="{currency}">',
    )


def _line(of: Line, position: int, kind: str, quantity_name: str, currency: str) -> str:
    """One line, of an invoice or a credit note."""
    category = tax_category(
        "ClassifiedTaxCategory",
        of.tax_category,
        None if of.tax_percent is None else number(of.tax_percent),
        of.tax_name,
        of.tax_exemption_reason_code,
        of.tax_exemption_reason,
    )
    of = clean(of)
    unit = f' unitCode="{attribute(of.unit_code)}"' if of.unit_code else ""
    quantity = (
        f"<cbc:{quantity_name}{unit}>{number(of.quantity)}</cbc:{quantity_name}>"
        if of.quantity is not None
        else ""
    )
    allowances = "".join([allowance_charge(one, currency) for one in of.allowances_charges])
    tax = inside("TaxTotal", amount("TaxAmount", of.tax_amount, currency))
    about = schemed("ID", of.object_id, of.object_scheme)
    if about:
        about = f"<cac:DocumentReference>{about}<cbc:DocumentTypeCode>130</cbc:DocumentTypeCode></cac:DocumentReference>"
    return (
        f"<cac:{kind}><cbc:ID>{of.id or position}</cbc:ID>"
        + text("Note", of.note)
        + quantity
        + f'<cbc:LineExtensionAmount currencyID="{currency}">{number(of.net_amount)}</cbc:LineExtensionAmount>'
        + text("AccountingCost", of.accounting_cost)
        + period(of.period_start, of.period_end)
        + inside("OrderLineReference", text("LineID", of.order_line_reference))
        + about
        + (tax + allowances if kind == "CreditNoteLine" else allowances + tax)
        + inside("Item", _item(of, category))
        + _price(of, currency)
        + f"</cac:{kind}>"
    )


def _item(of: Line, category: str) -> str:
    classifications = properties = ""
    for list_id, code in of.classifications:
        classifications += inside(
            "CommodityClassification", listed("ItemClassificationCode", code, list_id, "listID")
        )
    for name, value in of.properties:
        properties += inside(
            "AdditionalItemProperty", text("Name", escaped(name)) + text("Value", escaped(value))
        )
    return (
        text("Description", of.description)
        + text("Name", of.name)
        + inside("BuyersItemIdentification", text("ID", of.buyer_item_id))
        + inside("SellersItemIdentification", text("ID", of.seller_item_id))
        + inside("StandardItemIdentification", schemed("ID", of.standard_item_id, of.standard_item_scheme))
        + inside("OriginCountry", text("IdentificationCode", of.origin_country))
        + classifications
        + category
        + properties
    )


def _price(of: Line, currency: str) -> str:
    if of.price is None:
        return ""
    base = explained = ""
    if of.base_quantity_unit and of.base_quantity is not None:
        base = f'<cbc:BaseQuantity unitCode="{attribute(of.base_quantity_unit)}">{number(of.base_quantity)}</cbc:BaseQuantity>'
    else:
        base = plain_number("BaseQuantity", of.base_quantity)
    discount = of.price_discount
    if discount is None and of.gross_price is not None:
        discount = of.gross_price - of.price
    if discount is not None:
        explained = (
            "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>"
            f"{amount('Amount', discount, currency)}{amount('BaseAmount', of.gross_price, currency)}"
            "</cac:AllowanceCharge>"
        )
    return f"<cac:Price>{amount('PriceAmount', of.price, currency)}{base}{explained}</cac:Price>"
