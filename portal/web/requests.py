"""A request whose body may be anything: what is no text, is too much, or is nested beyond all measure, is the caller's fault and not ours."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, cast

from litestar.datastructures import FormMultiDict
from litestar.enums import RequestEncodingType
from litestar.exceptions import InternalServerException
from litestar.plugins.htmx import HTMXRequest
from litestar.types import Empty

from portal.kernel.errors import Invalid, PortalError, Unauthorised
from portal.kernel.language import N_
from portal.kernel.texts import REFUSED, hides
from portal.web.bodies import (
    FIELDS_MOST,
    VISITORS_FIELDS_MOST,
    Fields,
    TextParts,
    read_fields,
    read_parts,
)
from portal.web.bounds import FORM_MOST, VISITORS_MOST

REPORTS = "reports"
"""Handlers with this option hear what a machine found: names of its own, which it cannot change. Hidden signs in
them are left out where they are stored and shown, not refused."""


class Gone(PortalError):
    """Whoever sent the request went away before its body was whole: nobody is left to be answered, and it is nobody's fault here."""

    status = 400
    code = "incomplete"
    message = N_("The request ended before all of it had come. Send it again.")


class AnyRequest(HTMXRequest):
    """The request class of the whole application."""

    @property
    def cookies(self) -> dict[str, str]:
        """Our own cookies, as the gate has read them; the header is not here to be read again."""
        return self.scope["state"].get("cookies", {})

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body in pieces.

        Raises:
            Gone: the connection ended inside it.
        """
        try:
            async for piece in super().stream():
                yield piece
        except InternalServerException:  # the one fault that the base class knows
            raise Gone from None

    async def form(self) -> FormMultiDict:
        """The fields of the body, read once.

        Raises:
            Invalid: not in its format, or a field is no text in UTF-8.
            TooLarge: more fields than we read.
            Unauthorised: a form with files from somebody who is not signed in; no page of ours has one.
        """
        if self._form is Empty:
            held: Any = self._connection_state.form
            if held is Empty:
                held = self._connection_state.form = cast("Any", await self._read_form())
            self._form = FormMultiDict([(name, value) for name, values in held.items() for value in values])
        return self._form

    async def _read_form(self) -> Fields:
        visitor = self.scope["state"].get("signed_in") is None
        kind, options = self.content_type
        if kind == RequestEncodingType.MULTI_PART:
            if visitor:
                raise Unauthorised
            return await read_parts(self.stream(), options.get("boundary", ""), text_most=FORM_MOST)
        if kind == RequestEncodingType.URL_ENCODED:
            return read_fields(await self.body(), VISITORS_FIELDS_MOST if visitor else FIELDS_MOST)
        return {}

    async def texts(self) -> AsyncIterator[TextParts]:
        """The texts and names of files of a form with files whose sender is not signed in, growing part by part.

        Raises:
            Invalid, TooLarge: as `form`.
        """
        parts = TextParts(text_most=VISITORS_MOST)
        stream = self.stream()
        async for _part in parts.read(stream, self.content_type[1].get("boundary", "")):
            yield parts

    async def json(self) -> Any:
        """The value in the body.

        Raises:
            Invalid: it is nested deeper than anything we take, or a text of it hides something (`portal.kernel.texts`) and the handler
                takes no reports of machines.
        """
        try:
            value = await super().json()
            hiding = _hiding(value)
        except RecursionError:
            raise Invalid from None
        if hiding and not self.route_handler.opt.get(REPORTS):
            raise Invalid(REFUSED, code="hidden_signs", fields=dict.fromkeys(hiding, REFUSED))
        return value


def _hiding(value: Any, name: str = "") -> list[str]:
    """The names of the texts in a decoded value that hold hidden signs."""
    if isinstance(value, str):
        return [name] if hides(value) else []
    if isinstance(value, dict):
        return [
            found for key, one in value.items() for found in [*_hiding(key, name), *_hiding(one, name or key)]
        ]
    if isinstance(value, list):
        return [found for one in value for found in _hiding(one, name)]
    return []
