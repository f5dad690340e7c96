"""What the key functions made of names and codes when their migrations wrote the keys; it never changes here alone.

Migrations 0011, 0027 and 0039 write keys with these very functions. Were one to change, a database that was filled before would hold
other keys than one that is migrated after: its rows would no longer be found, and two codes of one folder no longer meet. A change
needs a migration that writes all keys anew, and this table with it: 0042 did for letters with strokes and ligatures.
"""

import pytest

from portal.features.dossiers.domain.codes import code_key
from portal.features.dossiers.domain.names import name_key
from portal.kernel.names import name_keys

NAMES = [
    ("Bakkerij Peeters", "bakkerij peeters", ("bakkerij peeters", "bakkerij peeters")),
    ("De Smet B.V.B.A.", "de smet", ("de smet b.v.b.a.", "de smet b.v.b.a.")),
    ("SA L'Or\xe9al & Fils", "loreal fils", ("sa l oreal & fils", "sa l oreal & fils")),
    ("L\u2019Or\xe9al", "loreal", ("l oreal", "l oreal")),
    (
        "\u0141\xf3d\u017a Transport sp. z o.o.",
        "lodz transport sp zoo",
        ("lodz transport sp. z o.o.", "lodz transport sp. z o.o."),
    ),
    ("Stra\xdfe 10 GmbH", "strasse 10", ("strasse 10 gmbh", "strasse 000000000010 gmbh")),
    ("\u0130stanbul", "istanbul", ("istanbul", "istanbul")),
    ("\uff22\uff36 \ufb01n", "fin", ("bv fin", "bv fin")),
    ("Filiaal \u0663", "filiaal \u0663", ("filiaal 3", "filiaal 000000000003")),
    ("B.V.", "bv", ("b.v.", "b.v.")),
    ("A & B", "ab", ("a & b", "a & b")),
    ("&", "&", ("&", "&")),
    ("Cafe\u0301\xa010", "cafe 10", ("cafe 10", "cafe 000000000010")),
    ("2m\xb2", "2m2", ("2m2", "000000000002m000000000002")),
    ("\u0152uvre \xc6r\xf8", "oeuvre aero", ("oeuvre aero", "oeuvre aero")),
    (
        "\u0395\u03bb\u03bb\u03ac\u03c2",
        "\u03b5\u03bb\u03bb\u03b1\u03c3",
        ("\u03b5\u03bb\u03bb\u03b1\u03c3", "\u03b5\u03bb\u03bb\u03b1\u03c3"),
    ),
]
CODES = [
    ("A12", "a12"),
    ("a12", "a12"),
    ("\uff2112", "a12"),
    ("01204", "01204"),
    ("Stra\xdfe", "strasse"),
    ("\u0130z", "i\u0307z"),
    ("\u0131z", "iz"),
    ("e\u03017", "\xe97"),
    ("a\xad1", "a1"),
    ("A1. ", "a1"),
    ("...", "."),
    ("\u017fa", "sa"),
    ("K\u2126", "k\u03c9"),
    ("a b", "a b"),
]


@pytest.mark.parametrize(("name", "key", "keys"), NAMES)
def test_names_have_the_keys_that_were_written(name: str, key: str, keys: tuple[str, str]) -> None:
    assert name_key(name) == key
    assert name_keys(name) == keys


@pytest.mark.parametrize(("code", "key"), CODES)
def test_codes_have_the_keys_that_were_written(code: str, key: str) -> None:
    assert code_key(code) == key
