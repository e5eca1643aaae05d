"""What an eligibility file does to what is known, decided for the whole file before anything is written. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from scheduling.clients.rules import Client
from scheduling.eligibility.changes import Ledger, Statement, ledger
from scheduling.eligibility.lines import Bad, Line, Maintenance
from scheduling.eligibility.rules import Period, Source

FEW = 10
LARGE_PART = 5
"""A full file that ends more than a fifth of an employer's people (and more than a few) is more likely cut off than right."""


@dataclass(frozen=True, slots=True)
class Known:
    """As it is when the file arrives. `members`: clients by employer and member id."""

    clients: Mapping[UUID, Client]
    members: Mapping[tuple[UUID, str], UUID]
    periods: Mapping[UUID, Sequence[Period]]
    employers: Collection[UUID]
    plans: Collection[UUID]


@dataclass(slots=True)
class Outcome:
    """`not_clients`: the lines of people who have never sought care here; nothing of them is kept (C17)."""

    ledgers: dict[UUID, Ledger] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    not_clients: list[int] = field(default_factory=list)
    ended: int = 0
    covered: int = 0
    """How many were covered at the employers of a full file."""

    @property
    def suspicious(self) -> bool:
        return self.ended > max(FEW, self.covered // LARGE_PART)


def plan(lines: Sequence[Line], known: Known, file_date: date, now: datetime) -> Outcome:
    outcome = Outcome()
    seen: set[tuple[UUID, UUID]] = set()
    for line in lines:
        client_id, faults = _whose(line, known)
        if faults:
            outcome.bad += faults
        elif client_id is None:
            outcome.not_clients.append(line.number)
        else:
            seen.add((client_id, line.employer_id))
            _apply(line, client_id, _ledger(outcome, client_id, known, now), outcome)
    if any(line.kind is Maintenance.FULL for line in lines):
        _end_the_absent({line.employer_id for line in lines}, seen, known, file_date, outcome, now)
    return outcome


def _whose(line: Line, known: Known) -> tuple[UUID | None, list[Bad]]:
    faults = []
    if line.employer_id not in known.employers:
        faults.append(Bad(line.number, "employer_id", "unknown_employer"))
    if line.plan_id not in known.plans:
        faults.append(Bad(line.number, "plan_id", "unknown_plan"))
    if line.client_id is not None and line.client_id not in known.clients:
        faults.append(Bad(line.number, "client_id", "unknown_client"))
    by_member = known.members.get((line.employer_id, line.member_id)) if line.member_id else None
    client_id = line.client_id or by_member
    if client_id is None or faults:
        return None, faults
    if by_member not in (None, client_id):
        faults.append(Bad(line.number, "member_id", "does_not_match"))
    if line.birth_date not in (None, known.clients[client_id].birth_date):
        faults.append(Bad(line.number, "birth_date", "does_not_match"))
    return client_id, faults


def _apply(line: Line, client_id: UUID, mine: Ledger, outcome: Outcome) -> None:
    there = [p for p in mine.known if p.employer_id == line.employer_id]
    if line.kind is Maintenance.TERMINATION and line.ends_on is not None:
        if not any(_of_line(p, line) for p in there):
            outcome.bad.append(Bad(line.number, "plan_id", "no_coverage"))
        outcome.ended += bool(mine.end(line.ends_on, lambda period: _of_line(period, line)))
    elif line.kind in (Maintenance.CHANGE, Maintenance.REINSTATEMENT) and not there:
        outcome.bad.append(Bad(line.number, "employer_id", "no_coverage"))
    elif line.starts_on is not None:
        mine.state(Statement(client_id, line.employer_id, line.plan_id, line.starts_on, line.ends_on, line.programme))


def _of_line(period: Period, line: Line) -> bool:
    mine = period.employer_id == line.employer_id and period.plan_id == line.plan_id
    return mine and line.programme in (None, period.programme)


def _end_the_absent(
    employers: Collection[UUID], seen: Collection[tuple[UUID, UUID]], known: Known, file_date: date, outcome: Outcome, now: datetime
) -> None:
    """The file's date is their last day."""
    for client_id, periods in known.periods.items():
        there = {p.employer_id for p in periods if p.employer_id in employers and (p.ends_on is None or p.ends_on > file_date)}
        outcome.covered += bool(there)
        absent = {employer_id for employer_id in there if (client_id, employer_id) not in seen}
        if absent:
            mine = _ledger(outcome, client_id, known, now)
            outcome.ended += bool(mine.end(file_date, lambda period, left=absent: period.employer_id in left))  # type: ignore[misc]


def _ledger(outcome: Outcome, client_id: UUID, known: Known, now: datetime) -> Ledger:
    return outcome.ledgers.setdefault(client_id, ledger(known.periods.get(client_id, ()), Source.FILE, now))
