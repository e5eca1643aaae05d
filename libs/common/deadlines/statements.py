"""The SQL over the tables of deadlines. Moments are parameters: no statement reads a clock."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from common.deadlines.calendar_versions import OUTDATED_CALENDARS
from common.deadlines.deadline import Deadline, State

NAMES = [field.name for field in fields(Deadline)]
COLUMNS = ", ".join(f"d.{name}" for name in NAMES)

LATEST = f"""
with latest as (
  select {COLUMNS} from deadline d where subject = $1 and policy_code = $2 order by generation desc limit 1 for update)
select l.*, c.body::text as calendar, p.body::text as policy,
       array(select rung_key from deadline_rung r where r.deadline_id = l.deadline_id and r.generation = l.generation) as passed
  from (select 1) one
  left join latest l on true
  left join lateral (
    select body from work_calendar where code = coalesce($3::text, l.calendar_code) order by version desc limit 1) c on true
  left join deadline_policy p on p.code = l.policy_code and p.version = l.policy_version"""

ADD = f"""
with armed as (
  insert into deadline ({", ".join(NAMES)}) values ({", ".join(f"${n}" for n in range(1, len(NAMES) + 1))})
  on conflict do nothing returning deadline_id, generation, anchor_at, due_at),
policy as (
  insert into deadline_policy (code, version, body, recorded_at)
  select ${NAMES.index("policy_code") + 1}, ${NAMES.index("policy_version") + 1}, $18::text::jsonb, $21 from armed on conflict do nothing),
inherited as (
  insert into deadline_rung (deadline_id, generation, rung_key, outcome, recorded_at)
  select deadline_id, generation, key, 'inherited', $21 from armed, unnest($19::text[]) key),
noted as (
  insert into deadline_history (deadline_id, generation, kind, at, new_due_at, reason, recorded_at)
  select deadline_id, generation, 'armed', anchor_at, due_at, $20::text, $21::timestamptz from armed)
select count(*) from armed"""

SAVE = """
with changed as (
  update deadline d
     set policy_version = c.policy_version, calendar_version = c.calendar_version, due_at = c.due_at, next_fire_at = c.next_fire_at,
         next_rung = c.next_rung, pauses = c.pauses::timestamptz[], state = c.state, closed_at = c.closed_at, missed_at = c.missed_at,
         attempts = 0
    from unnest($1::uuid[], $2::int[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::int[], $7::text[], $8::text[],
                $9::timestamptz[], $10::timestamptz[])
      as c(deadline_id, policy_version, calendar_version, due_at, next_fire_at, next_rung, pauses, state, closed_at, missed_at)
   where d.deadline_id = c.deadline_id)
insert into deadline_history (deadline_id, generation, kind, at, old_due_at, new_due_at, reason, recorded_at)
select n.*, $18::timestamptz
  from unnest($11::uuid[], $12::int[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[], $17::text[]) as n"""

CLAIM_RUNGS = """
insert into deadline_rung (deadline_id, generation, rung_key, outcome, fired_for, recorded_at)
select r.*, $6::timestamptz from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::timestamptz[]) as r
on conflict do nothing returning deadline_id"""

RELEASE_RUNGS = """
delete from deadline_rung r using unnest($1::uuid[], $2::int[], $3::text[]) as c(deadline_id, generation, rung_key)
 where r.deadline_id = c.deadline_id and r.generation = c.generation and r.rung_key = c.rung_key"""

# A calendar that was changed is applied before anything is judged by it.
UP_TO_DATE = """(d.state <> 'open' or not exists (
  select from work_calendar w where w.code = d.calendar_code and w.version > d.calendar_version))"""

CLAIM = f"""
select {COLUMNS} from deadline d
 where next_fire_at <= $1 and attempts = 0 and deadline_id <> all($3::uuid[]) and {UP_TO_DATE}
 order by next_fire_at limit $2 for update of d skip locked"""

CLAIM_ONE = f"""
select {COLUMNS} from deadline d
 where deadline_id = $1 and next_fire_at <= $2 and {UP_TO_DATE} for update of d skip locked"""

RETRYING = "select deadline_id from deadline where next_fire_at <= $1 and attempts > 0 order by next_fire_at limit $2"

PUT_OFF = """
update deadline set attempts = attempts + 1, next_fire_at = $2::timestamptz + interval '1 second' * least(2 ^ attempts, 300)
 where deadline_id = $1 and next_fire_at is not null returning attempts, policy_code"""

UNFINISHED = f"""
select {COLUMNS} from deadline d
 where subject = $1 and closed_at is null and ($2::text[] is null or policy_code = any($2)) order by deadline_id for update"""

OUTDATED = f"""
select {COLUMNS} from deadline d where state = 'open' and calendar_code = $1 and calendar_version < $2
 order by calendar_version, next_fire_at limit $3 for update skip locked"""

NEXT_GENERATION = "select coalesce(max(generation), 0) + 1 from deadline where subject = $1 and policy_code = $2"

# One statement a second is all that an idle service asks.
LOOK = f"""
select least((select min(next_fire_at) from deadline where next_fire_at is not null and attempts = 0),
             (select min(next_fire_at) from deadline where attempts > 0)) as first_at,
       exists ({OUTDATED_CALENDARS}) as outdated"""


@dataclass(frozen=True, slots=True)
class Note:
    """A line of the history: what happened to a deadline, when it did, and what that made of it."""

    kind: str
    before: Deadline
    after: Deadline
    at: datetime
    reason: str | None = None


def to_deadline(row: RowMapping) -> Deadline:
    values = {name: row[name] for name in NAMES}
    return Deadline(**{**values, "pauses": tuple(values["pauses"]), "state": State(values["state"])})


async def add(tx: AsyncConnection, new: Deadline, policy_body: str, inherited: Sequence[str], reason: str | None, now: datetime) -> bool:
    """Whether it was added: not, where somebody else has just armed one."""
    values = [getattr(new, name) for name in NAMES]
    parameters = (*values, policy_body, list(inherited), reason, now)
    return bool((await tx.exec_driver_sql(ADD, parameters)).scalar_one())


async def save(tx: AsyncConnection, changed: Sequence[Deadline], notes: Sequence[Note], now: datetime) -> None:
    """One statement for any number."""
    await tx.exec_driver_sql(
        SAVE,
        (
            [d.deadline_id for d in changed],
            [d.policy_version for d in changed],
            [d.calendar_version for d in changed],
            [d.due_at for d in changed],
            [d.next_fire_at for d in changed],
            [d.next_rung for d in changed],
            ["{" + ",".join(f'"{at.isoformat()}"' for at in d.pauses) + "}" for d in changed],
            [d.state.value for d in changed],
            [d.closed_at for d in changed],
            [d.missed_at for d in changed],
            [n.before.deadline_id for n in notes],
            [n.before.generation for n in notes],
            [n.kind for n in notes],
            [n.at for n in notes],
            [n.before.due_at for n in notes],
            [n.after.due_at for n in notes],
            [n.reason for n in notes],
            now,
        ),
    )


async def claim_rungs(tx: AsyncConnection, claims: Sequence[tuple[Deadline, str, str, datetime]], now: datetime) -> set[UUID]:
    """Deadline, key, outcome, when it was due. Whose claim is new: the others were fired before."""
    columns = (
        [d.deadline_id for d, *_ in claims],
        [d.generation for d, *_ in claims],
        [key for _, key, _, _ in claims],
        [outcome for _, _, outcome, _ in claims],
        [at for *_, at in claims],
    )
    return set((await tx.exec_driver_sql(CLAIM_RUNGS, (*columns, now))).scalars())


async def release_rungs(tx: AsyncConnection, claims: Sequence[tuple[Deadline, str]]) -> None:
    columns = [d.deadline_id for d, _ in claims], [d.generation for d, _ in claims], [key for _, key in claims]
    await tx.exec_driver_sql(RELEASE_RUNGS, columns)
