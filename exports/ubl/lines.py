"""Lines as text: most of a document, so the usual ones have a way of their own.

A usual line has a name, a quantity, a price and a VAT category, and nothing else. Its text is one f-string, its VAT
category is remembered for all lines that share it. Any other line goes through :func:`_line`, which knows
everything; the tests hold both to the same text.
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
from exports.ubl.escape import attribute, clean, escaped, number, special

#: What the fields of a line after its first nine are in a usual one.
_NOTHING_ELSE = list(astuple(Line(id="", net_amount=ZERO))[9:])


def lines(items: Sequence[Line], *, credit_note: bool, currency: str) -> str:
    """All lines of a document, in a (safe) currency."""
    kind, quantity_name = (
        ("CreditNoteLine", "CreditedQuantity") if credit_note else ("InvoiceLine", "InvoicedQuantity")
    )
    start = f"<cac:{kind}><cbc:ID>"
    to_net = f'</cbc:{quantity_name}><cbc:LineExtensionAmount currencyID="{currency}">'
    to_name = "</cbc:LineExtensionAmount><cac:Item><cbc:Name>"
    end = f"</cbc:PriceAmount></cac:Price></cac:{kind}>"
    written: list[str] = []
    for position, of in enumerate(items, 1):
        id_, name, unit, net, quantity, price, category, percent, belgian, *others = astuple(of)
        if (
            others == _NOTHING_ELSE
            and name
            and unit
            and quantity is not None
            and price is not None
            and percent is not None
            and id_.isalnum()
            and special(name) is None
            and name[0] != " " != name[-1]
        ):
            net = str(net)
            quantity = str(quantity)
            price = str(price)
            percent = str(percent)
            digits = f"{net}{quantity}{price}{percent}"
            if not ("E" in digits or "N" in digits or "n" in digits):  # as odd_number, without the call
                to_quantity, to_price = _around(quantity_name, currency, unit, category, percent, belgian)
                written.append(
                    f"{start}{id_}{to_quantity}{quantity}{to_net}{net}{to_name}{name}{to_price}{price}{end}"
                )
                continue
        written.append(_line(of, position, kind, quantity_name, currency))
    return "".join(written)


@lru_cache(maxsize=256)
def _around(
    quantity_name: str, currency: str, unit: str, category: str | None, percent: str, belgian: str | None
) -> tuple[str, str]:
    """What stands between a usual line's id and quantity, and between its name and price."""
    tax = tax_category("ClassifiedTaxCategory", category, percent, belgian)
    return (
        f'</cbc:ID><cbc:{quantity_name} unitCode="{attribute(escaped(unit))}">',
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
