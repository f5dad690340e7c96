"""What the reader looks for in an invoice or credit note, and where each value goes."""

from functools import lru_cache

from exports.model import (
    ZERO,
    AllowanceCharge,
    DocumentReference,
    Line,
    PaymentMeans,
    SettlementDiscount,
    TaxSubtotal,
)
from exports.ubl.party_plan import DELIVERY, PARTY, delivery, party, trader
from exports.ubl.plan import JOINED, Element, Plan, Record, Table, Value, compiled, each, leaf, needed, one
from exports.ubl.values import ValueFault, amount, attachment, content, day, is_vat, truth


def _allowance_charge(own: Record) -> AllowanceCharge:
    if "amount" not in own:
        raise ValueFault("missing", "cbc:Amount")
    own.setdefault("is_charge", False)
    own.pop("other_tax", None)
    return AllowanceCharge(**own)


def _close_subtotal(parent: Record, own: Record) -> None:
    if own.pop("other_tax", False) and "category" not in own:
        parent["other_tax"] = True
    elif own:
        own.setdefault("taxable_amount", ZERO)
        own.setdefault("tax_amount", ZERO)
        parent.setdefault("subtotals", []).append(TaxSubtotal(**own))


def _close_reference(parent: Record, own: Record) -> None:
    if "number" in own:
        parent.setdefault("billing_references", []).append(DocumentReference(**own))


def _payment_means(own: Record) -> PaymentMeans:
    own.setdefault("code", "1")
    return PaymentMeans(**own)


def _close_terms(parent: Record, own: Record) -> None:
    note = own.pop("note", None)
    if note:
        parent.setdefault("payment_terms", []).append(note)
    if own:
        parent.setdefault("settlement_discounts", []).append(SettlementDiscount(**own))


def _close_tax_total(parent: Record, own: Record) -> None:
    other_tax = own.pop("other_tax", False)
    if own and ("subtotals" in own or not other_tax):
        parent.setdefault("tax_totals", []).append(own)


def passed_over(_parent: Record, own: Record) -> None:
    """What happens in a quick walk at the end of a tax scheme: nearly always it is VAT, and nobody needs it.

    Raises:
        ValueFault: It is another tax, so that the walk must be slower.
    """
    tax = own.get("tax", "VAT")
    if not is_vat(tax):
        raise ValueFault("other_tax", tax)


def _close_category(parent: Record, own: Record) -> None:
    """A category of VAT; those of other taxes are not in the model."""
    if is_vat(own.pop("tax", "VAT")):
        for field, value in own.items():
            parent.setdefault(field, value)
    else:
        parent["other_tax"] = True


def _category(children: Plan) -> Element:
    """A tax category. In a quick walk all are VAT's, and their values land in the parent's record at once."""
    return Element(children, _close_category, quick_close=None)


_TAX_SCHEME = Element({"cbc:ID": leaf("tax")}, None, usual="VAT", quick_close=passed_over)
_TAX_CATEGORY: Plan = {
    "cac:TaxScheme": _TAX_SCHEME,
    "cbc:ID": leaf("tax_category"),
    "cbc:Name": leaf("tax_name"),
    "cbc:Percent": leaf("tax_percent", amount),
}
_ALLOWANCE_CHARGE: Plan = {
    "cbc:ChargeIndicator": leaf("is_charge", truth),
    "cbc:AllowanceChargeReasonCode": leaf("reason_code"),
    "cbc:AllowanceChargeReason": leaf("reason"),
    "cbc:MultiplierFactorNumeric": leaf("percent", amount),
    "cbc:Amount": needed("amount", amount),
    "cbc:BaseAmount": leaf("base_amount", amount),
    "cac:TaxCategory": _category(_TAX_CATEGORY),
}
_TAX_TOTAL = Element(
    {
        "cbc:TaxAmount": needed("amount", amount, currencyID="currency"),
        "cac:TaxSubtotal": Element(
            {
                "cbc:TaxableAmount": needed("taxable_amount", amount),
                "cbc:TaxAmount": needed("tax_amount", amount),
                "cbc:Percent": leaf("percent", amount),
                "cac:TaxCategory": _category(
                    {
                        "cac:TaxScheme": _TAX_SCHEME,
                        "cbc:ID": leaf("category"),
                        "cbc:Name": leaf("name"),
                        "cbc:Percent": leaf("percent", amount),
                        "cbc:TaxExemptionReasonCode": leaf("exemption_reason_code"),
                        "cbc:TaxExemptionReason": leaf("exemption_reason"),
                    }
                ),
            },
            _close_subtotal,
        ),
    },
    _close_tax_total,
)
_PAYMENT_MEANS = each(
    "payment_means",
    _payment_means,
    {
        "cbc:PaymentMeansCode": leaf("code", name="text"),
        "cbc:PaymentDueDate": leaf("due_date", day),
        "cbc:InstructionID": leaf("instruction_id"),
        "cbc:InstructionNote": Value("instruction_note", None, JOINED),
        "cbc:PaymentID": leaf("payment_id"),
        "cac:CardAccount": Element(
            {
                "cbc:PrimaryAccountNumberID": leaf("card_number"),
                "cbc:NetworkID": leaf("card_network"),
                "cbc:HolderName": leaf("card_holder"),
            }
        ),
        "cac:PayeeFinancialAccount": Element(
            {
                "cbc:ID": leaf("account_id"),
                "cbc:Name": leaf("account_name"),
                "cac:FinancialInstitutionBranch": Element(
                    {"cbc:ID": leaf("bic"), "cac:FinancialInstitution": Element({"cbc:ID": leaf("bic")})}
                ),
            }
        ),
        "cac:PaymentMandate": Element(
            {
                "cbc:ID": leaf("mandate_id"),
                "cac:PayerFinancialAccount": Element({"cbc:ID": leaf("debited_account_id")}),
            }
        ),
    },
)
_TOTALS = Element(
    {
        "cbc:LineExtensionAmount": needed("line_extension", amount),
        "cbc:TaxExclusiveAmount": needed("tax_exclusive", amount),
        "cbc:TaxInclusiveAmount": needed("tax_inclusive", amount),
        "cbc:AllowanceTotalAmount": needed("allowance_total", amount),
        "cbc:ChargeTotalAmount": needed("charge_total", amount),
        "cbc:PrepaidAmount": needed("prepaid", amount),
        "cbc:PayableRoundingAmount": needed("rounding", amount),
        "cbc:PayableAmount": needed("payable", amount, currencyID="payable_currency"),
    }
)
_PERIOD: dict[str, Value | Element] = {
    "cbc:StartDate": leaf("period_start", day),
    "cbc:EndDate": leaf("period_end", day),
}


_LINE_LISTS = ("allowances_charges", "classifications", "properties")


def close_line(parent: Record, own: Record) -> None:
    """The end of a line: its row is complete."""
    lines: list[Line] = parent.setdefault("lines", [])
    if "net_amount" not in own:
        raise ValueFault("missing", "cbc:LineExtensionAmount")
    if "id" not in own:
        own["id"] = str(len(lines) + 1)
    for field in _LINE_LISTS:
        if field in own:
            own[field] = tuple(own[field])
    own.pop("other_tax", None)
    lines.append(Line(**own))


def _close_object(parent: Record, own: Record) -> None:
    if "object_id" in own and own.get("type", "130") == "130":
        parent.setdefault("object_id", own["object_id"])
        if "object_scheme" in own:
            parent.setdefault("object_scheme", own["object_scheme"])


def _close_property(parent: Record, own: Record) -> None:
    if "name" in own:
        parent.setdefault("properties", []).append((own["name"], own.get("value", "")))


def _close_classification(parent: Record, own: Record) -> None:
    if "code" in own:
        parent.setdefault("classifications", []).append((own.get("list"), own["code"]))


def _close_price_allowance(parent: Record, own: Record) -> None:
    """What explains a net price: a discount, or, as a negative one, a surcharge."""
    if own.pop("is_charge", False) and "price_discount" in own:
        own["price_discount"] = -own["price_discount"]
    for field, value in own.items():
        parent.setdefault(field, value)


def _close_line_tax(parent: Record, own: Record) -> None:
    """Line VAT of e-FFF and UBL.BE; its category serves where the item has none."""
    for field, value in own.items():
        parent.setdefault(field, value)


_LINE_TAX_CATEGORY: Plan = {
    **_TAX_CATEGORY,
    "cbc:TaxExemptionReasonCode": leaf("tax_exemption_reason_code"),
    "cbc:TaxExemptionReason": leaf("tax_exemption_reason"),
}
_ITEM = Element(
    {
        "cbc:Description": Value("description", None, JOINED),
        "cbc:Name": leaf("name"),
        "cac:BuyersItemIdentification": Element({"cbc:ID": leaf("buyer_item_id")}),
        "cac:SellersItemIdentification": Element({"cbc:ID": leaf("seller_item_id")}),
        "cac:StandardItemIdentification": Element(
            {"cbc:ID": leaf("standard_item_id", schemeID="standard_item_scheme")}
        ),
        "cac:OriginCountry": Element({"cbc:IdentificationCode": leaf("origin_country")}),
        "cac:CommodityClassification": Element(
            {"cbc:ItemClassificationCode": leaf("code", listID="list")}, _close_classification
        ),
        "cac:ClassifiedTaxCategory": _category(_LINE_TAX_CATEGORY),
        "cac:AdditionalItemProperty": Element(
            {"cbc:Name": leaf("name"), "cbc:Value": leaf("value")}, _close_property
        ),
    }
)
_LINE = Element(
    {
        "cbc:ID": leaf("id"),
        "cbc:Note": Value("note", None, JOINED),
        "cbc:InvoicedQuantity": leaf("quantity", amount, unitCode="unit_code"),
        "cbc:CreditedQuantity": leaf("quantity", amount, unitCode="unit_code"),
        "cbc:LineExtensionAmount": needed("net_amount", amount),
        "cbc:AccountingCost": leaf("accounting_cost"),
        "cac:InvoicePeriod": Element(_PERIOD),
        "cac:OrderLineReference": Element({"cbc:LineID": leaf("order_line_reference")}),
        "cac:DocumentReference": Element(
            {
                "cbc:ID": leaf("object_id", schemeID="object_scheme"),
                "cbc:DocumentTypeCode": leaf("type"),
            },
            _close_object,
        ),
        "cac:AllowanceCharge": each("allowances_charges", _allowance_charge, _ALLOWANCE_CHARGE),
        "cac:TaxTotal": Element(
            {
                "cbc:TaxAmount": leaf("tax_amount", amount),
                "cac:TaxSubtotal": Element(
                    {
                        "cbc:Percent": leaf("tax_percent", amount),
                        "cac:TaxCategory": _category(_LINE_TAX_CATEGORY),
                    }
                ),
            },
            _close_line_tax,
        ),
        "cac:Item": _ITEM,
        "cac:Price": Element(
            {
                "cbc:PriceAmount": leaf("price", amount),
                "cbc:BaseQuantity": leaf("base_quantity", amount, unitCode="base_quantity_unit"),
                "cac:AllowanceCharge": Element(
                    {
                        "cbc:ChargeIndicator": leaf("is_charge", truth),
                        "cbc:Amount": leaf("price_discount", amount),
                        "cbc:BaseAmount": leaf("gross_price", amount),
                    },
                    _close_price_allowance,
                ),
            }
        ),
    },
    close_line,
)


def _close_attachment(parent: Record, own: Record) -> None:
    if own.get("id") == "UBL.BE" and "content" not in own and "external_uri" not in own:
        parent.setdefault("software", own.get("description"))
    elif own:
        parent.setdefault("attachments", []).append(attachment(own))


_REFERENCED: Plan = {"cbc:ID": leaf("number"), "cbc:IssueDate": leaf("issue_date", day)}
DOCUMENT: Plan = {
    "cbc:CustomizationID": leaf("customization_id"),
    "cbc:ProfileID": leaf("profile_id"),
    "cbc:ID": leaf("number"),
    "cbc:IssueDate": needed("issue_date", day),
    "cbc:DueDate": leaf("due_date", day),
    "cbc:InvoiceTypeCode": leaf("type_code"),
    "cbc:CreditNoteTypeCode": leaf("type_code"),
    "cbc:Note": Value("note", None, JOINED),
    "cbc:TaxPointDate": leaf("tax_point_date", day),
    "cbc:DocumentCurrencyCode": leaf("currency"),
    "cbc:TaxCurrencyCode": leaf("tax_currency"),
    "cbc:AccountingCost": leaf("accounting_cost"),
    "cbc:BuyerReference": leaf("buyer_reference"),
    "cac:InvoicePeriod": Element({**_PERIOD, "cbc:DescriptionCode": leaf("tax_point_code")}),
    "cac:OrderReference": Element(
        {"cbc:ID": leaf("order_reference"), "cbc:SalesOrderID": leaf("sales_order_reference")}
    ),
    "cac:BillingReference": Element(
        {
            "cac:InvoiceDocumentReference": Element(_REFERENCED, _close_reference),
            "cac:CreditNoteDocumentReference": Element(_REFERENCED, _close_reference),
        }
    ),
    "cac:DespatchDocumentReference": Element({"cbc:ID": leaf("despatch_reference")}),
    "cac:ReceiptDocumentReference": Element({"cbc:ID": leaf("receipt_reference")}),
    "cac:OriginatorDocumentReference": Element({"cbc:ID": leaf("originator_reference")}),
    "cac:ContractDocumentReference": Element({"cbc:ID": leaf("contract_reference")}),
    "cac:ProjectReference": Element({"cbc:ID": leaf("project_reference")}),
    "cac:AdditionalDocumentReference": Element(
        {
            "cbc:ID": leaf("id", schemeID="scheme"),
            "cbc:DocumentTypeCode": leaf("document_type_code"),
            "cbc:DocumentDescription": leaf("description"),
            "cac:Attachment": Element(
                {
                    "cbc:EmbeddedDocumentBinaryObject": leaf(
                        "content", content, mimeCode="mime_code", filename="filename"
                    ),
                    "cac:ExternalReference": Element({"cbc:URI": leaf("external_uri")}),
                }
            ),
        },
        _close_attachment,
    ),
    "cac:AccountingSupplierParty": Element({"cac:Party": one("supplier", trader, PARTY)}),
    "cac:AccountingCustomerParty": Element({"cac:Party": one("customer", trader, PARTY)}),
    "cac:PayeeParty": one("payee", party, PARTY),
    "cac:TaxRepresentativeParty": one("tax_representative", party, PARTY),
    "cac:Delivery": one("delivery", delivery, DELIVERY),
    "cac:PaymentMeans": _PAYMENT_MEANS,
    "cac:PaymentTerms": Element(
        {
            "cbc:Note": leaf("note"),
            "cbc:SettlementDiscountPercent": leaf("percent", amount),
            "cbc:Amount": leaf("amount", amount),
            "cbc:PaymentDueDate": leaf("due_date", day),
        },
        _close_terms,
    ),
    "cac:AllowanceCharge": each("allowances_charges", _allowance_charge, _ALLOWANCE_CHARGE),
    "cac:TaxTotal": _TAX_TOTAL,
    "cac:LegalMonetaryTotal": _TOTALS,
    "cac:InvoiceLine": _LINE,
    "cac:CreditNoteLine": _LINE,
}


@lru_cache(maxsize=16)
def table(aggregates: tuple[str, ...], basics: tuple[str, ...], *, quick: bool) -> Table:
    """The document's table with the prefixes a file uses."""
    return compiled(DOCUMENT, aggregates, basics, quick=quick)
