"""Why a file waits, was refused, or added nothing: codes, and what people read."""

from collections.abc import Mapping
from typing import Any

import msgspec

from portal.features.intake.domain.told_kinds import KINDS, MAILS
from portal.kernel.language import N_, gettext
from portal.kernel.texts import plain


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One of `REASONS`, with the values of its message: what a file says of itself, without signs that no column takes."""

    code: str
    params: dict[str, Any] = {}

    def __post_init__(self) -> None:
        """A CODA file may hold any byte at any place, and a column of JSON takes none that is zero."""
        shown = {name: plain(one) if isinstance(one, str) else one for name, one in self.params.items()}
        msgspec.structs.force_setattr(self, "params", shown)


QUESTIONS = frozenset(
    {
        "ubl.both",
        "ubl.neither",
        "ubl.values",
        "ubl.differs",
        "erased_before",
        "coda.other_company",
        "coda.no_currency",
        "coda.conflict",
    }
)
"""Reasons to wait that are a question for a person."""

MALWARE, MALWARE_INSIDE, GONE = "malware", "malware_inside", "malware_gone"
"""A file carries malware; something in it does; and its bytes are deleted by now."""
OUT_OF_REACH = frozenset({MALWARE, MALWARE_INSIDE, GONE})
"""Reasons for which nobody gets the bytes of a file."""

_AGAIN = N_("Ask the bank for the file again, or export it anew from the bank's site.")
REASONS: dict[str, str] = {
    # what went well, or waits
    "already": N_("This is there already. Nothing was added."),
    "waits_already": N_("The same file waits in quick entry already. Nothing was added."),
    "taken_apart": N_("Taken apart again: the files that it was made of wait by themselves."),
    "joined": N_("Laid beside its UBL as the PDF for people."),
    "joined_waiting": N_("Laid beside its UBL, which waits in quick entry."),
    "partly": N_("Already there: %(known)s of %(count)s statements."),
    "by_hand": N_("Rejected: %(text)s"),
    "erased": N_("Erased by two people of the accountant's office. Nothing of it is kept but why."),
    "erased_part": N_(
        "The file as it came is not kept any more: a part of it was erased. Whatever else was taken from it is kept by itself."
    ),
    # a PDF that holds more than pages
    "paper.inside": N_("There are files inside this PDF, and none is its invoice as data: %(names)s."),
    "paper.data": N_(
        "This PDF carries data (%(names)s), and no invoice can be taken from them. %(why)s Type what the page says."
    ),
    # questions for a person
    "ubl.both": N_(
        "Supplier and customer of this invoice are both this company. Say whether it was sold or bought."
    ),
    "ubl.neither": N_(
        "Neither the supplier (%(supplier)s) nor the customer (%(customer)s) is this company. Hand it in at the right"
        " company, or say whether it was sold or bought."
    ),
    "ubl.values": N_(
        "Some values of this invoice cannot be booked. Type what the paper says, or reject it and ask the supplier for a right one."
    ),
    "ubl.differs": N_("It differs from the one you have under this number. Say which one stands."),
    "erased_before": N_(
        "This was erased here on %(day)s, because: %(why)s. Take it only if it belongs here after all; else reject it."
    ),
    "coda.other_company": N_(
        "The bank names another company (%(number)s) in this file. Take it only if the account belongs here."
    ),
    "coda.no_currency": N_(
        "The bank does not say in which currency account %(unnamed)s is. Take it only if the account is in euro; else reject it and ask the bank"
        " for a file that names the currency."
    ),
    "coda.conflict": N_(
        "Statement %(number)s of account %(account)s is there already, with other content. Compare the two and choose."
    ),
    # the office's inbox: whose is it?
    "inbox.paper": N_("A PDF or a photo does not say whose it is."),
    "inbox.nobody_invoice": N_(
        "None of your dossiers has a number of the supplier (%(supplier)s) or of the customer (%(customer)s)."
    ),
    "inbox.nobody_coda": N_(
        "None of your dossiers has this account (%(accounts)s), or the company number in it."
    ),
    "inbox.several": N_("It fits several dossiers: %(names)s. Choose one."),
    "inbox.several_hidden": N_(
        "It fits several dossiers, and not all of them are yours. Somebody else chooses one."
    ),
    "inbox.waits_already": N_("The same file waits in the inbox already. Nothing was added."),
    "inbox.discarded": N_("Discarded: %(text)s"),
    "inbox.not_read": N_(
        "This file could not be read because of a fault on our side. Choose the dossier, or hand it in again."
    ),
    # refused as a whole
    "empty": N_("The file is empty. Save or send it again."),
    "too_large": N_(
        "The file has %(size)s MB; at most %(limit)s MB are taken. Split it, or save it smaller."
    ),
    "office": N_("Word, Excel and the like cannot be booked. Save it as PDF and hand that in."),
    "unknown": N_(
        "This kind of file cannot be read. Hand in UBL, CODA, PDF, a photo (JPEG, PNG), a mail (.eml, .msg) or a ZIP of them."
    ),
    **KINDS,
    "file_broken": N_("The stored file cannot be read any more. Hand it in again."),
    "unexpected": N_(
        "This file could not be read because of a fault on our side. Hand it in again, or as PDF."
    ),
    "amount_too_large": N_(
        "An amount in this file is too large to be true. Ask the sender for a correct one."
    ),
    "too_complex": N_(
        "This file is too large or too complicated to be read safely. Split it, or save it in a simpler form."
    ),
    "damaged": N_("The file is damaged and cannot be read. Save or send it again."),
    "pdf.unknown": N_("This is not a PDF, whatever its name says."),
    "pdf.password": N_("The PDF is protected with a password. Save it without one."),
    "pdf.pages": N_("The PDF has %(found)s pages; at most %(limit)s are read. Split it."),
    "image.unknown": N_("This picture cannot be read. Hand in a JPEG or PNG."),
    "image.size": N_("The picture is larger than %(limit)s pixels on a side. Save it smaller."),
    "image.frames": N_("The picture moves. Hand in one that stands still."),
    # photos and scans
    "photo.pixels": N_(
        "The picture has %(width)s by %(height)s pixels, %(found)s million; at most %(limit)s million are read. Save it smaller, or"
        " scan it with fewer dots per inch (300 are plenty)."
    ),
    "photo.part": N_("Only a part of this picture (%(kind)s) arrived: its end is missing. Send it again."),
    "photo.damaged": N_("This picture (%(kind)s) cannot be opened. Take or scan it again."),
    "photo.unknown": N_("This picture cannot be read. Hand in a JPEG or PNG."),
    "photo.heic": N_(
        "This is a photo in Apple's format HEIC, and this one cannot be opened here. Save it as JPEG: on the iPhone under Settings,"
        " Camera, Formats, choose “Most Compatible”; or open it and export it as JPEG."
    ),
    "photo.avif": N_(
        "This is a picture in the format AVIF, and this one cannot be opened here. Open it and save it as JPEG."
    ),
    "photo.tiff": N_("This is a TIFF, saved in a way that is not read here. Save it as PDF, or scan to PDF."),
    "photo.raw": N_(
        "This is a raw photo of a camera: what its sensor saw, not yet a picture. Open it in the program of the camera and save it as"
        " JPEG."
    ),
    "photo.pages": N_("The TIFF has %(found)s pages; at most %(limit)s are read. Split it."),
    "picture.jpeg_2000": N_(
        "This is a picture in the format JPEG 2000, which is not read here. Open it and save it as JPEG."
    ),
    "picture.jpeg_xl": N_(
        "This is a picture in the format JPEG XL, which is not read here. Open it and save it as JPEG."
    ),
    "picture.psd": N_("This is a Photoshop file. Save it in Photoshop as PDF or JPEG."),
    "picture.svg": N_("This is a drawing (SVG). Open it in the browser and print it as PDF."),
    "picture.video": N_(
        "This is a film, or the moving part of a Live Photo. Hand in the photo itself: take one of each page, or save a still picture"
        " as JPEG."
    ),
    # malware
    "malware": N_(
        "The virus scanner found %(signature)s in this file. It was not opened, nobody can download it, and it is deleted after a week."
        " Ask the sender for a clean one, and scan the computer it came from."
    ),
    "malware_inside": N_(
        "The virus scanner found %(signature)s in %(name)s, which was in this file. Nobody can download it, and it is deleted after a"
        " week. What else was in it was looked at by itself."
    ),
    "malware_gone": N_(
        "The virus scanner found %(signature)s in this file. It was deleted a week later: nothing of it is kept but this."
    ),
    # UBL
    "ubl.empty": N_("The XML file is empty. Ask the sender for it again."),
    "ubl.too_large": N_("The XML file is too large. Ask the sender for one with smaller attachments."),
    "ubl.too_deep": N_("The XML file is nested too deeply to be an invoice."),
    "ubl.encoding": N_(
        "The XML file is in an encoding that is not read (%(encoding)s). Ask the sender for UTF-8."
    ),
    "ubl.doctype": N_(
        "Line %(line)s: the XML file brings a document type or entities of its own (DOCTYPE). Invoices never have that, and it"
        " can be an attack. Ask the sender for a plain UBL."
    ),
    "ubl.not_xml": N_("Line %(line)s: this is not well-formed XML. Ask the sender for the file again."),
    "ubl.not_ubl": N_(
        "This XML file is no UBL invoice or credit note (it begins with %(root)s). Hand in the UBL, or the PDF."
    ),
    "ubl.missing": N_(
        "The invoice has no %(element)s, and cannot be booked without. Ask the sender for a correct one."
    ),
    "ubl.not_an_amount": N_(
        "Line %(line)s: %(element)s is no amount (%(value)s). Ask the sender for a correct one."
    ),
    "ubl.not_a_date": N_(
        "Line %(line)s: %(element)s is no date (%(value)s). Ask the sender for a correct one."
    ),
    "ubl.not_base64": N_(
        "Line %(line)s: an attachment in the invoice is damaged. Ask the sender for the file again."
    ),
    "ubl.pdf": N_("This is a PDF, whatever it is called. Hand it in as a PDF, or hand in the XML."),
    "ubl.enclosed": N_(
        "What is in the transport envelope is no invoice or credit note (it begins with %(root)s). Hand in the invoice."
    ),
    "ubl.empty_envelope": N_(
        "The transport envelope is empty: there is no invoice in it. Ask the sender for it again."
    ),
    "ubl.too_many_documents": N_(
        "The transport envelope holds more than %(limit)s documents. Ask the sender for several smaller ones."
    ),
    "ubl.several": N_("The transport envelope holds several documents. Hand it in again."),
    # another document than an invoice
    "xml.order": N_(
        "This is an order, or an answer to one (%(root)s), and no invoice: nothing is booked from it. Ask the supplier for the invoice."
    ),
    "xml.response": N_(
        "This is a message about an invoice (%(root)s), such as its acceptance, and no invoice: nothing is booked from it."
    ),
    "xml.debit_note": N_(
        "This is a debit note (%(root)s), which Peppol does not know. Ask the supplier for an invoice or a credit note."
    ),
    "xml.self_billed": N_(
        "This is a self-billed document in a form of its own (%(root)s). Ask for it as an ordinary invoice or credit note of type 389 or 261."
    ),
    "xml.freight": N_(
        "This is a freight invoice (%(root)s). Ask the supplier for an ordinary invoice, or for the PDF."
    ),
    "xml.reminder": N_(
        "This is a reminder (%(root)s), and no invoice: nothing is booked from it. Hand in the invoice it is about."
    ),
    "xml.statement": N_(
        "This is a statement of account (%(root)s), and no invoice: nothing is booked from it. Hand in the invoices."
    ),
    "xml.delivery": N_(
        "This is a delivery note or a notice of receipt (%(root)s), and no invoice: nothing is booked from it."
    ),
    "xml.remittance": N_(
        "This is a notice of payment (%(root)s), and no invoice: nothing is booked from it."
    ),
    "xml.national": N_(
        "This is an invoice in another country's own format (%(root)s), which is not read. Hand in its PDF, or ask for UBL."
    ),
    # CODA: what cannot be read
    "coda.empty": _AGAIN,
    "coda.too_large": N_("The CODA file is too large. Export a shorter period from the bank's site."),
    "coda.not_coda": N_("Record %(record)s: this is no CODA file. Hand in the file as the bank made it."),
    "coda.unsupported_version": N_(
        "Record %(record)s: version %(found)s of CODA is not read; versions 1 and 2 are."
    ),
    "coda.length": N_(
        "Record %(record)s: the line should have %(expected)s characters and has %(found)s. The file was changed after it left"
        " the bank: hand in the one from the bank."
    ),
    "coda.truncated": N_(
        "Record %(record)s: the file ends too early (%(expected)s is missing). It was cut off: download it from the bank again."
    ),
    "coda.unknown_record": N_(
        "Record %(record)s: %(found)s is no kind of record in CODA. Hand in the file as the bank made it."
    ),
    "coda.order": N_(
        "Record %(record)s: %(expected)s should stand here, and %(found)s does. The file is not whole."
    ),
    "coda.not_a_number": N_(
        "Record %(record)s, position %(position)s: %(expected)s should stand here, and “%(found)s” does."
    ),
    "coda.sign": N_(
        "Record %(record)s, position %(position)s: %(expected)s should stand here, and “%(found)s” does."
    ),
    # CODA: what does not add up
    "coda.R1": N_(
        "Record %(record)s: the old balance and the movements give %(expected)s, the new balance says %(found)s. The file is"
        " wrong or not whole: ask the bank for it again."
    ),
    "coda.R2": N_(
        "Record %(record)s: the movements add up to %(expected)s, the total at the end says %(found)s. The file is wrong or not"
        " whole: ask the bank for it again."
    ),
    "coda.R3": N_(
        "Record %(record)s: there are %(expected)s records, the end says %(found)s. Lines were lost or added: ask the bank for"
        " the file again."
    ),
    "coda.R5": N_(
        "Record %(record)s: the statement opens for account %(expected)s and closes for %(found)s. Ask the bank for the file"
        " again."
    ),
    "coda.PART": N_("Record %(record)s: a part of a movement is missing. Ask the bank for the file again."),
    "coda.ORPHAN": N_(
        "Record %(record)s: a movement whose details are there is missing. Ask the bank for the file again."
    ),
    "coda.TRAILER": N_(
        "Record %(record)s: the end of the statement is missing. Download the file from the bank again."
    ),
    "coda.NEW-BALANCE": N_(
        "Record %(record)s: the closing balance is missing. Download the file from the bank again."
    ),
    "coda.CURRENCY": N_(
        "Record %(record)s: the account has no currency that exists. Ask the bank for the file again."
    ),
    "coda.DATE": N_(
        "Record %(record)s: “%(found)s” is no date, so the day of this statement is not known. Ask the bank for the file again."
    ),
    "coda.fatal": N_("Record %(record)s: the statement is not right. Ask the bank for the file again."),
    # CAMT.053 and MT940: what was taken
    "statement.same": N_(
        "The same statement is there already, in another form or from another file: same account, day and balances. Nothing was added."
    ),
    "statement.first_coda": N_(
        "This is the first CODA of an account that had statements in other forms. From now on CODA goes to the bookkeeping; the others are kept"
        " and do not leave."
    ),
    "statement.first_coda_left": N_(
        "This is the first CODA of an account of which %(left)s statements have left as CODA made here, the last one of %(until)s. CODA of those"
        " days is held back, so that nothing is booked twice; the other forms do not leave any more."
    ),
    # CAMT.053 and MT940: what cannot be read
    "statement.empty": _AGAIN,
    "statement.too_large": N_("The file is too large. Export a shorter period from the bank's site."),
    "statement.too_many": N_("The file holds more than can be read at once. Export a shorter period."),
    "statement.too_deep": N_("The XML file is nested too deeply to be a bank statement."),
    "statement.doctype": N_(
        "The XML file brings a document type or entities of its own (DOCTYPE). Bank statements never have that, and it can be an attack. Export"
        " the file anew from the bank's site."
    ),
    "statement.not_xml": N_(
        "Line %(line)s: this is not well-formed XML. The file was cut off or changed: download it from the bank again."
    ),
    "statement.not_camt": N_("This is no CAMT.053 file. Hand in the file as the bank made it."),
    "statement.not_mt940": N_("Line %(line)s: this is no MT940 file. Hand in the file as the bank made it."),
    "statement.other_message": N_(
        "This is a %(message)s: a list of entries without both balances, not a statement. Export CAMT.053, or better CODA, from the bank's site."
    ),
    "statement.missing": N_(
        "Line %(line)s: %(element)s is missing, and a statement cannot be checked without. Ask the bank for a complete file."
    ),
    "statement.not_an_amount": N_(
        "Line %(line)s: %(element)s is no amount that can be read (%(found)s). Ask the bank for the file again."
    ),
    "statement.not_a_date": N_(
        "Line %(line)s: %(element)s is no date (%(found)s). Ask the bank for the file again."
    ),
    "statement.currency": N_(
        "Line %(line)s: the account is in %(expected)s, and this is in %(found)s. Ask the bank for the file again."
    ),
    "statement.page_missing": N_(
        "Line %(line)s: a page of this statement is missing (%(found)s). Hand in the file with all pages."
    ),
    "statement.truncated": N_("The file ends too early. It was cut off: download it from the bank again."),
    # CAMT.053 and MT940: what does not add up
    "statement.R1": N_(
        "Statement %(number)s: the old balance and the entries give %(expected)s, the new balance says %(found)s. The file is wrong or not whole:"
        " ask the bank for it again."
    ),
    "statement.R3": N_(
        "Statement %(number)s: there are %(expected)s entries, the file says %(found)s. It is not whole: ask the bank for it again."
    ),
    "statement.CURRENCY": N_(
        "Statement %(number)s: the account has no currency that exists. Ask the bank for the file again."
    ),
    # what comes from the same services, and is no statement
    "soda": N_(
        "This is a SODA file: the payroll entries of a social secretariat. It is neither an invoice nor a bank statement and is not booked here."
        " Import it in the bookkeeping package itself, and hand in the payslips as PDF under payroll if they are to be kept."
    ),
    "caro": N_(
        "This is a CARO file: the statement of a credit card. Hand in its PDF, and import the XML in the bookkeeping package if that reads it."
    ),
    # ZIP
    "zip.unknown": N_("This is not a ZIP file, or it is damaged. Make it again."),
    "zip.empty": N_("There is no file in the ZIP. Put the files into it and make it again."),
    "zip.members": N_("The ZIP holds %(found)s files; at most %(limit)s are taken at once. Make several."),
    "zip.total": N_("The ZIP unpacks to more than %(limit)s MB. Make several smaller ones."),
    "zip.name": N_(
        "The name of this file in the ZIP is not one a file can have. Rename it and make the ZIP again."
    ),
    "zip.path": N_(
        "The name of this file leads outside of the ZIP (it begins with a drive or a slash, or holds ../). It was not taken; make the ZIP"
        " again from the files themselves."
    ),
    "zip.link": N_("This is a link in the ZIP, not a file. Put the file itself into it."),
    "zip.encrypted": N_("This file in the ZIP is protected with a password. Make the ZIP without one."),
    "zip.method": N_(
        "This file is packed in a way that is not supported. Make the ZIP with Windows or macOS itself."
    ),
    "zip.large": N_("This file in the ZIP is larger than %(limit)s MB. Split it, or save it smaller."),
    "zip.ratio": N_(
        "This file is packed suspiciously small for its size, as an attack would be. It was not unpacked."
    ),
    "zip.nested": N_("This is a ZIP inside the ZIP. Hand in its files by themselves."),
    "zip.duplicate": N_("The ZIP holds two files of this name. Rename one and make the ZIP again."),
    "zip.damaged": N_("This file in the ZIP is damaged. Make the ZIP again."),
    **MAILS,
}
"""Code → what a person reads: what it is, where, and what to do."""


SERVICES = {
    "socialdocument": "soda",
    "soda": "soda",
    "sodafile": "soda",
    "caro": "caro",
    "cardstatement": "caro",
    "creditcardstatement": "caro",
    "creditcardstatements": "caro",
    "carostatement": "caro",
}
"""Root of an XML file in lower case → what it is: papers that come through the same services as CODA."""

AMOUNTS = frozenset({"coda.R1", "coda.R2", "statement.R1"})
"""Reasons whose `expected` and `found` are amounts, in the `currency` beside them."""


class _Blank(dict[str, str]):
    """Values of a message; a missing one is a dash, so that no message ever fails."""

    def __missing__(self, key: str) -> str:
        return "–"


def reason_text(code: str | None, params: Mapping[str, object]) -> str:
    """The message of a reason in the reader's language; empty without one."""
    if not code:
        return ""
    message = REASONS.get(code) or REASONS["coda.fatal" if code.startswith("coda.") else "unexpected"]
    shown = _Blank({key: str(value) for key, value in params.items()})
    if because := params.get("because"):
        shown["why"] = gettext(REASONS.get(str(because), REASONS["unexpected"])) % shown
    return gettext(message) % shown
