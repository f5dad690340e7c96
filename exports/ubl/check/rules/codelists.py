"""The codes that Peppol BIS Billing 3.0.21 (May 2026) allows, as its code lists publish them."""

from typing import Final


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Media types of attachments (subset of IANA's).
MIME: Final = _codes(
    "application/pdf image/png image/jpeg text/csv "
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet "
    "application/vnd.oasis.opendocument.spreadsheet"
)

#: Reasons of allowances (subset of UNCL 5189).
ALLOWANCE_REASONS: Final = _codes("41 42 60 62 63 64 65 66 67 68 70 71 88 95 100 102 103 104 105")

#: Reasons of charges (UNCL 7161).
CHARGE_REASONS: Final = _codes("""
    AA AAA AAC AAD AAE AAF AAH AAI AAS AAT AAV AAY AAZ ABA ABB ABC ABD ABF ABK ABL ABN ABR ABS ABT ABU ACF
    ACG ACH ACI ACJ ACK ACL ACM ACS ADC ADE ADJ ADK ADL ADM ADN ADO ADP ADQ ADR ADT ADW ADY ADZ AEA AEB
    AEC AED AEF AEH AEI AEJ AEK AEL AEM AEN AEO AEP AES AET AEU AEV AEW AEX AEY AEZ AJ AU CA CAB CAD CAE
    CAF CAI CAJ CAK CAL CAM CAN CAO CAP CAQ CAR CAS CAT CAU CAV CAW CAX CAY CAZ CD CG CS CT DAB DAC DAD
    DAF DAG DAH DAI DAJ DAK DAL DAM DAN DAO DAP DAQ DL EG EP ER FAA FAB FAC FC FH FI GAA HAA HD HH IAA IAB
    ID IF IR IS KO L1 LA LAA LAB LF MAE MI ML NAA OA PA PAA PC PL PRV RAB RAC RAD RAF RE RF RH RV SA SAA
    SAD SAE SAI SG SH SM SU TAB TAC TT TV V1 V2 WH XAA YY ZZZ
""")

#: What an invoicing period is counted from (subset of UNCL 2005).
PERIOD_EVENTS: Final = _codes("3 35 432")

#: Currencies (ISO 4217, with the dated and offshore ones that Peppol keeps).
CURRENCIES: Final = _codes("""
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
    CDF CHE CHF CHW CLF CLP CNH CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
    GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW
    KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN
    NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW
    UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER
    ZAR ZMW ZWG
""")

#: Schemes of electronic addresses (EAS).
ADDRESS_SCHEMES: Final = _codes("""
    0002 0007 0009 0060 0088 0096 0097 0106 0130 0135 0142 0151 0183 0184 0188 0190 0191 0192 0195 0196
    0198 0199 0200 0201 0204 0208 0209 0210 0211 0216 0218 0221 0225 0230 0235 0240 0242 0244 0245 0246
    0248 9910 9913 9914 9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 9928 9929 9930 9931 9932 9933
    9934 9935 9936 9937 9938 9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 9949 9950 9951 9952 9953
    9957 9959
""")

#: Types of an invoice and of a credit note in the billing process (subset of UNCL 1001).
INVOICE_TYPES: Final = _codes("""
    71 80 82 84 102 218 219 326 331 380 382 383 384 386 388 393 395 553 575 623 780 817 870 875 876 877
""")
CREDIT_NOTE_TYPES: Final = _codes("81 83 381 396 532")

#: Types of an invoice and of a credit note that the buyer issues.
SELF_BILLED_INVOICE_TYPES: Final = _codes("389 527")
SELF_BILLED_CREDIT_NOTE_TYPES: Final = _codes("261")

#: Invoice types that only two German parties may use.
GERMAN_INVOICE_TYPES: Final = _codes("326 384")

#: The VAT category that goes with an exemption reason code (VATEX), by rule.
EXEMPTION_CATEGORIES: Final = {
    "PEPPOL-EN16931-P0104": ("VATEX-EU-G", "G"),
    "PEPPOL-EN16931-P0105": ("VATEX-EU-O", "O"),
    "PEPPOL-EN16931-P0106": ("VATEX-EU-IC", "K"),
    "PEPPOL-EN16931-P0107": ("VATEX-EU-AE", "AE"),
    "PEPPOL-EN16931-P0108": ("VATEX-EU-D", "E"),
    "PEPPOL-EN16931-P0109": ("VATEX-EU-F", "E"),
    "PEPPOL-EN16931-P0110": ("VATEX-EU-I", "E"),
    "PEPPOL-EN16931-P0111": ("VATEX-EU-J", "E"),
}

#: Categories of UBL.BE (``TaxCategory/cbc:Name``): boxes of the Belgian VAT return and kinds of exemption.
BELGIAN_CATEGORIES: Final = _codes("""
    00 01 02 03 45 NA FD SC 00/44 03/SE MA 46/GO 46/TR 47/TO 47/AS 47/DI 47/SE 47/EX 47/EI 47/EE 44 NS OSS-S
    OSS-G OSS-I
""")

#: UBL.BE's exemption reasons with the words that go with them.
BELGIAN_EXEMPTIONS: Final = {
    "BETE-45": "Reverse charge - Contractor",
    "BETE-EX": "Exempt",
    "BETE-FD": "Financial discount",
    "BETE-SC": "Small company",
    "BETE-00/44": "0% Clause 44",
    "BETE-03/SE": "Standard exchange",
    "BETE-MA": "Margin",
    "BETE-46/GO": "Intra-community supply - Goods",
    "BETE-47/TO": "Intra-community supply - Manufacturing cost",
    "BETE-47/AS": "Intra-community supply - Assembly",
    "BETE-47/DI": "Intra-community supply - Distance",
    "BETE-47/SE": "Intra-community supply - Services",
    "BETE-44": "Intra-community supply - Services B2B",
    "BETE-46/TR": "Intra-community supply - Triangle a-B-c",
    "BETE-47/EX": "Export non E.U.",
    "BETE-47/EI": "Indirect export",
    "BETE-47/EE": "Export via E.U.",
    "BETE-NS": "Not subject to VAT",
}

#: UBL.BE's legal mentions, in English and Dutch.
BELGIAN_MENTIONS: Final = {
    "BELM-001": ("Special ruling - travelagencies", "Bijzondere regeling - reisbureaus"),
    "BELM-002": ("Special ruling - used goods", "Bijzondere regeling - gebruikte goederen"),
    "BELM-003": ("Special ruling - art objects", "Bijzondere regeling - kunstvoorwerpen"),
    "BELM-004": ("Special ruling - antiques", "Bijzondere regeling - antiquiteiten"),
    "BELM-005": (
        "Small company under exempt from taxes ruling",
        "Kleine onderneming onderworpen aan de vrijstellingsregeling van belasting",
    ),
    "BELM-006": ("Invoice issued by the receiver", "Factuur uitgereikt door de afnemer"),
    "BELM-007": ("Copy issued at request from the customer", "Dubbel uitgereikt op vraag van de klant"),
    "BELM-008": (
        "VAT to be refunded to the state to the extent that it was deducted",
        "BTW terug te storten aan de staat in de mate waarin ze oorspronkelijk in aftrek werd gebracht",
    ),
}
