"""What stands above the columns of lists, in four languages, as bookkeeping packages and offices write it. Pure.

A heading is compared by its key: what is in brackets, stars, articles and words like "required" go, every way to write *number* becomes one
word, and the order of words does not matter. So "N° TVA", "TVA-nr." and "Numéro de TVA (obligatoire)" are one heading, and a list need
only name it once.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from portal.features.dossiers.domain.dossiers import folded

AMBIGUOUS = "?"
"""The column of headings that stand above names in one list and above codes in another: what is below decides."""

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
_NUMBER_SIGN = re.compile(r"\bn\s*\.?\s*[°º˚]|№|#", re.IGNORECASE)
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_MAIL = re.compile(r"\be mail")
_NUMBER_WORDS = {"nummer", "numero", "number", "no", "num", "nr", "nbr", "nro", "n"}
_NUMBER_ENDINGS = ("nummern", "nummer", "nr")
_NOISE = frozenset(
    (
        *("de", "du", "des", "d", "la", "le", "les", "l", "et", "ou", "au"),
        *("van", "het", "t", "en", "der", "die", "das", "und", "oder", "von", "the", "of", "or", "and"),
        *("verplicht", "obligatoire", "required", "mandatory", "pflicht", "pflichtfeld"),
        *("optioneel", "optional", "optionnel", "facultatief", "facultatif", "freiwillig"),
    )
)

WORDS: dict[str, str] = {
    "code": """
        code, dossiercode, dossier code, dossier, dossiernummer, numero de dossier, code dossier, code du dossier, file number, file code
        mandantennummer, mandant nr, mandanten nr, aktennummer, aktenzeichen, akte
        klantnummer, klantcode, code klant, klant nr, klanten nr, code client, client code, client nr, numero client, client number, client id
        kundennummer, kunden nr, kundencode, kunde nr, customer number, customer code, customer id
        relatienummer, relatiecode, code relatie, debiteurnummer, debiteurennummer, debiteurcode, debitorennummer, debitor nr
        code tiers, numero tiers, tiers, compte tiers, compte client, administratiecode, administratienummer, administratie nr, matchcode, zoekcode
        referentie, reference, ref, referenz, uw referentie, code interne, interne code, intern nummer, internal code, fichenummer, fiche
        firmacode, firmennummer, bedrijfscode, bedrijfsnummer, code societe, societe nr, code entreprise, account code, account number
    """,
    "name": """
        naam, name, nom, firma, company, onderneming, societe, unternehmen, bedrijf, bedrijfsnaam, naam bedrijf, denomination
        raison sociale, nom raison sociale, denomination sociale, denomination officielle, denomination legale, nom societe, nom entreprise, entreprise
        benaming, officiele benaming, maatschappelijke benaming, maatschappelijke naam, vennootschap, vennootschapsnaam, naam vennootschap
        ondernemingsnaam, naam onderneming, firmanaam, naam firma, firmenname, firmenbezeichnung, name firma, nom firme, firme, unternehmensname
        klantnaam, naam klant, nom client, client nom, client name, customer name, kundenname, name kunde, mandantenname, name mandant
        relatienaam, naam relatie, debiteurnaam, naam debiteur, nom tiers, intitule, libelle, intitule client, nom dossier, naam dossier, dossiernaam
        dossier name, administratie, administratienaam, naam administratie, organisatie, organisatienaam, naam organisatie, organisation, organization
        organisation name, organization name, nom organisation, company name, name company, business name, legal name, account name, accountnaam
        bezeichnung, zaak, naam zaak, statutaire naam, juridische naam
    """,
    "number": """
        ondernemingsnummer, ondernemings nr, onderneming nr, nr onderneming, numero d entreprise, n d entreprise, entreprise nr, unternehmensnummer
        company number, company no, enterprise number, business number, registration number, company registration number
        btw, btw nummer, btw nr, btw id, btw identificatienummer, tva, numero tva, tva nr, tva be, numero tva intracommunautaire, tva intracommunautaire
        identifiant tva, vat, vat number, vat no, vat id, vat reg no, vat registration number, tax number, tax id
        ust id, ust idnr, ust id nr, ustid, ustidnr, umsatzsteuer id, umsatzsteuer identifikationsnummer, mwst nummer, mehrwertsteuernummer, uid, uid nummer
        kbo, bce, cbe, zdu, kbo nummer, bce nr, cbe number, zdu nummer, numero kbo, numero bce, kbo ondernemingsnummer, bce entreprise nr
        rpr, rpm, rpr nummer, rpm nr, siren, siret, numero siren, numero siret, nationaal nummer onderneming, fiscaal nummer, numero fiscal
    """,
    "country": """
        land, country, pays, landcode, land code, country code, code pays, landercode, landerkennzeichen, landkz, staat, iso land, iso code land, iso pays
    """,
    "language": """
        taal, language, langue, sprache, taalcode, code langue, language code, sprachcode, korrespondenzsprache, correspondentietaal
        langue correspondance, voertaal, taal klant, langue client
    """,
    "contact": """
        contactpersoon, contact, personne de contact, ansprechpartner, contact person, contactnaam, naam contact, naam contactpersoon, nom contact
        contact name, contact nom, kontakt, kontaktperson, name kontakt, interlocuteur, zaakvoerder, gerant, bestuurder, geschaftsfuhrer, dirigeant
        responsable, verantwoordelijke, naam voornaam contact, nom prenom contact, contactpersoon naam, personne contact nom, naam zaakvoerder
        nom gerant, t a v, tav, attn, vertegenwoordiger
    """,
    "email": """
        e mail, email, mail, e mailadres, e mail adres, mailadres, mail adres, adresse e mail, adresse mail, courriel, adresse courriel
        courrier electronique, adresse electronique, e mail adresse, mailadresse, e mail address, mail address, emails, elektronische post
        e mail contact, e mail contactpersoon, e mail klant, e mail client, email kunde, contact e mail, e mail algemeen, e mail general, e mail kantoor
    """,
    "phone": """
        telefoon, tel, telephone, telefon, gsm, mobile, mobiel, mobil, handy, portable, phone, telefoonnummer, tel nr, telefoon nr, telephone nr
        phone number, telefonnummer, rufnummer, gsm nummer, gsm nr, mobile number, mobielnummer, mobilnummer, mobile phone, mobiele telefoon
        telephone portable, telephone mobile, tel mobile, tel gsm, tel mobiel, telefoon mobiel, vaste telefoon, telefoon vast, tel vast, tel fixe
        tel portable, gsm contact, gsm klant, gsm zaakvoerder, telephone fixe, fixe, festnetz, tel bureau, telephone bureau, telefoon werk, telefoon kantoor, telefoon contact, tel contact, telefoon klant
    """,
    "vat_regime": """
        btw regime, btwregime, regime tva, vat regime, aangifte, mwst, btw stelsel, btwstelsel, btw statuut, btw aangifte, btw plicht, btw periode
        regime, regime fiscal tva, aangifteperiode, aangiftetype, type aangifte, soort aangifte, aangifteplicht, periodiciteit, periodicite
        periodicite tva, declaration tva, type declaration, declaration, statut tva, mwst regelung, mwst status, umsatzsteuer, voranmeldung
        umsatzsteuervoranmeldung, vat scheme, vat status, vat period, vat return, filing frequency
    """,
    "activity": """
        activiteit, activite, tatigkeit, afdeling, activity, departement, abteilung, department
    """,
    "street": """
        straat, adres, rue, adresse, street, strasse, address, straat nr, straat huisnummer, rue nr, strasse nr, strasse hausnummer, street nr, straatnaam
        adres lijn, adresregel, adresse ligne, address line, anschrift, zetel, maatschappelijke zetel, siege social, siege, adresse siege, adres zetel
        vestigingsadres, bezoekadres, straat nr bus, adresse rue, adres straat, facturatieadres, adresse facturation, straat nr bus verdieping ingang
    """,
    "postcode": """
        postcode, code postal, cp, c p, plz, zip, zip code, postal code, post code, postleitzahl, postnummer, post nr
    """,
    "city": """
        gemeente, plaats, ville, localite, stadt, ort, city, town, woonplaats, wohnort, commune, stad, plaatsnaam, lieu, municipality, locality
        vestigingsplaats, gemeinde, gemeente stad
    """,
    AMBIGUOUS: """
        klant, client, kunde, customer, relatie, relation, mandant, debiteur, debitor, klanten, clients, kunden, cliente
    """,
}
"""Headings by the column they mean; commas and line ends part them."""
WEAK: dict[str, str] = {
    "code": "nr, nummer, volgnummer, id klant",
    "name": "handelsnaam, nom commercial, trade name, handelsname, omschrijving, description, beschreibung, naam voornaam, nom prenom, name vorname",
    "phone": "tel prive, telefoon prive, telephone prive",
    "email": "e mail facturatie, e mail facturation, e mail rechnung, invoice e mail, e mail prive",
}
"""Headings that mean a column only where no better one does."""


@lru_cache(maxsize=4096)
def heading_key(text: str) -> str:
    """What a heading is compared by; empty when nothing of it is left."""
    plain = unicodedata.normalize("NFKC", text)[:200]
    bare = _DOTTED.sub(lambda found: found[0].replace(".", "") + " ", _BRACKETS.sub(" ", plain))
    bare = _NUMBER_SIGN.sub(" nr ", bare if folded(bare) else plain)
    words = [*_words(_MAIL.sub("email", folded(bare)))]
    left = [word for word in words if word not in _NOISE] or words
    while len(left) > 1 and left[-1].isdigit():  # "Tel. 2", "E-mail 1"
        left.pop()
    return " ".join(sorted(left))


def _words(key: str) -> Iterator[str]:
    for word in key.split():
        if word in _NUMBER_WORDS:
            yield "nr"
            continue
        ending = next((one for one in _NUMBER_ENDINGS if word.endswith(one) and len(word) > len(one) + 1), "")
        if ending:
            yield word.removesuffix(ending)
            yield "nr"
        else:
            yield word


def _listed(text: str) -> Iterator[str]:
    return (word.strip() for line in text.splitlines() for word in line.split(",") if word.strip())


_MEANING: dict[str, tuple[str, int]] = {
    heading_key(word): (column, rank)
    for rank, known in ((1, WEAK), (0, WORDS))
    for column, text in known.items()
    for word in _listed(text)
}


def meaning(text: str) -> tuple[str, int] | None:
    """Which column a heading means, and how little: 0 is a heading of its own, 1 gives way to a better one. None for one we do not know.

    Of one that says it in two ways ("TVA/BTW", "Nom - Naam"), all parts must mean the same.
    """
    found = _MEANING.get(heading_key(text))
    if found is not None:
        return found
    parts = [part for part in re.split(r"[/|\\\n;,]| - ", text) if folded(part)]
    if len(parts) < 2:
        return None
    meant = {_MEANING.get(heading_key(part)) for part in parts}
    columns = {one[0] for one in meant if one is not None}
    return (columns.pop(), 1) if None not in meant and len(columns) == 1 else None


__all__ = ["AMBIGUOUS", "WEAK", "WORDS", "heading_key", "meaning"]
