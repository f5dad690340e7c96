"""Sessions that belong to exactly one scope.

PostgreSQL's row security reads five transaction-local settings. They are written in the message that begins a transaction, always
all five (empty for none), so that nothing lingers from whoever had the connection before.

    firm actor       app.firm_id, plus app.opened_company_id while a dossier is open
    company member   app.company_id, and app.host_firm_id, which only branding and the firm's own card read
    visitor          app.host_firm_id alone
    nobody           nothing: sees nothing

A transaction begins as its block is entered. A connection that died while nobody used it is found there, before anything was read,
and another one is taken.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from socket import gaierror
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session

from portal.db.driver import BEGINS_WITH
from portal.db.news import News
from portal.kernel.actor import Actor
from portal.kernel.clock import Clock, SystemClock
from portal.kernel.errors import Unavailable
from portal.kernel.parts import DATABASE, PARTS


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a session may see. Setting a firm and a company together is a programming error."""

    firm_id: UUID | None = None
    opened_company_id: UUID | None = None
    company_id: UUID | None = None
    host_firm_id: UUID | None = None
    person_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.firm_id is not None and self.company_id is not None:
            raise ValueError("a session is either a firm's or a company's")
        if self.opened_company_id is not None and self.firm_id is None:
            raise ValueError("only a firm opens a company")


NOBODY = Scope()


def scope_of(actor: Actor, opened_company_id: UUID | None = None) -> Scope:
    """The scope in which an actor works."""
    return Scope(
        firm_id=actor.firm_id,
        opened_company_id=opened_company_id,
        company_id=actor.company_id,
        host_firm_id=actor.host_firm_id or actor.firm_id,
        person_id=actor.person_id,
    )


def _settings(scope: Scope) -> str:
    """The SQL that puts a transaction into a scope. Ids alone come into it, and those are checked.

    Raises:
        TypeError: what stands in the scope is no id.
    """
    said: list[str] = []
    for name in Scope.__slots__:
        value = getattr(scope, name)
        if not isinstance(value, UUID | None):
            raise TypeError(f"{name} is no id")
        said.append(f"SET LOCAL app.{name} = '{value or ''}'")
    return "; ".join(said)


@dataclass(slots=True, kw_only=True)
class SessionContext:
    """What a session knows besides its rows; made by `Database` for each.

    Attributes:
        scope: whose rows it sees.
        clock: what time it is.
        registry: who carries out which job; `jobs.contract.registry_of` gives it with its type, which stands above this layer.
        ring: says that there is work; None where no doorbell hangs.
        after_commit: what is called once the transaction has been committed.
    """

    scope: Scope
    clock: Clock
    registry: object
    ring: Callable[[], None] | None
    after_commit: list[Callable[[], None]] = field(default_factory=list)


class ScopedSession(Session):
    """The synchronous half of every session of the portal."""

    def __init__(self, *, context: SessionContext, **options: Any) -> None:
        super().__init__(**options)
        self.context = context
        self.bind_scope(context.scope)

    def bind_scope(self, scope: Scope) -> None:
        """Begin every transaction to come in this scope."""
        self.context.scope = scope
        self.execution_options = self.execution_options.union({BEGINS_WITH: _settings(scope)})


@event.listens_for(ScopedSession, "after_commit")
def _after_commit(session: ScopedSession) -> None:
    if not session.in_nested_transaction():
        calls, session.context.after_commit = session.context.after_commit, []
        for call in calls:
            call()


@event.listens_for(ScopedSession, "after_rollback")
def _after_rollback(session: ScopedSession) -> None:
    if not session.in_nested_transaction():
        session.context.after_commit = []


class ReadSession(AsyncSession):
    """A session handed to a use case that only reads: its transaction is READ ONLY, whatever is asked of it.

    A look-up, which has no transaction, is refused everything but a SELECT.
    """

    sync_session_class = ScopedSession

    @property
    def half(self) -> ScopedSession:
        """Its synchronous half."""
        half = self.sync_session
        assert isinstance(half, ScopedSession)
        return half

    @property
    def context(self) -> SessionContext:
        """What it was begun with."""
        return self.half.context


class WriteSession(ReadSession):
    """A session handed to a use case that may write: the type is the promise."""


async def lock_row(session: WriteSession, row: Any) -> None:
    """Take a row for writing and read it again: until the end of the transaction nobody else changes it."""
    await session.refresh(row, with_for_update={"key_share": True})


def on_commit(session: ReadSession, call: Callable[[], None]) -> None:
    """Call this once the transaction has been committed; never when it is rolled back. Must not raise or block."""
    session.context.after_commit.append(call)


def opens_company(company_id: sa.ColumnExpressionArgument[UUID]) -> sa.ColumnElement[str]:
    """A column of a statement that opens the company of the row it reads, in the transaction; `open_company` says so to its session."""
    return sa.func.set_config("app.opened_company_id", sa.cast(company_id, sa.Text), sa.true())


async def open_company(session: ReadSession, company_id: UUID, *, opened: bool = False) -> None:
    """Complete the scope of a firm's session that is beginning with the company of the dossier that it was begun for.

    Only `dossiers.service.opening` does so, having looked the dossier up under row security; the policies check its access again.

    Args:
        opened: the statement that looked it up has opened it already (`opens_company`).

    Raises:
        ValueError: the session is no firm's, or sees another company already.
    """
    scope = session.context.scope
    if scope.opened_company_id not in (None, company_id):
        raise ValueError("a session opens one company")
    session.half.bind_scope(replace(scope, opened_company_id=company_id))
    if not opened:
        await session.execute(sa.select(opens_company(sa.literal(company_id))))


def is_outage(error: BaseException) -> bool:
    """Whether an error says that the database cannot be reached, is starting or is going: not that something is wrong with a statement."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        return error.orig is not None and is_outage(error.orig)
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(("08", "57P"))
    return isinstance(error, ConnectionError | gaierror)


@asynccontextmanager
async def _telling() -> AsyncGenerator[None]:
    """An outage is one error of our own, and told once; where all connections are busy for too long, the same error, and no outage.

    Raises:
        Unavailable: the database is away, or too much is asked of it.
    """
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable from error
    except Exception as error:
        if not is_outage(error):
            raise
        PARTS.away(DATABASE, error)
        raise Unavailable from error


_without_effect: ContextVar[bool] = ContextVar("without_effect", default=False)


@contextmanager
def without_effect() -> Generator[None]:
    """Whatever is done inside leaves nothing in the database: every transaction that begins here ends by rolling back.

    Used for HEAD: the answer is made as for GET, with the same headers, and no proof, claim, count, job or audit event stays.
    """
    token = _without_effect.set(True)
    try:
        yield
    finally:
        _without_effect.reset(token)


_S = TypeVar("_S", bound=ReadSession)
_T = TypeVar("_T")


async def _connect(session: ReadSession) -> None:
    """Begin a session's transaction, once more where the connection had died: nothing was read in it yet.

    The engine has thrown away all connections as old as that one.
    """
    try:
        await session.connection()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        await session.connection()
    PARTS.back(DATABASE)


@asynccontextmanager
async def _ended(session: _S) -> AsyncGenerator[_S]:
    """The one transaction of a session: returning commits (or leaves nothing, `without_effect`), raising rolls back."""
    async with _telling(), session, session.begin() as transaction:
        await _connect(session)
        yield session
        if _without_effect.get():
            await session.flush()
            session.expunge_all()  # what was read stays readable: rolling back would blank it
            await transaction.rollback()


def _reading(engine: AsyncEngine) -> async_sessionmaker[ReadSession]:
    """Sessions on the same connections whose transactions are READ ONLY."""
    reading = engine.execution_options(postgresql_readonly=True)
    return async_sessionmaker(reading, class_=ReadSession, expire_on_commit=False)


def _looking_up(engine: AsyncEngine) -> async_sessionmaker[ReadSession]:
    """Sessions without a transaction, which the database would let write: they are refused everything but a SELECT before it is sent."""
    looking = engine.execution_options(isolation_level="AUTOCOMMIT")
    event.listen(looking.sync_engine, "before_execute", _refuse_to_write)
    return async_sessionmaker(looking, class_=ReadSession, expire_on_commit=False)


def _refuse_to_write(_connection: sa.Connection, statement: object, *_: Any) -> None:
    """The guard of look-ups.

    Raises:
        TypeError: it is no SELECT.
    """
    if not isinstance(statement, sa.Select):
        raise TypeError("a look-up is one SELECT")


class Database:
    """The two doors to PostgreSQL: as the plain application role, and as the system role for what has no tenant.

    Attributes:
        clock, registry, ring: what its sessions are given (`SessionContext`). The doorbell is hung up last, when the program starts.
        news: who waits in this process for what transactions of others say.
    """

    def __init__(
        self,
        app_engine: AsyncEngine,
        system_engine: AsyncEngine,
        *,
        clock: Clock | None = None,
        registry: object = None,
    ) -> None:
        self._app = async_sessionmaker(app_engine, class_=WriteSession, expire_on_commit=False)
        self._system = async_sessionmaker(system_engine, class_=WriteSession, expire_on_commit=False)
        self._app_reads = _reading(app_engine)
        self._system_reads = _reading(system_engine)
        self._system_look_ups = _looking_up(system_engine)
        self.app_engine = app_engine
        self.system_engine = system_engine
        self.clock = clock or SystemClock()
        self.registry = registry
        self.ring: Callable[[], None] | None = None
        self.news = News()

    def _begin(self, sessions: async_sessionmaker[_S], scope: Scope) -> _S:
        context = SessionContext(scope=scope, clock=self.clock, registry=self.registry, ring=self.ring)
        return sessions(context=context)

    @asynccontextmanager
    async def transaction(self, scope: Scope) -> AsyncGenerator[WriteSession]:
        """One transaction in this scope: returning commits, raising rolls back."""
        async with _ended(self._begin(self._app, scope)) as session:
            yield session

    @asynccontextmanager
    async def reading(self, scope: Scope) -> AsyncGenerator[ReadSession]:
        """One READ ONLY transaction in this scope: the database refuses to write in it, whoever asks."""
        async with _ended(self._begin(self._app_reads, scope)) as session:
            yield session

    @asynccontextmanager
    async def system_read(self) -> AsyncGenerator[ReadSession]:
        """One READ ONLY transaction beyond row security, for the same few as `system_scope`."""
        async with _ended(self._begin(self._system_reads, NOBODY)) as session:
            yield session

    async def system_look_up(self, question: Callable[[ReadSession], Awaitable[_T]]) -> _T:
        """What one SELECT finds beyond row security, for the same few as `system_scope`; no transaction is begun for it.

        It is asked again where its connection had died while nobody used it.
        """
        async with _telling():
            try:
                found = await self._look_up(question)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                found = await self._look_up(question)
            PARTS.back(DATABASE)
            return found

    async def _look_up(self, question: Callable[[ReadSession], Awaitable[_T]]) -> _T:
        async with self._begin(self._system_look_ups, NOBODY) as session:
            return await question(session)

    @asynccontextmanager
    async def system_scope(self) -> AsyncGenerator[WriteSession]:
        """One transaction beyond row security. Host look-up, sign-in, ringing, sweeps, matching a number: nothing else.

        Who may call it is a list in tests/architecture.
        """
        async with _ended(self._begin(self._system, NOBODY)) as session:
            yield session

    async def close(self) -> None:
        """Close the connections of both roles."""
        await self.app_engine.dispose()
        if self.system_engine is not self.app_engine:
            await self.system_engine.dispose()
