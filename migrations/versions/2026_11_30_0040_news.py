"""What waits for an agent is said when it is committed, what policies let leave is found by its date, a claim is one statement.

Revision: 0040, after 0039

The channel is `news`, what is said `deliveries:` and the id of whose they are: the web process in which an agent of theirs waits looks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

WAITING = "done_at is null and dead_at is null and lease_until is null"
CLAIM = f"""
create function claim_job(at timestamptz, lease interval, least_urgent integer, full_owners uuid[]) returns setof job
language plpgsql as $$
declare
    turn record;
    chosen uuid;
    claimed job;
begin
    -- Behind this lock each statement sees what the claims before it have committed: only so are the counts those of this moment.
    perform pg_advisory_xact_lock(hashtext('jobs.claim'));
    -- A claim that a crash of the server forgets is made again, and the token of the first is worth nothing then.
    perform set_config('synchronous_commit', 'off', true);
    -- Jobs whose worker did not extend its lease wait again. Their token stays: a worker that only seemed dead may still finish.
    update job set lease_until = null where lease_until < at and done_at is null and dead_at is null;
    for turn in
        with recursive head (owner, priority, due_at) as (
            (select j.owner, j.priority, j.due_at from job j where {WAITING} order by j.owner, j.priority, j.due_at limit 1)
          union all
            (select following.owner, following.priority, following.due_at
             from head cross join lateral (
                select j.owner, j.priority, j.due_at from job j
                where {WAITING} and (j.owner, j.priority) > (head.owner, head.priority)
                order by j.owner, j.priority, j.due_at limit 1
             ) following)
        ), busy as (
            select j.owner, count(*) as many from job j
            where lease_until is not null and done_at is null and dead_at is null group by j.owner
        )
        select head.owner, head.priority, job_turn.lane
        from head left join busy using (owner) left join job_turn using (owner)
        where head.due_at <= at and head.priority <= least_urgent and head.owner <> all (full_owners)
        order by coalesce(busy.many, 0), head.priority, job_turn.served_at nulls first, head.due_at, head.owner
        limit 20 -- more than one only where another transaction holds the first one's row
    loop
        -- The oldest job that is due of the company after the one that was served last, else of the first one again.
        chosen := null;
        if turn.lane is not null then
            select id into chosen from job j
            where {WAITING} and j.owner = turn.owner and j.priority = turn.priority and j.due_at <= at and j.lane > turn.lane
            order by j.lane, j.due_at, j.id limit 1 for update skip locked;
        end if;
        if chosen is null then
            select id into chosen from job j
            where {WAITING} and j.owner = turn.owner and j.priority = turn.priority and j.due_at <= at
            order by j.lane, j.due_at, j.id limit 1 for update skip locked;
        end if;
        if chosen is not null then
            update job set attempts = attempts + 1, token = gen_random_uuid(), lease_until = at + lease
            where id = chosen returning * into claimed;
            insert into job_turn (owner, lane, served_at) values (claimed.owner, claimed.lane, clock_timestamp())
            on conflict (owner) do update set lane = excluded.lane, served_at = excluded.served_at;
            return next claimed;
            return;
        end if;
    end loop;
end $$
"""


def upgrade() -> None:
    """Triggers that say it, the index of what is ready, the function of claims."""
    op.execute(CLAIM)
    op.execute("revoke execute on function claim_job from public")
    op.execute("grant execute on function claim_job to portal_system")
    op.execute(
        "create function tell_agents() returns trigger language plpgsql as $$"
        " begin perform pg_notify('news', 'deliveries:' || new.firm_id); return null; end $$"
    )
    for event, name in (("insert", "delivery_is_told"), ("update of state", "delivery_is_told_again")):
        op.execute(
            f"create trigger {name} after {event} on delivery for each row when (new.state = 'pending')"
            " execute function tell_agents()"
        )
    op.execute(
        "create trigger agent_is_told after update of state on agent for each row when (new.state = 'revoked')"
        " execute function tell_agents()"
    )
    op.create_index(
        "ix_dossier_item_ready",
        "dossier_item",
        ["firm_id", "item_date"],
        postgresql_where=sa.text("state = 'ready'"),
    )


def downgrade() -> None:
    """Agents and policies look again and again."""
    op.drop_index("ix_dossier_item_ready", table_name="dossier_item")
    op.execute("drop trigger agent_is_told on agent")
    for name in ("delivery_is_told", "delivery_is_told_again"):
        op.execute(f"drop trigger {name} on delivery")
    op.execute("drop function tell_agents()")
    op.execute("drop function claim_job")
