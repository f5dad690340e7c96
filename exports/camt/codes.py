"""Bank transaction codes of ISO 20022 that CODA surely has a word for.

Source: ISO 20022 external code sets (bank transaction codes); Febelfin, CODA 2.6, annex II. What is in doubt is left out: a generic code
says less, and nothing wrong.
"""

from collections.abc import Mapping
from types import MappingProxyType

_SEPA = ("ESCT", "DMCT", "SDVA", "BOOK", "AUTT", "STDO")

#: (domain, family, sub-family, is a credit) → family and transaction of CODA.
CODES: Mapping[tuple[str, str, str, bool], str] = MappingProxyType(
    {
        **{("PMNT", "ICDT", one, False): "0101" for one in _SEPA},
        **{("PMNT", "RCDT", one, True): "0150" for one in _SEPA},
        **{("PMNT", "IRCT", one, False): "0201" for one in _SEPA},
        **{("PMNT", "RRCT", one, True): "0250" for one in _SEPA},
        ("PMNT", "ICDT", "SALA", False): "0105",
        ("PMNT", "ICDT", "PAYR", False): "0105",
        ("PMNT", "ICDT", "XBCT", False): "4101",
        ("PMNT", "RCDT", "XBCT", True): "4150",
        ("PMNT", "CCRD", "POSD", False): "0402",
        ("PMNT", "CCRD", "CWDL", False): "0404",
        ("PMNT", "MCRD", "POSP", True): "0450",
        ("PMNT", "RDDT", "ESDD", False): "0501",
        ("PMNT", "RDDT", "BBDD", False): "0501",
        ("PMNT", "IDDT", "ESDD", True): "0550",
        ("PMNT", "IDDT", "BBDD", True): "0550",
        ("ACMT", "MCOP", "INTR", False): "3501",
        ("ACMT", "MCOP", "INTR", True): "3550",
    }
)

#: Sub-families that name what an amount is for → category of CODA.
CATEGORIES: Mapping[str, str] = MappingProxyType({"CHRG": "006", "COMM": "013", "FEES": "006"})


def coda_code(domain: str, family: str, sub_family: str, *, credit: bool) -> tuple[str, str]:
    """Family and transaction (four digits, or empty), and category (three), for a bank transaction code."""
    return CODES.get((domain, family, sub_family, credit), ""), CATEGORIES.get(sub_family, "000")
