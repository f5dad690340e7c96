"""Bank statements in other forms than CODA, as banks write them: made here, from plain values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape

IBAN = "BE68539007547034"
DAY = date(2026, 11, 2)
BEFORE = date(2026, 10, 30)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry: amount with its sign, and what else it says."""

    amount: Decimal
    name: str = ""
    account: str = ""
    text: str = ""
    reference: str = ""
    end_to_end: str = ""
    code: tuple[str, str, str] | None = None
    status: str = "BOOK"
    extra: str = ""
    parts: "Sequence[Line]" = field(default_factory=tuple)


def camt_statement(
    lines: Sequence[Line],
    *,
    iban: str = IBAN,
    currency: str = "EUR",
    opening: Decimal = Decimal("1000.00"),
    closing: Decimal | None = None,
    day: date = DAY,
    before: date = BEFORE,
    number: int = 12,
    holder: str = "Bakkerij Peeters",
    version: str = "02",
    owner_id: str = "",
) -> str:
    """One ``Stmt``."""
    booked = sum((line.amount for line in lines if line.status == "BOOK"), Decimal(0))
    end = opening + booked if closing is None else closing
    bic = "BIC" if version == "02" else "BICFI"
    owner = f"<Id><OrgId><Othr><Id>{owner_id}</Id></Othr></OrgId></Id>" if owner_id else ""
    entries = "".join(_entry(line, currency, day, version) for line in lines)
    return (
        f"<Stmt><Id>{iban[-4:]}-{day:%Y%m%d}-{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>"
        f"<CreDtTm>{day}T21:00:00+01:00</CreDtTm><Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>{currency}</Ccy>"
        f"<Ownr><Nm>{escape(holder)}</Nm>{owner}</Ownr><Svcr><FinInstnId><{bic}>GKCCBEBB</{bic}></FinInstnId></Svcr></Acct>"
        f"{_balance('OPBD', opening, currency, before)}{_balance('CLBD', end, currency, day)}{entries}</Stmt>"
    )


def camt(*statements: str, version: str = "02", encoding: str = "UTF-8", prefix: str = "") -> bytes:
    """A CAMT.053 file of these statements."""
    space = f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<Document xmlns="{space}"><BkToCstmrStmt><GrpHdr><MsgId>M-1</MsgId>'
        f"<CreDtTm>2026-11-02T21:00:00</CreDtTm></GrpHdr>{''.join(statements)}</BkToCstmrStmt></Document>"
    )
    if prefix:
        text = text.replace("</", f"</{prefix}:").replace(f'xmlns="{space}"', f'xmlns:{prefix}="{space}"')
        head, _, body = text.partition("?>\n")
        text = f"{head}?>\n" + _prefixed(body, prefix)
    return text.encode(encoding)


def _prefixed(body: str, prefix: str) -> str:
    kept: list[str] = []
    for place, part in enumerate(body.split("<")):
        kept.append(part if place == 0 or part.startswith("/") else f"{prefix}:{part}")
    return "<".join(kept)


def _balance(code: str, amount: Decimal, currency: str, day: date) -> str:
    mark = "CRDT" if amount >= 0 else "DBIT"
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{abs(amount)}</Amt>'
        f"<CdtDbtInd>{mark}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(line: Line, currency: str, day: date, version: str) -> str:
    status = f"<Sts>{line.status}</Sts>" if int(version) < 8 else f"<Sts><Cd>{line.status}</Cd></Sts>"
    code = ""
    if line.code is not None:
        domain, family, sub = line.code
        code = f"<BkTxCd><Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    details = "".join(_details(part, currency, version) for part in line.parts or [line])
    return (
        f'<Ntry><Amt Ccy="{currency}">{abs(line.amount)}</Amt><CdtDbtInd>{"CRDT" if line.amount >= 0 else "DBIT"}</CdtDbtInd>'
        f"{status}<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>{code}<NtryDtls>{details}</NtryDtls>{line.extra}</Ntry>"
    )


def _details(line: Line, currency: str, version: str) -> str:
    credit = line.amount >= 0
    side = "Dbtr" if credit else "Cdtr"
    name = f"<Nm>{escape(line.name)}</Nm>"
    party = name if int(version) < 8 else f"<Pty>{name}</Pty>"
    parties = f"<{side}>{party}</{side}>" if line.name else ""
    if line.account:
        parties += f"<{side}Acct><Id><IBAN>{line.account}</IBAN></Id></{side}Acct>"
    structured = (
        f"<Strd><CdtrRefInf><Ref>{line.reference}</Ref></CdtrRefInf></Strd>" if line.reference else ""
    )
    free = f"<Ustrd>{escape(line.text)}</Ustrd>" if line.text else ""
    refs = f"<Refs><EndToEndId>{line.end_to_end}</EndToEndId></Refs>" if line.end_to_end else ""
    return (
        f'<TxDtls>{refs}<Amt Ccy="{currency}">{abs(line.amount)}</Amt><CdtDbtInd>{"CRDT" if credit else "DBIT"}</CdtDbtInd>'
        f"<RltdPties>{parties}</RltdPties><RmtInf>{structured}{free}</RmtInf></TxDtls>"
    )


def mt940(
    *lines: str,
    account: str = IBAN,
    currency: str = "EUR",
    opening: Decimal = Decimal("1000.00"),
    closing: Decimal,
    day: date = DAY,
    before: date = BEFORE,
    number: str = "12/1",
    reference: str = "STARTUMS",
    end: str = "\r\n",
) -> bytes:
    """An MT940 message of these lines of tags 61 and 86."""
    told = [
        f":20:{reference}",
        f":25:{account}",
        f":28C:{number}",
        f":60F:{swift_balance(opening, currency, before)}",
        *lines,
        f":62F:{swift_balance(closing, currency, day)}",
        "-",
        "",
    ]
    return end.join(told).encode("cp1252")


def swift_balance(amount: Decimal, currency: str, day: date) -> str:
    """The value of a tag 60 or 62."""
    return f"{'C' if amount >= 0 else 'D'}{day:%y%m%d}{currency}{swift_amount(amount)}"


def swift_amount(amount: Decimal) -> str:
    """An amount with the comma of SWIFT."""
    return f"{abs(amount):.2f}".replace(".", ",")
