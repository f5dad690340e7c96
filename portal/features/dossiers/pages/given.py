"""What handlers of any slice are given by name: the dossier of their path, or the place that they look from (`web.session.Given`)."""

from collections.abc import Mapping
from typing import Any

from portal.db.session import ReadSession
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import opening
from portal.features.dossiers.service.places import Place
from portal.kernel.actor import Actor
from portal.web.session import Given


async def _dossier(session: ReadSession, actor: Actor, path: Mapping[str, Any]) -> Dossier:
    return await opening.begin(session, actor, path["dossier_id"])


async def _place(session: ReadSession, actor: Actor, path: Mapping[str, Any]) -> Place:
    return await opening.begin_at(session, actor, path.get("dossier_id"))


GIVEN: dict[str, Given] = {"dossier": _dossier, "place": _place}
