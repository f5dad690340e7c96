"""Mail of firms: `send` for plain ones; `prepare` and `dispatch` for those that carry a one-time link; the outbox of demos."""

from portal.features.mail.models import MailMessage, MailState
from portal.features.mail.service.outbox import OutboxMail, outbox, outbox_mail
from portal.features.mail.service.passwords import SendReset, password_changed, prepare_reset, send_reset
from portal.features.mail.service.sending import (
    Content,
    DeliverMail,
    deliver,
    dispatch,
    latest,
    of_dossier,
    prepare,
    send,
    sender,
)

__all__ = [
    "Content",
    "DeliverMail",
    "MailMessage",
    "MailState",
    "OutboxMail",
    "SendReset",
    "deliver",
    "dispatch",
    "latest",
    "of_dossier",
    "outbox",
    "outbox_mail",
    "password_changed",
    "prepare",
    "prepare_reset",
    "send",
    "send_reset",
    "sender",
]
