"""Parties and where goods went, as a Cross Industry Invoice nests them."""

from typing import Any

from exports.cii.nodes import Node
from exports.model import Delivery, Party
from exports.ubl.values import VAT_NAMES

_VAT = VAT_NAMES | {"VA"}


def party(of: Node, *, trader: bool) -> Party:
    """A party of its element.

    Args:
        trader: Whether it is the seller or the buyer, whose name is the registered one (BT-27, BT-44); of the others it is the name.
    """
    name = of.text("Name")
    legal = of.one("SpecifiedLegalOrganization")
    vat, other = _registrations(of)
    endpoint = of.one("URIUniversalCommunication", "URIID")
    contact = of.one("DefinedTradeContact|DefinedTradeContactPerson")
    legal_id = legal.one("ID")
    return Party(
        name=legal.text("TradingBusinessName") if trader else name,
        legal_name=name if trader else None,
        legal_form=of.text("Description"),
        vat_id=vat,
        tax_registration_id=other,
        legal_id=legal_id.text(),
        legal_id_scheme=legal_id.attribute("schemeID") if legal_id.text() else None,
        endpoint_id=endpoint.text(),
        endpoint_scheme=endpoint.attribute("schemeID") if endpoint.text() else None,
        identifiers=identifiers(of),
        contact_name=contact.text("PersonName|DepartmentName"),
        contact_phone=contact.text("TelephoneUniversalCommunication", "CompleteNumber"),
        contact_email=contact.text("EmailURIUniversalCommunication", "URIID|CompleteNumber"),
        **_address(of.one("PostalTradeAddress")),
    )


def identifiers(of: Node) -> tuple[tuple[str | None, str], ...]:
    """(scheme, identifier) of a party."""
    return tuple(
        (one.attribute("schemeID"), text) for one in of.all("ID", "GlobalID") if (text := one.text())
    )


def _registrations(of: Node) -> tuple[str | None, str | None]:
    """VAT number and other tax number."""
    vat = other = None
    for one in of.all("SpecifiedTaxRegistration"):
        number = one.one("ID")
        if (number.attribute("schemeID") or "VA").upper() in _VAT:
            vat = vat or number.text()
        else:
            other = other or number.text()
    return vat, other


def _address(of: Node) -> dict[str, Any]:
    return {
        "street": of.text("LineOne"),
        "additional_street": of.text("LineTwo"),
        "address_line": of.text("LineThree"),
        "city": of.text("CityName"),
        "postcode": of.text("PostcodeCode"),
        "region": of.text("CountrySubDivisionName"),
        "country": of.text("CountryID"),
    }


def delivery(of: Node) -> Delivery | None:
    """Where and when goods went; nothing when nothing is said."""
    to = of.one("ShipToTradeParty")
    found = identifiers(to)
    made = Delivery(
        actual_date=of.day("ActualDeliverySupplyChainEvent", "OccurrenceDateTime"),
        location_id=found[0][1] if found else None,
        location_scheme=found[0][0] if found else None,
        party_name=to.text("Name"),
        **_address(to.one("PostalTradeAddress")),
    )
    return None if made == Delivery() else made
