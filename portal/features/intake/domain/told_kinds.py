"""What is known for what it is and never taken, and what a mail holds or does not: by code, what people read and what they can do."""

from portal.kernel.language import N_

KINDS: dict[str, str] = {
    "kind.web_page": N_(
        "This is a web page, whatever its name says: often the log-in page that was saved instead of the invoice. Sign in there, download"
        " the invoice again and hand in the PDF; or print the page as PDF."
    ),
    "kind.word": N_("This is a Word document. Save it as PDF and hand that in."),
    "kind.excel": N_(
        "This is an Excel workbook. Save it as PDF and hand that in. A list of dossiers belongs under Import."
    ),
    "kind.powerpoint": N_("This is a PowerPoint presentation. Save it as PDF and hand that in."),
    "kind.open_document": N_(
        "This is a document of LibreOffice or OpenOffice. Save it as PDF and hand that in."
    ),
    "kind.rich_text": N_("This is a text with layout (RTF). Open it, save it as PDF and hand that in."),
    "kind.iwork": N_(
        "This is a document of Apple's Pages, Numbers or Keynote. Export it as PDF and hand that in."
    ),
    "kind.office_locked": N_(
        "This is an Office document with a password. Open it, save it as PDF without one and hand that in."
    ),
    "kind.mailbox": N_(
        "This is a whole mailbox of Outlook. Open it, save the attachments with the invoices and hand those in."
    ),
    "kind.winmail": N_(
        "This is a winmail.dat: Outlook packed the attachments so that only Outlook opens them. Ask the sender to send the mail as HTML or"
        " plain text, or the PDF by itself."
    ),
    "kind.signed": N_(
        "This is a signed envelope (.p7m) or a loose signature. Open it with the program for your certificates, save the invoice out of it"
        " and hand that in."
    ),
    "kind.encrypted": N_("This is encrypted. Decrypt it, and hand in what is inside."),
    "kind.archive": N_(
        "This is packed in another way than ZIP (RAR, 7z, gzip, tar or a disk image). Unpack it and hand in the files, or pack them as ZIP."
    ),
    "kind.program": N_(
        "This is a program, not a document, whatever its name says. Do not open it; ask the sender whether they really sent it."
    ),
    "kind.shortcut": N_("This is a shortcut to a file, not the file. Hand in the file itself."),
    "kind.calendar": N_("This is an appointment for a calendar. There is nothing in it to book."),
    "kind.contact": N_("This is a business card (vCard). There is nothing in it to book."),
    "kind.json": N_("This is data of a program (JSON). Download the invoice as PDF or UBL and hand that in."),
    "kind.text": N_(
        "This is plain text or a list (CSV). Hand in the invoice as PDF or UBL, and bank statements as CODA just as the bank made them."
    ),
    "kind.audio": N_("This is a sound or film. Hand in the document as PDF, or a photo of it."),
    "kind.postscript": N_("This is a file for a printer (PostScript). Print the document as PDF instead."),
    "kind.blank": N_(
        "There is nothing in this file but blanks: it was not downloaded or saved to its end. Download or save it again."
    ),
    "kind.coda_unicode": N_(
        "This CODA file was opened and saved again as Unicode (UTF-16), which no bookkeeping reads. Hand in the file as the bank made it:"
        " download it again and do not open it."
    ),
}
"""Of whole files, whatever their names say."""
MAILS: dict[str, str] = {
    "mail.opened": N_("Mail “%(subject)s” from %(sender)s, %(sent)s."),
    "mail.opened_without": N_(
        "Mail “%(subject)s” from %(sender)s, %(sent)s. Left out: small pictures in its text and signatures (%(skipped)s)."
    ),
    "mail.nothing": N_(
        "No file is attached to this mail. Is the invoice the text itself, print the mail as PDF; is it behind a link, open the link and"
        " download it."
    ),
    "mail.nothing_but_pictures": N_(
        "Only small pictures in its text are in this mail, such as logos. Is one of them the invoice, save it and hand it in by itself; is"
        " the invoice the text itself, print the mail as PDF."
    ),
    "mail.several": N_("This file holds several mails. Hand in each by itself."),
    "mail.parts": N_("The mail has more than %(limit)s parts. Save the attachments and hand those in."),
    "mail.depth": N_(
        "Mails lie in mails here, more than %(limit)s deep. Save the attachments and hand those in."
    ),
    "mail.damaged": N_(
        "The mail cannot be read. Save it again from your mail program, or hand in its attachments."
    ),
    "mail.part": N_(
        "This attachment did not arrive whole: it is damaged in the mail. Ask the sender for it again."
    ),
    "mail.large": N_("This attachment is larger than %(limit)s MB. Split it, or save it smaller."),
    "mail.link": N_(
        "The mail holds a link to this file alone, for instance in OneDrive. Open it, download the file and hand that in."
    ),
    "mail.object": N_(
        "This is something that Outlook embedded in the text, not a file. Open the mail and save it as PDF."
    ),
    "mail.signed": N_(
        "The mail is in a signed envelope (.p7m). Open it in your mail program, save the invoice out of it and hand that in."
    ),
    "mail.encrypted": N_(
        "This part of the mail is encrypted. Open it in your mail program, save the invoice out of it and hand that in."
    ),
}
"""Of mails and of what is attached to them."""
