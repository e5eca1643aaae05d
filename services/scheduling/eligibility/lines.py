"""The lines of an eligibility file, each checked by itself (docs/guides/eligibility-files.md). Pure.

A bad line is told by its number, field and code, and never by what stood in it (C13).
"""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from common.contracts.vocabulary import Programme
from common.never_kept import check_age, find_ssns
from common.problems import Problem
from scheduling.clients.rules import reads_as_ssn
from scheduling.geography import zone_of


class Maintenance(StrEnum):
    """X12 element 875, maintenance type code, as in the 834's INS03."""

    CHANGE = "001"
    ADDITION = "021"
    TERMINATION = "024"
    REINSTATEMENT = "025"
    FULL = "030"
    """Audit or compare: the file names everybody, and who is not in it is not covered any more."""


@dataclass(frozen=True, slots=True)
class Bad:
    line: int
    field: str
    code: str


@dataclass(frozen=True, slots=True)
class Line:
    """`birth_date` is compared with what is known, and not kept."""

    number: int
    kind: Maintenance
    client_id: UUID | None
    member_id: str | None
    employer_id: UUID
    plan_id: UUID
    programme: Programme | None
    starts_on: date | None
    ends_on: date | None
    birth_date: date | None


def _member(text: str) -> str:
    if reads_as_ssn(text):
        raise Problem("ssn_refused", "")
    if not MEMBER.fullmatch(text):
        raise ValueError
    return text


def _day(text: str) -> date:
    if not DAY.fullmatch(text):
        raise ValueError
    return date.fromisoformat(text)


MEMBER, DAY = re.compile("[A-Z0-9][A-Z0-9-]{2,19}"), re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
READ: dict[str, Callable[[str], Any]] = {
    "maintenance_type": Maintenance,
    "client_id": UUID,
    "member_id": _member,
    "employer_id": UUID,
    "plan_id": UUID,
    "programme": Programme,
    "coverage_start": _day,
    "coverage_end": _day,
    "birth_date": _day,
    "state": zone_of,
}
NEEDED = frozenset({"maintenance_type", "employer_id", "plan_id"})


def parse(text: str, today: date) -> tuple[list[Line], list[Bad]]:
    """Every line, and every fault of the others. An unknown column is one: nothing enters that is not needed (C13, C17)."""
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    lines: list[Line] = []
    bad: list[Bad] = []
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        bad += _faults_of(header)
        if not bad:
            _read_all(reader, header, today, lines, bad)
    except csv.Error:
        bad.append(Bad(reader.line_num, "", "malformed"))
    return lines, bad + _mixed(lines)


def _faults_of(header: Sequence[str]) -> list[Bad]:
    faults = [Bad(1, "", "unknown_column") for name in header if name not in READ]
    faults += [Bad(1, name, "missing_column") for name in sorted(NEEDED - set(header))]
    if not {"client_id", "member_id"} & set(header):
        faults.append(Bad(1, "client_id", "missing_column"))
    return faults + [Bad(1, name, "column_twice") for name in READ if header.count(name) > 1]


def _read_all(reader: Any, header: Sequence[str], today: date, lines: list[Line], bad: list[Bad]) -> None:
    for cells in reader:
        number = reader.line_num
        if not cells:
            continue
        if len(cells) != len(header):
            bad.append(Bad(number, "", "wrong_number_of_cells"))
            continue
        found, faults = _read(number, zip(header, cells, strict=True))
        faults += _faults_in(number, found, today) if not faults else []
        bad += faults
        if not faults:
            lines.append(_line(number, found))


def _read(number: int, cells: Iterable[tuple[str, str]]) -> tuple[dict[str, Any], list[Bad]]:
    found: dict[str, Any] = {}
    faults: list[Bad] = []
    for name, cell in cells:
        if text := cell.strip():
            try:
                found[name] = READ[name](text)
            except (ValueError, Problem) as error:
                refused = isinstance(error, Problem) and error.code == "ssn_refused"
                faults.append(Bad(number, name, "ssn_refused" if refused or find_ssns(text) else "invalid"))
    return found, faults


def _faults_in(number: int, found: dict[str, Any], today: date) -> list[Bad]:
    faults = [Bad(number, name, "missing") for name in sorted(NEEDED - found.keys())]
    if not {"client_id", "member_id"} & found.keys():
        faults.append(Bad(number, "client_id", "missing"))
    needed = "coverage_end" if found.get("maintenance_type") is Maintenance.TERMINATION else "coverage_start"
    if needed not in found:
        faults.append(Bad(number, needed, "missing"))
    if "coverage_start" in found and "coverage_end" in found and found["coverage_end"] < found["coverage_start"]:
        faults.append(Bad(number, "coverage_end", "before_start"))
    if "birth_date" in found:
        faults += _fault_of_birth(number, found["birth_date"], today)
    return faults


def _fault_of_birth(number: int, born: date, today: date) -> list[Bad]:
    """C12: a file with a child under 13 in it is not taken."""
    try:
        check_age(born, today)
    except Problem as problem:
        return [Bad(number, "birth_date", "under_age" if problem.code == "under_age" else "invalid")]
    return []


def _line(number: int, found: dict[str, Any]) -> Line:
    return Line(
        number=number,
        kind=found["maintenance_type"],
        client_id=found.get("client_id"),
        member_id=found.get("member_id"),
        employer_id=found["employer_id"],
        plan_id=found["plan_id"],
        programme=found.get("programme"),
        starts_on=found.get("coverage_start"),
        ends_on=found.get("coverage_end"),
        birth_date=found.get("birth_date"),
    )


def _mixed(lines: Sequence[Line]) -> list[Bad]:
    """A full file is full: what ends, it leaves out."""
    if not any(line.kind is Maintenance.FULL for line in lines):
        return []
    return [Bad(line.number, "maintenance_type", "mixed_with_full_file") for line in lines if line.kind is not Maintenance.FULL]
