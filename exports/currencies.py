"""Currencies of ISO 4217 and their minor units, as data.

Source: ISO 4217 list one (SIX, amendment 178) without funds, metals, testing and "no currency", which nobody is invoiced in; and from
list three those that ended in the last ten years, because older papers still carry them.
"""

from decimal import Decimal
from typing import Final

_TWO: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC
    CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
    JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD
    NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
    SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_OTHERS: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
#: Ended: Bulgaria 2025, Croatia 2022, Curaçao 2025, Cuba's convertible peso 2021, Sierra Leone 2024, and renamed ones.
_ENDED: Final = "ANG BGN BYR CUC HRK MRO SLL STD VEF ZWL"

MINOR_UNITS: Final[dict[str, int]] = {
    **dict.fromkeys((_TWO + _ENDED).split(), 2),
    **{code: places for places, codes in _OTHERS.items() for code in codes.split()},
}
"""Decimals of each currency, by code."""


def is_currency(code: str) -> bool:
    """Whether a text is the code of a currency that people pay in; capitals, as ISO writes them."""
    return code in MINOR_UNITS


def places(code: str) -> int:
    """How many decimals amounts of a currency have; two where the code is not known."""
    return MINOR_UNITS.get(code, 2)


def decimals(value: Decimal) -> int:
    """How many decimals a number says, zeros at its end left out."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= 0 or not value:
        return 0
    digits = value.as_tuple().digits
    zeros = next((place for place, digit in enumerate(reversed(digits)) if digit), len(digits))
    return max(0, -exponent - zeros)
