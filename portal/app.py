"""The composition root, and the table of contents: settings → engines, stores, clock → the application."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from copy import copy
from datetime import datetime
from typing import Any

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.static_files import create_static_files_router

from portal import sandbox
from portal.config import Settings
from portal.db.engine import create_database
from portal.db.hearing import hear
from portal.features.accounts import slice as accounts_slice
from portal.features.accounts.service import forms, sessions
from portal.features.agents import service as agents
from portal.features.agents import slice as agents_slice
from portal.features.approvals import slice as approvals_slice
from portal.features.audit import slice as audit_slice
from portal.features.banking import slice as banking_slice
from portal.features.branding import service as branding
from portal.features.branding import slice as branding_slice
from portal.features.bundles import slice as bundles_slice
from portal.features.desk import slice as desk_slice
from portal.features.documents import slice as documents_slice
from portal.features.dossiers import slice as dossiers_slice
from portal.features.history import slice as history_slice
from portal.features.imports import slice as imports_slice
from portal.features.intake import slice as intake_slice
from portal.features.items import slice as items_slice
from portal.features.mail import slice as mail_slice
from portal.features.onboarding import slice as onboarding_slice
from portal.features.parties import slice as parties_slice
from portal.features.policies import slice as policies_slice
from portal.features.records import slice as records_slice
from portal.features.retention import slice as retention_slice
from portal.features.targets import slice as targets_slice
from portal.features.upkeep import slice as upkeep_slice
from portal.jobs.contract import Registry, Tools, collect
from portal.jobs.doorbell import Doorbell
from portal.kernel import language
from portal.kernel.clock import Clock, SystemClock
from portal.kernel.errors import PortalError
from portal.kernel.language import current_language
from portal.kernel.numbers import spelled
from portal.kernel.texts import plain, unhidden
from portal.scanning import open_scanner
from portal.storage import ObjectStore, S3Credentials, open_store
from portal.web import health
from portal.web.bounds import FORM_MOST
from portal.web.directories import Directories
from portal.web.files import AS_STORED
from portal.web.gate import Gate
from portal.web.kept_forms import FormKeeping, KeptForms
from portal.web.menu_counts import count_menu
from portal.web.problems import answer_problem
from portal.web.render import make_long_page
from portal.web.requests import AnyRequest
from portal.web.security import LARGE_BODY, SameSite
from portal.web.session import (
    provide_actor,
    provide_firm,
    provide_given,
    provide_session,
    provide_signed_in,
    provide_tools,
)
from portal.web.slices import Slice, menu_of, states_of
from themes import assets
from themes.environment import create_environment

SLICES: tuple[Slice, ...] = (
    upkeep_slice.SLICE,
    desk_slice.SLICE,
    history_slice.SLICE,
    records_slice.SLICE,
    agents_slice.SLICE,
    bundles_slice.SLICE,
    approvals_slice.SLICE,
    intake_slice.SLICE,
    retention_slice.SLICE,
    items_slice.SLICE,
    banking_slice.SLICE,
    documents_slice.SLICE,
    policies_slice.SLICE,
    imports_slice.SLICE,
    onboarding_slice.SLICE,
    dossiers_slice.SLICE,
    targets_slice.SLICE,
    mail_slice.SLICE,
    accounts_slice.SLICE,
    branding_slice.SLICE,
    parties_slice.SLICE,
    audit_slice.SLICE,
)
"""Every slice, from top to bottom."""


def create_registry() -> Registry:
    """What the slices say of themselves: job handlers, listeners, sweeps, answers, and what grows old.

    Raises:
        ValueError: two of them answer one question, or have a sentence for one action.
    """
    registry = collect(one.jobs for one in SLICES if one.jobs is not None)
    for one in SLICES:
        if (
            twice := registry.answers.keys() & one.answers.keys()
            or registry.sentences.keys() & one.sentences.keys()
        ):
            raise ValueError(f"{one.name} says again what another slice has said: {twice}")
        registry.answers.update(one.answers)
        registry.old_rows.extend(one.old_rows)
        registry.objects.extend(one.objects)
        registry.sentences.update(one.sentences)
    return registry


def create_tools(
    settings: Settings,
    *,
    name: str,
    clock: Clock | None = None,
    store: ObjectStore | None = None,
    pool_size: int = 10,
) -> Tools:
    """What use cases and handlers need; the sessions made from its database know the registry and the clock."""
    used_clock = clock or SystemClock()
    database = create_database(
        settings.database_url,
        settings.database_system_url,
        name=name,
        pool_size=pool_size,
        tell=settings.dev,
        clock=used_clock,
        registry=create_registry(),
    )
    credentials = (
        S3Credentials(settings.storage_key, settings.storage_secret)
        if settings.storage_key and settings.storage_secret
        else None
    )

    def now() -> datetime:
        return used_clock.now()

    templates = create_environment(
        assets=assets.load(),
        translations=language,
        language=current_language,
        now=now,
        states=states_of(SLICES),
        extra={"settings": settings},
        spelled=spelled,
        shown=plain,
        shown_markup=unhidden,
        auto_reload=settings.dev,
    )
    return Tools(
        settings=settings,
        database=database,
        store=store or open_store(settings.storage_url, credentials),
        clock=used_clock,
        templates=templates,
        scanner=open_scanner(settings.scanner_url),
    )


def create_directories(tools: Tools) -> Directories:
    """The slices' answers to what the web asks."""
    return Directories(
        hosts=branding.Hosts(tools),
        sessions=sessions.Sessions(tools),
        keys=agents.Keys(tools),
        forms=forms.Forms(tools),
    )


def _with_room(handler: Any, most: int) -> Any:
    """The handler, with room for bodies of `most` bytes where it takes large ones."""
    if LARGE_BODY not in handler.opt:
        return handler
    roomy = copy(handler)
    roomy.request_max_body_size = most
    return roomy


async def _finish_page(answer: Any) -> Any:
    """A page gets the counts of its menu, and a long one is made in a thread."""
    return await make_long_page(await count_menu(answer))


def create_litestar(tools: Tools, doorbell: Doorbell, directories: Directories) -> Litestar:
    """The application behind the gate."""

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncGenerator[None]:
        tools.database.ring = doorbell.ring
        sandbox.warm_up()
        hearing = asyncio.create_task(
            hear(tools.settings.database_url, tools.database.news, name="fidero-web-news")
        )
        try:
            yield
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)
            await doorbell.close()
            await tools.database.close()

    openapi = OpenAPIConfig(title="Portal", version="1", path="/api/v1/schema", render_plugins=[])
    return Litestar(
        route_handlers=[
            *(
                _with_room(handler, 4 * tools.settings.max_upload_bytes)
                for one in SLICES
                for handler in (*one.pages, *one.api)
            ),
            health.live,
            health.ready,
            create_static_files_router(
                path="/static",
                directories=[assets.DIST],
                cache_control=health.IMMUTABLE,
                include_in_schema=False,
                html_mode=False,
            ),
        ],
        dependencies={
            "session": Provide(provide_session),
            "actor": Provide(provide_actor),
            "tools": Provide(provide_tools),
            "firm": Provide(provide_firm),
            "signed_in": Provide(provide_signed_in),
            **{name: provide_given(name) for one in SLICES for name in one.given},
        },
        middleware=[FormKeeping(), SameSite()],
        after_request=_finish_page,
        request_class=AnyRequest,
        exception_handlers={Exception: answer_problem},
        state=State(
            {
                "tools": tools,
                "doorbell": doorbell,
                "directories": directories,
                "menu": menu_of(SLICES),
                "given": {name: given for one in SLICES for name, given in one.given.items()},
            }
        ),
        lifespan=[lifespan],
        openapi_config=openapi,
        compression_config=CompressionConfig(
            backend="gzip", gzip_compress_level=3, minimum_size=1000, exclude_opt_key=AS_STORED
        ),
        request_max_body_size=FORM_MOST,
        logging_config=None,
    )


def create_app(settings: Settings, *, tools: Tools | None = None) -> Gate:
    """The whole web side: the gate, and the application behind it."""
    used = tools or create_tools(settings, name="web", pool_size=max(5, 12 // settings.web_processes))
    doorbell = Doorbell(settings.redis_url)
    directories = create_directories(used)
    litestar = create_litestar(used, doorbell, directories)

    async def refuse(scope: Any, receive: Any, send: Any, error: PortalError) -> None:
        request = AnyRequest({**scope, "litestar_app": litestar}, receive, send)  # pyright: ignore[reportArgumentType] - a scope
        answer = answer_problem(request, error).to_asgi_response(None, request)
        await answer(request.scope, receive, send)

    def page(template: str, **context: Any) -> str:
        return used.templates.get_template(template).render(language=current_language().value, **context)

    def notice(found: bool, left: list[tuple[str, str]], files: list[str]) -> str:
        return page("base/_kept.html", found=found, left=left, files=files)

    return Gate(
        KeptForms(litestar, directories.forms, notice),
        settings,
        directories,
        neutral_page=lambda: page("base/neutral.html"),
        unavailable_page=lambda: page("base/unavailable.html"),
        refuse=refuse,
        stopping=used.database.news.end,
    )


__all__ = ["create_app", "create_registry", "create_tools"]
