"""A request whose body may be anything: what is no text, or is nested beyond all measure, is the caller's fault and not ours."""

from typing import Any

from litestar.datastructures import FormMultiDict
from litestar.plugins.htmx import HTMXRequest

from portal.kernel.errors import Invalid


class AnyRequest(HTMXRequest):
    """The request class of the whole application."""

    async def form(self) -> FormMultiDict:
        """The fields of the body.

        Raises:
            Invalid: a field is no text in UTF-8.
        """
        try:
            return await super().form()
        except UnicodeDecodeError:
            raise Invalid from None

    async def json(self) -> Any:
        """The value in the body.

        Raises:
            Invalid: it is nested deeper than anything we take.
        """
        try:
            return await super().json()
        except RecursionError:
            raise Invalid from None
