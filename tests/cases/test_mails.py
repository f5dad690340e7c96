"""Mails, as files and as Outlook saves them: their attachments are taken as the files of a ZIP are, and each gets an outcome."""

from email.message import EmailMessage

import pytest

from portal.features.intake.domain.files import FileKind, sniff
from portal.features.intake.domain.reasons import REASONS
from portal.kernel.signatures import beginning
from portal.sandbox import Container, Unreadable, read_container
from tests.support.builders_papers import a_pdf, a_png, a_ubl, a_zip
from tests.support.cases import of_kind
from tests.support.mails import a_mail, an_msg

pytestmark = pytest.mark.corpus


def kind(data: bytes) -> FileKind:
    return sniff(beginning(data))


async def names(data: bytes) -> list[str]:
    return [one.name for one in (await read_container(data)).members]


async def opened(data: bytes) -> tuple[Container, dict[str, str | None]]:
    found = await read_container(data)
    return found, {one.name: one.refused for one in found.members}


async def test_a_mail_gives_its_attachment_and_says_who_sent_it() -> None:
    [mail] = of_kind("K43")
    assert kind(mail.read()) is FileKind.MAIL
    found, outcomes = await opened(mail.read())
    assert outcomes == {"f.pdf": None}
    assert found.members[0].data == b"%PDF-1.4\n"
    assert (found.mail.subject, found.mail.sender) == ("Factuur", "jan@x.example")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('Content-Disposition: attachment; filename="Factuur 7.pdf"', "Factuur 7.pdf"),
        ("Content-Disposition: attachment; filename*=UTF-8''Facture%20caf%C3%A9.pdf", "Facture café.pdf"),
        (
            "Content-Disposition: attachment; filename*0*=UTF-8''Facture; filename*1*=%20caf%C3%A9.pdf",
            "Facture café.pdf",
        ),
        (
            'Content-Disposition: attachment; filename="=?iso-8859-1?Q?Facture_caf=E9.pdf?="',
            "Facture café.pdf",
        ),
        (
            'Content-Disposition: attachment; filename="=?UTF-8?B?RmFjdHVyZSBjYWbDqS5wZGY=?="',
            "Facture café.pdf",
        ),
        ('Content-Disposition: attachment; filename="Facture café.pdf"', "Facture café.pdf"),
        ('Content-Type: application/pdf; name="C:\\\\temp\\\\f.pdf"', "f.pdf"),
    ],
)
async def test_names_of_attachments_are_read_however_they_are_written(header: str, name: str) -> None:
    kind_line = "" if header.startswith("Content-Type") else "Content-Type: application/pdf\n"
    data = (
        "From: a@x.example\nDate: Mon, 30 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n"
        f"Content-Type: multipart/mixed; boundary=b\n\n--b\n{kind_line}{header}\n"
        "Content-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n--b--\n"
    )
    assert await names(data.encode()) == [name]
    assert await names(data.encode().replace("é".encode(), b"\xe9")) == [name]


async def test_logos_are_left_out_and_counted_and_a_large_photo_is_taken() -> None:
    mail = a_mail(
        {"factuur.pdf": a_pdf()}, html="<p>Groeten <img src=cid:logo></p>", inline={"logo": a_png()}
    )
    found, outcomes = await opened(mail)
    assert outcomes == {"factuur.pdf": None}
    assert found.mail.skipped == 1
    photo = a_png() + bytes(200_000)
    found, outcomes = await opened(a_mail({}, html="<img src=cid:bon>", inline={"bon": photo}))
    assert [one.data for one in found.members] == [photo]
    assert found.mail.skipped == 0


async def test_forwarded_mails_and_zips_in_mails_are_opened_and_what_holds_nothing_says_so() -> None:
    inner = a_mail({"f.pdf": a_pdf()}, subject="Factuur 7")
    outer = a_mail(
        {"alles.zip": a_zip({"map/g.xml": a_ubl()}), "los.pdf": a_pdf()}, forwarded=[inner, a_mail({})]
    )
    _found, outcomes = await opened(outer)
    assert outcomes == {
        "alles.zip/map/g.xml": None,
        "los.pdf": None,
        "Factuur 7/f.pdf": None,
        "Mail": "mail.nothing",
    }
    assert await names(a_zip({"een.eml": inner, "los.pdf": a_pdf()})) == ["een.eml/f.pdf", "los.pdf"]
    empty = (await read_container(a_zip({"empty.eml": a_mail({})}))).members
    assert [(one.name, one.refused) for one in empty] == [("empty.eml", "mail.nothing")]


async def test_a_mail_in_a_mail_in_a_mail_ends_somewhere() -> None:
    mail = a_mail({"f.pdf": a_pdf()})
    for _ in range(12):
        mail = a_mail({}, forwarded=[mail])
    _found, outcomes = await opened(mail)
    assert list(outcomes.values()) == ["mail.depth"]
    packed = a_pdf()
    for _ in range(8):
        packed = (
            a_mail({"x.zip": a_zip({"y.eml": packed})})
            if packed.startswith(b"%PDF")
            else a_zip({"z.eml": packed})
        )
        packed = packed if packed.startswith(b"PK") else a_zip({"m.eml": packed})
    assert {one.refused for one in (await read_container(packed)).members} <= {"zip.nested", "mail.depth"}


async def test_what_a_mail_cannot_give_is_named() -> None:
    data = (
        b"From: a@x.example\nDate: Mon, 30 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        b"--b\nContent-Type: application/pdf; name=broken.pdf\nContent-Transfer-Encoding: base64\n\n"
        b"JVBE!!\xff\xfe####Ri0xLjQ\n"
        b"--b\nContent-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMIAG\n"
        b"--b\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nMIAG\n"
        b"--b\nContent-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN PGP MESSAGE-----\n"
        b"--b\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\neJ8+Ig==\n"
        b"--b--\n"
    )
    found, outcomes = await opened(data)
    assert outcomes == {
        "broken.pdf": "mail.part",
        "smime.p7m": "mail.signed",
        "encrypted.asc": "mail.encrypted",
        "winmail.dat": None,
    }
    assert found.mail.skipped == 1
    assert kind(found.members[-1].data or b"") is FileKind.WINMAIL
    assert {REASONS[one] for one in outcomes.values() if one}


async def test_bounds_of_mails_hold() -> None:
    with pytest.raises(Unreadable) as many:
        await read_container(a_mail({f"{n}.pdf": b"%PDF-1.4" for n in range(12)}), max_members=10)
    assert many.value.code == "zip.members"
    with pytest.raises(Unreadable) as total:
        await read_container(
            a_mail({f"{n}.pdf": a_pdf() + bytes(600_000) for n in range(4)}), max_total=1_000_000
        )
    assert total.value.code == "zip.total"
    large = (
        await read_container(a_mail({"l.pdf": bytes(3_000_000), "s.pdf": a_pdf()}), max_member=1_000_000)
    ).members
    assert [one.refused for one in large] == ["mail.large", None]
    with pytest.raises(Unreadable) as parts:
        await read_container(b"From: a@x\nDate: x\n" + b"X: boundary=a\n" * 300 + b"\n")
    assert parts.value.code == "mail.parts"


async def test_a_mailbox_of_several_mails_is_named() -> None:
    mail = EmailMessage()
    mail["From"], mail["Date"], mail["Subject"] = "a@x.example", "Mon, 30 Nov 2026 10:00:00 +0100", "1"
    mail.set_content("text")
    one = b"From a@x.example Mon Nov 30 10:00:00 2026\n" + mail.as_bytes() + b"\n"
    with pytest.raises(Unreadable) as several:
        await read_container(one + b"\n" + one)
    assert several.value.code == "mail.several"


async def test_a_mail_that_outlook_saved_gives_its_attachments() -> None:
    pdf = a_pdf()
    data = an_msg(
        "Factuur 12",
        "Jan <jan@x.example>",
        [
            ("Factuur é.pdf", pdf, ""),
            ("logo.png", a_png(), "logo@01"),
            ("bijlagen.zip", a_zip({"g.xml": a_ubl()}), ""),
        ],
    )
    assert kind(data) is FileKind.OUTLOOK
    found, outcomes = await opened(data)
    assert outcomes == {"Factuur é.pdf": None, "bijlagen.zip/g.xml": None}
    assert found.members[0].data == pdf
    assert (found.mail.subject, found.mail.sender, found.mail.skipped) == (
        "Factuur 12",
        "Jan <jan@x.example>",
        1,
    )


@pytest.mark.parametrize("cut", [0.1, 0.4, 0.8])
async def test_a_cut_mail_of_outlook_is_refused_in_words(cut: float) -> None:
    data = an_msg("Factuur", "Jan", [("f.pdf", a_pdf(), "")])
    with pytest.raises(Unreadable):
        await read_container(data[: int(len(data) * cut)])


async def test_an_attachment_that_was_cut_off_with_its_mail_is_named() -> None:
    whole = a_mail({"factuur.pdf": a_pdf(), "bijlage.pdf": a_pdf()})
    end = whole.rindex(b"\n--")
    _found, outcomes = await opened(whole[: end - 38])
    assert outcomes == {"factuur.pdf": None, "bijlage.pdf": "mail.part"}
    _found, outcomes = await opened(
        whole[: whole.rindex(b"--")].rstrip(b"-\n")
    )  # nothing but its last line is missing
    assert outcomes == {"factuur.pdf": None, "bijlage.pdf": None}
