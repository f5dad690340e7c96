"""Encodings a sender may declare, by all their names.

Only sets that are ASCII below 128, one byte a character: the tags are then the same in all of them. No UTF-7 and no
EBCDIC, which serve to hide a document type declaration. Names are IANA's and those that are around, compared without
case and with ``_`` as ``-``.
"""

from collections.abc import Mapping

#: Aliases of the parts of ISO 8859 beside ``ISO-8859-n`` and ``ISO8859-n``.
_PARTS = {
    1: "latin1 latin-1 l1 iso-ir-100 csisolatin1 ibm819 cp819",
    2: "latin2 latin-2 l2 iso-ir-101 csisolatin2",
    3: "latin3 latin-3 l3 iso-ir-109 csisolatin3",
    4: "latin4 latin-4 l4 iso-ir-110 csisolatin4",
    5: "cyrillic iso-ir-144 csisolatincyrillic",
    6: "arabic iso-ir-127 csisolatinarabic ecma-114 asmo-708",
    7: "greek greek8 iso-ir-126 csisolatingreek ecma-118 elot-928",
    8: "hebrew iso-ir-138 csisolatinhebrew iso-8859-8-i",
    9: "latin5 latin-5 l5 iso-ir-148 csisolatin5",
    10: "latin6 latin-6 l6 iso-ir-157 csisolatin6",
    11: "tis-620 cstis620",
    13: "latin7 latin-7 l7",
    14: "latin8 latin-8 l8 iso-ir-199 iso-celtic",
    15: "latin9 latin-9 l9",
    16: "latin10 latin-10 l10 iso-ir-226",
}
#: Code pages of DOS and Windows, each as cp…, ibm… and bare.
_PAGES = (437, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 865, 866, 869, 874, *range(1250, 1259))
#: A declaration of these that could be read byte by byte is wrong; what it says then is UTF-8.
_UNICODE = "utf-8 utf8 utf-16 utf-16le utf-16be us-ascii ascii us iso646-us iso-ir-6 ansi-x3.4-1968 ansi-x3.4-1986 csascii ibm367 cp367"

#: Python's codec for a name in the form of :func:`normal`.
ENCODINGS: Mapping[str, str] = {
    **dict.fromkeys(_UNICODE.split(), "utf-8"),
    **{f"iso{dash}8859-{part}": f"iso8859-{part}" for part in _PARTS for dash in ("-", "")},
    **{name: f"iso8859-{part}" for part, names in _PARTS.items() for name in names.split()},
    **{f"{prefix}{page}": f"cp{page}" for page in _PAGES for prefix in ("cp", "ibm", "")},
    **{
        f"{prefix}{page}": f"cp{page}"
        for page in range(1250, 1259)
        for prefix in ("windows-", "windows", "x-cp", "cswindows")
    },
    "ibm00858": "cp858",
    "cp00858": "cp858",
    "cspc850multilingual": "cp850",
    "cspcp852": "cp852",
    "cspc8codepage437": "cp437",
    "windows-874": "cp874",
    **dict.fromkeys(("macintosh", "mac", "csmacintosh", "x-mac-roman"), "mac-roman"),
    **dict.fromkeys(("koi8-r", "cskoi8r"), "koi8-r"),
    "koi8-u": "koi8-u",
}


def normal(name: str) -> str:
    """A declared name as the table has it."""
    return name.lower().replace("_", "-")
