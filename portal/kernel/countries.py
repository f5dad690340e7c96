"""Countries as people write them: names in the languages of Europe, codes of two, three and three digits, signs on cars. Pure.

Sources: the territories and their aliases of the Unicode CLDR (as Babel has them); ISO 3166; EL and UK as the EU writes Greece and the
United Kingdom; XI as it writes Northern Ireland in VAT numbers.
"""

import re
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.core import get_global

from exports.numbers import is_country
from portal.kernel.language import N_, current_language, gettext
from portal.kernel.names import fold

LONGEST: Final = 120
_LANGUAGES: Final = ("en", "de", "fr", "nl")
_NOT_ISO: Final = {"EL": "GR", "UK": "GB", "XI": "XI"}
_ON_CARS: Final = {
    "A": "AT",
    "B": "BE",
    "BRD": "DE",
    "D": "DE",
    "E": "ES",
    "F": "FR",
    "FIN": "FI",
    "FL": "LI",
    "H": "HU",
    "I": "IT",
    "IRL": "IE",
    "L": "LU",
    "N": "NO",
    "P": "PT",
    "S": "SE",
    "SLO": "SI",
}
_ALSO: Final = {
    "AT": "Republik Österreich",
    "BE": "Royaume de Belgique|Koninkrijk België|Königreich Belgien|Kingdom of Belgium|Bélgica|Belgio|Belgia|Belge",
    "BG": "България|Balgarija",
    "CH": "Suisse|Svizzera|Svizra|Confédération suisse|Zwitserse Confederatie|Schweizerische Eidgenossenschaft",
    "CY": "Κύπρος|Kypros|Kıbrıs",
    "CZ": "Česko|Česká republika|Czech Republic|République tchèque|Tsjechische Republiek|Tschechische Republik",
    "DE": "Bundesrepublik Deutschland|Federal Republic of Germany|République fédérale d'Allemagne|Bondsrepubliek Duitsland|Germania|Alemania",
    "DK": "Danmark",
    "EE": "Eesti",
    "ES": "España|Espanya|Espainia|Spagna",
    "FI": "Suomi",
    "FR": "République française|Francia|França|Frankrijk|Franse Republiek",
    "GB": "Great Britain|Groot-Brittannië|Groot Britannië|Grande-Bretagne|Großbritannien|England|Engeland|Angleterre|Scotland|Schotland|"
    "Écosse|Schottland|Wales|Pays de Galles|United Kingdom of Great Britain and Northern Ireland|Britain|GB-UK",
    "GR": "Ελλάδα|Ελλάς|Hellas|Ellada|Hellenic Republic",
    "HK": "Hong Kong|Hongkong",
    "HR": "Hrvatska",
    "HU": "Magyarország",
    "IE": "Éire|Republic of Ireland|Republiek Ierland|République d'Irlande|Republik Irland",
    "IS": "Ísland",
    "IT": "Italia|Repubblica italiana",
    "LT": "Lietuva",
    "LU": "Lëtzebuerg|Grand-Duché de Luxembourg|Groothertogdom Luxemburg|Großherzogtum Luxemburg|Grand Duchy of Luxembourg|GD Luxembourg",
    "LV": "Latvija",
    "NL": "Holland|Hollande|Koninkrijk der Nederlanden|Royaume des Pays-Bas|Königreich der Niederlande|Kingdom of the Netherlands|"
    "Países Bajos|Paesi Bassi",
    "NO": "Norge|Noreg",
    "PL": "Polska|Rzeczpospolita Polska",
    "PT": "República Portuguesa|Portogallo",
    "RO": "România",
    "SE": "Sverige",
    "SI": "Slovenija",
    "SK": "Slovensko|Slovak Republic|République slovaque|Slowaakse Republiek|Slowakische Republik|Slovenská republika",
    "TR": "Türkiye|Turkije|Turquie|Türkei|Turkey",
    "US": "USA|U.S.A.|VS|V.S.|États-Unis d'Amérique|Verenigde Staten van Amerika|Vereinigte Staaten von Amerika|United States of America",
    "XI": "Northern Ireland|Noord-Ierland|Irlande du Nord|Nordirland",
}
"""Names beside those of the CLDR: local ones, official ones, parts that stand for the whole."""
_PARTING = re.compile(r"[()\[\]/,;|:&+=\u2022\u00b7]+")
_ARTICLE = re.compile("^(?:the|la|le|les|l|de|het|die|der|das|el|los|lo) ")


@lru_cache(maxsize=2048)
def country_code(text: str) -> str | None:
    """The country that a text names, as ISO 3166 alpha-2 (`XI` for Northern Ireland); None when it names none, or two.

    A name, a code, a sign on a car, or several of them that agree: `België`, `Belgique (BE)`, `BE - Belgium`, `bel`, `056`, `B`.
    """
    if not text or len(text) > LONGEST:
        return None
    whole = fold(text)
    if (found := _named(whole)) is not None:
        return found
    said = {_part(part) for part in _PARTING.split(whole) if part.strip(" .")}
    return said.pop() if len(said) == 1 else None


def country_name(code: str) -> str:
    """A country's name in the reader's language; its code where it has none."""
    if code == "XI":
        return gettext(N_("Northern Ireland"))
    return str(Locale(current_language().value).territories.get(code, code))


def _part(part: str) -> str | None:
    """A part that may hold a code and a name beside each other."""
    part = part.strip(" .")
    if (found := _named(part)) is not None:
        return found
    first, _space, rest = part.partition(" ")
    before, _space, last = part.rpartition(" ")
    for one, other in ((first, rest), (last, before)):
        code = _named(one) if len(one) <= 3 else None
        if code is not None and _named(other) == code:
            return code
    return None


def _named(folded: str) -> str | None:
    names = _names()
    bare = folded.strip(" .")
    return names.get(bare) or names.get(bare.replace(".", "")) or names.get(_ARTICLE.sub("", bare))


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Every folded name and code → country. Codes come last: none is given up for a name."""
    names: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if is_country(code):
                names.setdefault(fold(str(name)), code)
    for code, more in _ALSO.items():
        names.update((fold(name), code) for name in more.split("|"))
    names.update((fold(letters), code) for letters, code in _ON_CARS.items())
    for alias, codes in get_global("territory_aliases").items():
        if len(alias) == 3 and len(codes) == 1 and is_country(codes[0]):
            names[fold(alias)] = codes[0]
    for code in map(str, Locale("en").territories):
        if is_country(code):
            names[fold(code)] = code
    names.update((fold(letters), code) for letters, code in _NOT_ISO.items())
    return names


__all__ = ["country_code", "country_name"]
