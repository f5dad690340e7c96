"""Parties and deliveries, as UBL nests them."""

from exports.model import Delivery, Party
from exports.ubl.plan import Element, Plan, Record, leaf
from exports.ubl.values import VAT_NAMES, day


def _close_tax_scheme(parent: Record, own: Record) -> None:
    number = own.get("number")
    if number:
        field = "vat_id" if own.get("tax", "VAT").upper() in VAT_NAMES else "tax_registration_id"
        parent.setdefault(field, number)


def _close_identifier(parent: Record, own: Record) -> None:
    if "value" in own:
        parent.setdefault("identifiers", []).append((own.get("scheme"), own["value"]))


def _addressed(own: Record) -> Record:
    building = own.pop("building", None)  # UBL 2.0 has the house number apart
    if building:
        own["street"] = f"{own.get('street', '')} {building}".strip()
    return own


def party(own: Record) -> Party:
    """A party of what its element gave."""
    if "identifiers" in own:
        own["identifiers"] = tuple(own["identifiers"])
    return Party(**_addressed(own))


def trader(own: Record) -> Party:
    """A seller or buyer, whose legal name is the name wherever only that is given."""
    if "name" in own:
        own.setdefault("legal_name", own["name"])
    return party(own)


def delivery(own: Record) -> Delivery:
    """A delivery of what its element gave."""
    return Delivery(**_addressed(own))


_ADDRESS: Plan = {
    "cbc:Postbox": leaf("postbox"),
    "cbc:StreetName": leaf("street"),
    "cbc:BuildingNumber": leaf("building"),
    "cbc:AdditionalStreetName": leaf("additional_street"),
    "cac:AddressLine": Element({"cbc:Line": leaf("address_line")}),
    "cbc:CityName": leaf("city"),
    "cbc:PostalZone": leaf("postcode"),
    "cbc:CountrySubentity": leaf("region"),
    "cac:Country": Element({"cbc:IdentificationCode": leaf("country")}),
}
PARTY: Plan = {
    "cbc:EndpointID": leaf("endpoint_id", schemeID="endpoint_scheme"),
    "cac:PartyIdentification": Element({"cbc:ID": leaf("value", schemeID="scheme")}, _close_identifier),
    "cac:PartyName": Element({"cbc:Name": leaf("name")}),
    "cac:PostalAddress": Element(_ADDRESS),
    "cac:PartyTaxScheme": Element(
        {"cbc:CompanyID": leaf("number"), "cac:TaxScheme": Element({"cbc:ID": leaf("tax")})},
        _close_tax_scheme,
    ),
    "cac:PartyLegalEntity": Element(
        {
            "cbc:RegistrationName": leaf("legal_name"),
            "cbc:CompanyID": leaf("legal_id", schemeID="legal_id_scheme"),
            "cbc:CompanyLegalForm": leaf("legal_form"),
        }
    ),
    "cac:Contact": Element(
        {
            "cbc:Name": leaf("contact_name"),
            "cbc:Telephone": leaf("contact_phone"),
            "cbc:ElectronicMail": leaf("contact_email"),
        }
    ),
}
DELIVERY: Plan = {
    "cbc:ActualDeliveryDate": leaf("actual_date", day),
    "cac:DeliveryLocation": Element(
        {"cbc:ID": leaf("location_id", schemeID="location_scheme"), "cac:Address": Element(_ADDRESS)}
    ),
    "cac:DeliveryParty": Element({"cac:PartyName": Element({"cbc:Name": leaf("party_name")})}),
}
