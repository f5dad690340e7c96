"""The agent's round: say how one is, ask what waits, deliver it dossier by dossier; again, with patience."""

import logging
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from portal.syncagent import VERSION, contract
from portal.syncagent.client import Feed, Portal, describe_platform
from portal.syncagent.config import Config, Home
from portal.syncagent.deliver import Deliverer
from portal.syncagent.errors import (
    AgentError,
    AwayError,
    DeliveryFailedError,
    DeliveryGoneError,
    DeliveryUnavailableError,
    HostAwayError,
    RefusalError,
    RevokedError,
    RootAwayError,
)
from portal.syncagent.journal import Journal
from portal.syncagent.names import version_tuple
from portal.syncagent.root import look
from portal.syncagent.texts import say

log = logging.getLogger("fidero_agent")

MIN_POLL, MAX_POLL = 1.0, 3600.0
LONGEST_WAIT = 50.0
"""Seconds that one call may wait at the portal, whatever it offers: less than a silent connection is given up after."""
MAX_SKEW = 300.0
KEEP_JOURNAL = timedelta(days=400)
MOST_TRIES = 8
"""So often one delivery may fail in a way that nobody thought of; then the portal is told, and a person looks."""
MOST_UNSERVED = 24
"""So often the portal may say that it cannot serve one delivery now while it answers otherwise: with the growing pauses about a day."""
MOST_UNAVAILABLE = 5
"""So many deliveries in a row that the portal cannot serve: it is the portal that is away."""


class Round(NamedTuple):
    """What one round did. `away`: why it ended early, if the portal or a root is away."""

    confirmed: int = 0
    refused: int = 0
    waiting: int = 0
    away: AwayError | None = None


class Backoff:
    """Growing pauses: from `first` to `longest` seconds, doubled, spread so that agents do not march."""

    def __init__(self, first: float, longest: float, spread: Callable[[], float] = random.random) -> None:
        self._first, self._longest, self._spread = first, longest, spread
        self._failures = 0

    def next(self) -> float:
        """Seconds to wait after one more failure: between half and all of the present step."""
        step = min(self._longest, self._first * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return step * (0.5 + self._spread() / 2)

    def reset(self) -> None:
        """It worked: begin small again."""
        self._failures = 0


class _Trouble(NamedTuple):
    backoff: Backoff
    until: float


class _Head(msgspec.Struct):
    id: str = "?"
    dossier_id: str = "?"


class Runner:
    """Runs rounds for one pairing.

    `now` gives the time in UTC, `clock` monotonic seconds, `wait(seconds)` sleeps and says whether to stop, `during(call)` gives what a
    call that may take long gives, or None when it is to stop before.
    """

    def __init__(
        self,
        home: Home,
        config: Config,
        portal: Portal,
        journal: Journal,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        wait: Callable[[float], bool],
        during: Callable[[Callable[[], Feed]], Feed | None],
    ) -> None:
        self._home = home
        self._config = config
        self._portal = portal
        self._journal = journal
        self._now = now
        self._clock = clock
        self._wait = wait
        self._during = during
        self._state = home.state()
        self._poll = config.poll_seconds
        self._offered = 0.0
        """Seconds that the portal lets a call wait for news; none with portals that know nothing of it."""
        self._mark = ""
        """Stands for what the portal said last that waits."""
        self._trouble: dict[str, _Trouble] = {}
        self._newest_told = ""
        self._beat = clock()
        self._deliverer = Deliverer(home, config, portal, journal, now=now, pause=self._pause)

    def forever(self) -> None:
        """Rounds until `wait` says to stop.

        Raises:
            RevokedError: the portal no longer wants this agent.
        """
        backoff = Backoff(min(self._poll, 5.0), 900.0)
        idle = Backoff(0.1, self._poll)
        news: Feed | None = None
        while True:
            result = self.once(patient=True, news=news)
            news = None
            if result.away is not None:
                seconds = max(backoff.next(), result.away.retry_after or 0)
                log.warning("next try in %d seconds", seconds)
                if self._wait(seconds):
                    return
                continue
            backoff.reset()
            if result.confirmed:
                idle.reset()
            if self._offered:
                stop, news = self._await_news(idle)
            else:
                stop = self._wait(self._usual_pause())
            if stop:
                return

    def _usual_pause(self) -> float:
        return self._poll * random.uniform(0.9, 1.1)  # noqa: S311 (spreads load, hides nothing)

    def _await_news(self, idle: Backoff) -> tuple[bool, Feed | None]:
        """Wait at the portal until something else waits than the last round saw; whether to stop, and what waits now.

        Who is answered at once, again and again, and has nothing to do makes pauses that grow up to the usual one (`idle`).

        Raises:
            RevokedError: the portal no longer wants this agent.
        """
        began, known = self._clock(), self._mark
        try:
            answer = self._during(lambda: self._portal.deliveries(wait=self._offered, mark=known))
        except RevokedError:
            raise
        except AgentError as error:  # the line does not bear it, or the portal is away
            log.info("%s", error)
            return self._wait(self._usual_pause()), None
        if answer is None:
            return True, None
        if self._clock() - began >= MIN_POLL:
            idle.reset()
            return False, answer
        return self._wait(idle.next()), answer

    def once(self, *, patient: bool = False, news: Feed | None = None) -> Round:
        """One round. `patient`: leave deliveries alone whose pause after a failure is not over. `news`: what waits, as it is known.

        Raises:
            RevokedError: the portal no longer wants this agent.
        """
        problems: list[contract.AgentProblem] = []
        result = Round()
        error: AgentError | None = None
        try:
            result = self._round(problems, news, patient=patient)
            error = result.away
        except RevokedError as revoked:
            error = revoked
            raise
        except AwayError as away:
            error = away
            log.warning("%s", away)
            result = Round(waiting=self._state.queue, away=away)
        finally:
            self._state.last_cycle = self._now()
            self._state.last_error = str(error) if error else None
            self._state.queue = result.waiting
            self._state.problems = problems
            self._home.keep_state(self._state)
        return result

    def _round(self, problems: list[contract.AgentProblem], news: Feed | None, *, patient: bool) -> Round:
        roots, free = self._look_at_roots(problems)
        reply = self._heartbeat(problems, root_writable=not roots, free=free)
        confirmed, unproved = self._confirm_written(problems)
        if version_tuple(reply.minimum_version) > version_tuple(VERSION):
            text = say("agent_too_old", version=VERSION, minimum=reply.minimum_version)
            self._note(problems, "agent_too_old", text)
            return Round(confirmed=confirmed, waiting=self._state.queue)
        waiting, blocked = self._list(problems, news)
        self._tidy(waiting, roots)
        refused = unavailable = 0
        unserved: list[tuple[contract.Delivery, Path, str]] = []
        left = len(waiting)
        for delivery in waiting:
            root = self._config.root_of(delivery.dossier_code)
            trouble = self._trouble.get(delivery.id)
            early = patient and trouble is not None and trouble.until > self._clock()
            if delivery.dossier_id in blocked or root in roots or early or delivery.id in unproved:
                blocked.add(delivery.dossier_id)  # later bundles wait for this one
                continue
            if self._clock() - self._beat > max(self._poll, 60.0):
                self._heartbeat([], root_writable=not roots, free=free)  # a long round is no silent agent
            try:
                count = self._deliverer.deliver(delivery)
            except RootAwayError as error:
                roots[root] = error
                self._note(problems, error.code, str(error))
                continue
            except DeliveryGoneError as error:
                log.warning("%s: %s", _name(delivery), error)
                self._trouble.pop(delivery.id, None)
                self._deliverer.give_up(delivery.id, root)
                left -= 1
                continue
            except RefusalError as error:
                refused += 1
                self._refuse(delivery, error)
            except DeliveryUnavailableError as error:
                self._note(problems, error.code, f"{_name(delivery)}: {error}")
                unavailable += 1
                if unavailable >= MOST_UNAVAILABLE:
                    raise HostAwayError("portal_error", detail=error) from error
                unserved.append((delivery, root, str(error)))
            except DeliveryFailedError as error:
                self._note(problems, error.code, f"{_name(delivery)}: {error}")
                refused += self._failed(delivery, root, str(error))
            except AgentError:
                raise
            except Exception as error:
                log.exception("%s: unexpected", _name(delivery))
                text = f"{_name(delivery)}: unexpected {type(error).__name__}, see the agent's log"
                problems.append(contract.AgentProblem("delivery_failed", text))
                refused += self._failed(delivery, root, type(error).__name__)
            else:
                unavailable = 0
                self._trouble.pop(delivery.id, None)
                self._journal.forget_failures(delivery.id)
                left -= 1
                confirmed += count
                log.info("%s: files confirmed: %d", _name(delivery), count)
                continue
            blocked.add(delivery.dossier_id)
            self._put_off(delivery.id)
        # Only now: had the portal been away for all of them, none would be at fault.
        refused += sum(self._failed(*each, most=MOST_UNSERVED) for each in unserved)
        nowhere = len(roots) == len(self._config.roots())
        return Round(confirmed, refused, left, next(iter(roots.values())) if nowhere else None)

    def _look_at_roots(
        self, problems: list[contract.AgentProblem]
    ) -> tuple[dict[Path, RootAwayError], int | None]:
        away: dict[Path, RootAwayError] = {}
        free: list[int] = []
        for root in self._config.roots():
            try:
                free.append(look(root, self._config))
            except RootAwayError as error:
                away[root] = error
                self._note(problems, error.code, str(error))
        return away, min(free, default=None)

    def _heartbeat(
        self, problems: list[contract.AgentProblem], *, root_writable: bool, free: int | None
    ) -> contract.HeartbeatReply:
        """Tell the portal; what it must know is what stands now and what the last round met."""
        known = {problem.code for problem in problems}
        lasting = [each for each in self._state.problems if each.code not in known and each.code in _LASTING]
        reply = self._portal.heartbeat(
            contract.Heartbeat(
                version=VERSION,
                platform=describe_platform(),
                queue=self._state.queue,
                free_bytes=free,
                root_writable=root_writable,
                problems=[*problems, *lasting],
            )
        )
        self._beat = self._clock()
        self._state.last_contact = self._now()
        self._poll = min(max(reply.poll_seconds, MIN_POLL), MAX_POLL)
        self._offered = min(max(reply.wait_seconds, 0.0), LONGEST_WAIT)
        if abs(self._portal.skew) > MAX_SKEW:
            direction = "ahead of" if self._portal.skew > 0 else "behind"
            text = say("clock_skew", seconds=round(abs(self._portal.skew)), direction=direction)
            self._note(problems, "clock_skew", text)
        newest = reply.latest_version
        if newest != self._newest_told and version_tuple(newest) > version_tuple(VERSION):
            self._newest_told = newest
            log.info("%s", say("update_available", latest=newest, version=VERSION))
        return reply

    def _confirm_written(self, problems: list[contract.AgentProblem]) -> tuple[int, set[str]]:
        """What an earlier run wrote and could not confirm any more, before anything new.

        Returns:
            How many files the portal has the proof of now, and the deliveries it does not take it for.
        """
        confirmed = 0
        unproved: set[str] = set()
        for delivery_id, _ in self._journal.in_state("written"):
            try:
                count = self._deliverer.confirm(delivery_id)
            except DeliveryGoneError as error:
                log.warning("%s", error)
                self._journal.finish(delivery_id, "refused", self._now())
            except DeliveryFailedError as error:
                unproved.add(delivery_id)
                self._note(problems, error.code, str(error))
            else:
                confirmed += count
                log.info("delivery %s, written earlier, files confirmed: %d", delivery_id, count)
        return confirmed, unproved

    def _list(
        self, problems: list[contract.AgentProblem], news: Feed | None
    ) -> tuple[list[contract.Delivery], set[str]]:
        """What waits, in order; the dossiers that must wait for one that cannot be read."""
        feed = news or self._portal.deliveries()
        self._mark = feed.mark
        waiting: list[contract.Delivery] = []
        blocked: set[str] = set()
        for raw in feed.deliveries:
            try:
                waiting.append(msgspec.json.decode(raw, type=contract.Delivery))
            except ValueError as error:
                head = _Head()
                with suppress(ValueError):
                    head = msgspec.json.decode(raw, type=_Head)
                blocked.add(head.dossier_id)
                text = say("unreadable_delivery", detail=f"{head.id}: {error}")
                self._note(problems, "unreadable_delivery", text)
        waiting.sort(key=lambda each: each.bundle_number)
        return waiting, blocked

    def _tidy(self, waiting: Iterable[contract.Delivery], roots_away: dict[Path, RootAwayError]) -> None:
        """Let go of what the portal no longer offers."""
        offered = {delivery.id: delivery.sha256 for delivery in waiting}
        for delivery_id, code in self._journal.in_state("writing"):
            root = self._config.root_of(code)
            if delivery_id not in offered and root not in roots_away:
                self._deliverer.give_up(delivery_id, root)
        needed = {f"{sha256}.part" for sha256 in offered.values()}
        for path in self._home.downloads.glob("*.part"):
            if path.name not in needed:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
        self._trouble = {key: value for key, value in self._trouble.items() if key in offered}
        self._journal.forget_before(self._now() - KEEP_JOURNAL)

    def _refuse(self, delivery: contract.Delivery, error: RefusalError) -> bool:
        """Tell the portal; whether it knows, or has let go of the delivery itself."""
        log.error("%s refused: %s", _name(delivery), error)
        notice = contract.RefusalNotice(reason=error.reason, detail=str(error)[:1000], item_id=error.item_id)
        try:
            self._portal.refuse(delivery.id, notice)
        except DeliveryGoneError as trouble:
            log.warning("%s", trouble)
        except DeliveryFailedError as trouble:
            log.warning("%s", trouble)
            return False
        return True

    def _failed(
        self, delivery: contract.Delivery, root: Path, detail: str, *, most: int = MOST_TRIES
    ) -> bool:
        """One more try failed; whether it was the last, and the portal was told. One that cannot be told now is told next time."""
        times = self._journal.note_failure(delivery.id, self._now())
        if times < most:
            return False
        with suppress(AgentError):
            self._deliverer.give_up(delivery.id, root)
        if not self._refuse(delivery, RefusalError("failed", tries=times, detail=detail)):
            return False
        self._journal.forget_failures(delivery.id)
        return True

    def _put_off(self, delivery_id: str) -> None:
        known = self._trouble.get(delivery_id)
        backoff = known.backoff if known else Backoff(max(self._poll, 30.0), 3600.0)
        self._trouble[delivery_id] = _Trouble(backoff, self._clock() + backoff.next())

    def _pause(self, times: int) -> None:
        """Between tries of one download; asked to stop, the round ends here."""
        if self._wait(min(30.0, 0.5 * 2.0**times) * random.uniform(0.5, 1.0)):  # noqa: S311 (spreads load)
            raise HostAwayError("host_away", host=self._portal.host, detail="stopping")

    @staticmethod
    def _note(problems: list[contract.AgentProblem], code: str, text: str) -> None:
        log.warning("%s", text)
        problems.append(contract.AgentProblem(code, text))


_LASTING = frozenset({"clock_skew", "agent_too_old", "unreadable_delivery", "delivery_failed"})


def _name(delivery: contract.Delivery) -> str:
    return f"{delivery.dossier_code or delivery.dossier_name} bundle {delivery.bundle_number}"


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)
