"""Bookkeeping packages of a firm: dossiers, exports and deliveries belong to one, and a dossier code is unique in it.

Each firm gets the package that its export policy wrote for; a dossier whose own policy wrote for another one gets that as a second
package of its firm. A proof says through which channel it came, so that others than agents can prove too.

Revision: 0029, after 0028
"""

import sqlalchemy as sa
from alembic import op

from migrations.ops import firm_table

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TITLES = {
    "sage-bob-demat": "Sage BOB (BOB-demat)",
    "winbooks": "WinBooks",
    "octopus": "Octopus",
    "exact-online": "Exact Online",
    "yuki": "Yuki",
    "codabox": "CodaBox",
    "generic": "Generic folders",
}
TITLED = "case {layout} " + " ".join(f"when '{name}' then '{title}'" for name, title in TITLES.items())
TITLED += " else {layout} end"
METHOD = sa.Enum(
    "agent", "download", name="deliverymethod", native_enum=False, create_constraint=True, length=40
)
AGENT = ("agent_id", "agent_name")
CHANNEL = sa.Enum("agent", name="proofchannel", native_enum=False, create_constraint=True, length=40)

FIRST = f"""
insert into target (firm_id, id, name, layout, delivery_method, created_at)
select f.id, gen_random_uuid(), {TITLED.format(layout="l.layout")}, l.layout, 'agent', f.created_at
from firm f
left join export_policy p on p.firm_id = f.id and p.dossier_id is null
cross join lateral (select coalesce(p.layout, 'sage-bob-demat') as layout) l
"""
OTHERS = f"""
insert into target (firm_id, id, name, layout, delivery_method, created_at)
select p.firm_id, gen_random_uuid(), {TITLED.format(layout="p.layout")}, p.layout, 'agent', now()
from (select distinct firm_id, layout from export_policy where dossier_id is not null) p
where not exists (select 1 from target t where t.firm_id = p.firm_id and t.layout = p.layout)
"""
DOSSIERS = """
update dossier d set target_id = t.id
from target t
where t.firm_id = d.firm_id and t.layout = coalesce(
  (select p.layout from export_policy p where p.firm_id = d.firm_id and p.dossier_id = d.id),
  (select p.layout from export_policy p where p.firm_id = d.firm_id and p.dossier_id is null),
  'sage-bob-demat')
"""
# An export has the package it was written for, else the one its dossier has now.
EXPORTS = """
update export e set target_id = coalesce(
  (select t.id from target t where t.firm_id = e.firm_id and t.layout = e.layout), d.target_id)
from dossier d where d.firm_id = e.firm_id and d.id = e.dossier_id
"""
DELIVERIES = """
update delivery set target_id = e.target_id from export e where e.firm_id = delivery.firm_id and e.id = delivery.export_id
"""


def upgrade() -> None:
    """Make the packages, give each dossier, export and delivery its own, and take the layout from the policies."""
    op.create_table(
        "target",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("delivery_method", METHOD, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_target_firm_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        sa.UniqueConstraint("firm_id", "id", name=op.f("uq_target_firm_id_id")),
    )
    op.create_index("uq_target_name", "target", ["firm_id", sa.text("lower(name)")], unique=True)
    firm_table("target")
    op.execute(FIRST)
    op.execute(OTHERS)
    _belongs("dossier", DOSSIERS)
    op.execute("alter table export disable trigger finished_export_stays")
    _belongs("export", EXPORTS)
    op.execute("alter table export enable trigger finished_export_stays")
    _belongs("delivery", DELIVERIES)
    op.drop_column("export_policy", "layout")

    op.drop_index("uq_dossier_code_key", table_name="dossier")
    op.drop_index("ix_dossier_code_clash", table_name="dossier")
    _code_indexes(["firm_id", "target_id"])

    # Proofs refuse to be changed, by their owner too: the old ones get the channel as a default, without a row being touched.
    op.add_column("delivery_proof", sa.Column("channel", CHANNEL, nullable=False, server_default="agent"))
    op.alter_column("delivery_proof", "channel", server_default=None)
    for column in AGENT:
        op.alter_column("delivery_proof", column, nullable=True)
    op.create_check_constraint(
        "agent",
        "delivery_proof",
        "num_nonnulls(agent_id, agent_name) = case channel when 'agent' then 2 else 0 end",
    )


def _belongs(table: str, fill: str) -> None:
    op.add_column(table, sa.Column("target_id", sa.Uuid(), nullable=True))
    op.execute(fill)
    op.alter_column(table, "target_id", nullable=False)
    op.create_foreign_key(
        op.f(f"fk_{table}_firm_id_target_id"), table, "target", ["firm_id", "target_id"], ["firm_id", "id"]
    )


def _code_indexes(space: list[str]) -> None:
    op.create_index(
        "uq_dossier_code_key",
        "dossier",
        [*space, "code_key"],
        unique=True,
        postgresql_where=sa.text("code_key is not null"),
    )
    op.create_index(
        "ix_dossier_code_clash",
        "dossier",
        space,
        postgresql_where=sa.text("code is not null and code_key is null"),
    )


# Codes are unique in a firm again: the older dossier keeps the key, as it was when keys were written first.
ONE_SPACE = """
update dossier d set code_key = null
from (select id, row_number() over (partition by firm_id, code_key order by created_at, id) as place
      from dossier where code_key is not null) p
where p.id = d.id and p.place > 1
"""
# A dossier in another package than its firm's first one wrote for it by a policy of its own.
OWN_POLICIES = """
insert into export_policy (firm_id, id, dossier_id, cadence, delay_seconds, run_day, run_hour, needs_approval, approval_kinds,
  lock_exported, include_statements, export_from, changed_at, last_month_run)
select p.firm_id, gen_random_uuid(), d.id, p.cadence, p.delay_seconds, p.run_day, p.run_hour, p.needs_approval, p.approval_kinds,
  p.lock_exported, p.include_statements, p.export_from, p.changed_at, p.last_month_run
from dossier d
join export_policy p on p.firm_id = d.firm_id and p.dossier_id is null
where d.target_id is distinct from (select t.id from target t where t.firm_id = d.firm_id order by t.created_at, t.id limit 1)
  and not exists (select 1 from export_policy o where o.firm_id = d.firm_id and o.dossier_id = d.id)
"""
LAYOUTS = """
update export_policy p set layout = coalesce(
  (select t.layout from dossier d join target t on t.firm_id = d.firm_id and t.id = d.target_id
   where d.firm_id = p.firm_id and d.id = p.dossier_id),
  (select t.layout from target t where t.firm_id = p.firm_id order by t.created_at, t.id limit 1))
"""


def downgrade() -> None:
    """Policies say again what is written for; codes are unique in a firm."""
    op.drop_constraint(op.f("ck_delivery_proof_agent"), "delivery_proof", type_="check")
    for column in AGENT:
        op.alter_column("delivery_proof", column, nullable=False)
    op.drop_column("delivery_proof", "channel")

    op.drop_index("ix_dossier_code_clash", table_name="dossier")
    op.drop_index("uq_dossier_code_key", table_name="dossier")
    op.execute(ONE_SPACE)
    _code_indexes(["firm_id"])

    op.execute(OWN_POLICIES)
    op.add_column("export_policy", sa.Column("layout", sa.Text(), nullable=True))
    op.execute(LAYOUTS)
    op.alter_column("export_policy", "layout", nullable=False)
    for table in ("delivery", "export", "dossier"):
        op.drop_column(table, "target_id")
    op.drop_table("target")
