"""What the client said, in a dossier: rejections, notes and answers, and marking them as handled."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession
from portal.features.approvals.service import notices
from portal.features.dossiers.models import Dossier
from portal.kernel.actor import Actor
from portal.kernel.language import N_, gettext
from portal.web.forms import Form, uuid_or_none
from portal.web.render import Toast, go, local_path, render
from portal.web.security import staff


@get("/dossiers/{dossier_id:uuid}/messages", guards=[staff])
async def messages_page(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    session: NamedDependency[ReadSession],
) -> Template:
    """What is open, and what was handled lately. The dossier's first page fetches the open ones."""
    waiting, done = await notices.notices_of(session, dossier)
    return render(
        request,
        "pages/approvals/messages.html",
        block="open",
        dossier=dossier,
        tab="detail",
        notices=waiting,
        done=done,
        back=f"/dossiers/{dossier.id}",
    )


@post("/dossiers/{dossier_id:uuid}/messages/handled", guards=[staff], status_code=200)
async def handled(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Response[Any]:
    """Somebody has seen to one message, or to all of the dossier."""
    form = await Form.of(request)
    notice = form.text("notice")
    notice_id = uuid_or_none(notice)
    done = await notices.handled(session, actor, dossier, notice_id) if notice_id or notice == "all" else 0
    text = gettext(N_("Marked as handled.")) if done else gettext(N_("Somebody has handled this already."))
    back = local_path(form.text("back"), f"/dossiers/{dossier.id}/messages")
    return go(request, back, Toast("success" if done else "info", text))


ROUTES: list[Any] = [messages_page, handled]
