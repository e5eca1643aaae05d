"""What a kick-off asks for: the parameters of Bulk Data 3.0.0 and of the ballot of 4.0.0, from a query or a Parameters resource. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from common.problems import Problem
from reporting.exports.rules import OutputFormat

T = TypeVar("T")
FORMATS = {name: OutputFormat.NDJSON for name in ("application/fhir+ndjson", "application/ndjson", "ndjson")} | {
    name: OutputFormat.PARQUET for name in ("application/vnd.apache.parquet", "parquet")
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One parameter: its name, and each of its values."""

    name: str
    values: tuple[str, ...]


@dataclass
class Wanted:
    """What is understood of it. `types` empty: all."""

    types: tuple[str, ...] = ()
    patients: tuple[UUID, ...] | None = None
    since: datetime | None = None
    by_patient: bool = False
    output_format: OutputFormat = OutputFormat.NDJSON
    manifest_version: int = 3
    ignored: list[str] = field(default_factory=list)


def is_lenient(prefer: str | None) -> bool:
    """Of the header Prefer (RFC 7240)."""
    return "handling=lenient" in {said.strip().lower() for said in (prefer or "").replace(";", ",").split(",")}


def gather(pairs: Iterable[tuple[str, str]]) -> list[Asked]:
    """Repeated parameters and values with commas mean the same. A name that is none of ours keeps no value."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).extend(part.strip() for part in value.split(",") if part.strip())
    return [Asked(name, tuple(values)) for name, values in found.items()]


def understand(asked: Sequence[Asked], known: Sequence[str], now: datetime, *, lenient: bool, patients: bool) -> Wanted:
    """`known`: the types there are. `patients`: whether the request may name them. Raises Problem where something is not understood or
    not supported; where that is to be left aside, it stands in `ignored`."""
    wanted = Wanted()
    for parameter in asked:
        try:
            _take(wanted, parameter, known, now, patients=patients)
        except Problem as problem:
            if not lenient or problem.code != "not_supported":
                raise
            wanted.ignored.append(parameter.name)
    if wanted.by_patient and wanted.output_format is OutputFormat.PARQUET:
        if not lenient:
            raise Problem("not_supported", "A Parquet file holds one type: it is not organised by patient.", field="organizeOutputBy")
        wanted.by_patient = False
        wanted.ignored.append("organizeOutputBy")
    return wanted


def _take(wanted: Wanted, parameter: Asked, known: Sequence[str], now: datetime, *, patients: bool) -> None:
    match parameter.name:
        case "_type":
            _take_types(wanted, parameter, known)
        case "_since":
            wanted.since = _instant(parameter, now)
        case "_outputFormat":
            wanted.output_format = _one_of(parameter, FORMATS)
        case "organizeOutputBy":
            wanted.by_patient = _one_of(parameter, {"Patient": True})
        case "_manifestVersion":
            wanted.manifest_version = _one_of(parameter, {"3": 3, "4": 4})
        case "patient":
            if not patients:  # left aside, it would give more than was asked for (C17)
                raise _invalid(parameter, "Patients are named in a POST, and not at the level of the system.")
            wanted.patients = tuple(_token(parameter, value) for value in parameter.values)
        case _:
            raise _not_supported(parameter, "This parameter is not supported.")


def _take_types(wanted: Wanted, parameter: Asked, known: Sequence[str]) -> None:
    wanted.types = tuple(kind for kind in known if kind in parameter.values)
    if not wanted.types:  # left aside, everything would be exported in place of nothing (C17)
        raise Problem("invalid_request", "None of these types is exported.", field="_type", rule="C17")
    if set(parameter.values) - set(known):
        raise _not_supported(parameter, "Not all of these types are exported.")


def _instant(parameter: Asked, now: datetime) -> datetime:
    try:
        said = datetime.fromisoformat(_one(parameter).replace(" ", "+"))  # a plus sign that was not escaped in a query
    except ValueError as error:
        raise _invalid(parameter, "No instant.") from error
    if said.tzinfo is None or "T" not in parameter.values[0]:
        raise _invalid(parameter, "An instant has a time and a time zone.")
    if said > now:
        raise _invalid(parameter, "An instant that lies in the future.")
    return said


def _token(parameter: Asked, reference: str) -> UUID:
    try:
        return UUID(reference.removeprefix("Patient/"))
    except ValueError as error:
        raise _invalid(parameter, "A reference to a patient is Patient/ and the id that an export gave.") from error


def _one_of(parameter: Asked, known: Mapping[str, T]) -> T:
    said = _one(parameter)
    if said not in known:
        raise _not_supported(parameter, f"There is nothing but {', '.join(known)}.")
    return known[said]


def _one(parameter: Asked) -> str:
    if len(parameter.values) != 1:
        raise _invalid(parameter, "One value, not several.")
    return parameter.values[0]


def _invalid(parameter: Asked, detail: str) -> Problem:
    return Problem("invalid_request", detail, field=parameter.name)


def _not_supported(parameter: Asked, detail: str) -> Problem:
    return Problem("not_supported", detail, field=parameter.name)
