"""The names under which work waits in the ledger, and under which sweeps take turns.

A row of the ledger lives up to a week, longer than a release: a name that vanishes leaves rows that nobody carries out, and a listener
that gets a new one is told twice or never. Who renames one on purpose keeps the old name as well for as long as rows may wait.
"""

from itertools import chain

from portal.app import create_registry
from portal.jobs.contract import Job
from portal.kernel.events import Event

JOBS = {
    "approvals.remind",
    "approvals.tell_office",
    "bundles.build",
    "bundles.by_policy",
    "bundles.give_up",
    "bundles.mend",
    "documents.draw_pdf",
    "documents.judge",
    "dossiers.accept_rows",
    "dossiers.ask_access",
    "dossiers.send_invitation",
    "dossiers.tell_owner",
    "intake.give_up",
    "intake.give_up_inbox",
    "intake.read_inbox",
    "intake.read_upload",
    "intake.remove_refused",
    "items.fill_dossier",
    "items.reassess",
    "keeping.remove_erased",
    "mail.deliver",
    "mail.send_reset",
    "onboarding.send_to_member",
    "upkeep.drop_old_rows",
    "upkeep.sweep_objects",
}

LISTENERS = {
    "accounts.password_changed": {"mail.password_changed"},
    "accounts.password_forgotten": {"mail.password_forgotten"},
    "approvals.client_said": {"approvals.client_said"},
    "approvals.handed_over": {"approvals.handed_over"},
    "approvals.took_back": {"approvals.took_back"},
    "banking.statement_arrived": {"items.statement_arrived"},
    "documents.arrived": {"items.document_arrived"},
    "documents.changed": {"approvals.document_changed", "items.document_changed"},
    "documents.unlocked": {"documents.tell_unlocked", "items.document_unlocked"},
    "dossiers.access_ended": {"approvals.access_ended", "intake.access_ended", "items.access_ended"},
    "dossiers.access_requested": {"dossiers.access_requested"},
    "dossiers.company_activated": {"items.company_activated"},
    "dossiers.opened": {"intake.dossier_opened", "items.dossier_opened"},
    "intake.answered": {"approvals.file_answered"},
    "keeping.erasure_moved": {"keeping.tell_erasure"},
    "keeping.paper_moved": {"approvals.put_aside", "keeping.paper_moved", "keeping.tell_paper_moved"},
    "onboarding.member_invited": {"onboarding.prepare_to_member"},
    "policies.changed": {"items.policy_changed"},
}
"""Event → the jobs that one row each is written for."""

SWEEPS = {
    "accounts.forget_expired": 600,
    "agents.mark_silent_agents": 30,
    "approvals.remind_approvers": 300,
    "audit.seal_events": 5,
    "bundles.look_for_due_exports": 5,
    "bundles.release_dead_exports": 15,
    "documents.look_for_missing_pdfs": 60,
    "documents.look_for_unjudged": 600,
    "dossiers.end_stopped_imports": 60,
    "dossiers.expire_invitations": 300,
    "intake.look_for_orphaned_files": 15,
    "items.approvers_changed": 5,
    "upkeep.ask_for_upkeep": 3600,
}
"""Sweep → seconds."""


def names_below(kind: type[Job] | type[Event]) -> set[str]:
    """The names of the portal's own kinds of job, or of event: those of tests and benchmarks do not count."""
    own = {kind.name} if kind.__module__.startswith("portal.features.") else set[str]()
    return own.union(*(names_below(child) for child in kind.__subclasses__()))


def test_jobs_keep_the_names_under_which_rows_wait() -> None:
    assert names_below(Job) == JOBS
    assert {name for name, handler in create_registry().handlers.items() if handler.event is None} == JOBS


def test_events_keep_their_names_and_their_listeners() -> None:
    assert names_below(Event) == set(LISTENERS)
    listeners = create_registry().listeners
    heard = {event: {handler.name for handler in listeners.get(event, ())} for event in LISTENERS}
    assert heard == LISTENERS
    assert listeners.keys() <= LISTENERS.keys()


def test_no_two_of_them_share_a_name() -> None:
    everything = [*JOBS, *chain.from_iterable(LISTENERS.values())]
    assert len(everything) == len(set(everything)) == len(create_registry().handlers)


def test_sweeps_keep_the_names_under_which_processes_take_turns() -> None:
    assert {sweep.name: sweep.every for sweep in create_registry().sweeps} == SWEEPS
