"""What the directory knows of a provider, and in which order it shows them (S5). Pure."""

import hashlib
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from common.contracts.vocabulary import Programme
from common.problems import Problem
from scheduling.providers.record import Provider
from scheduling.providers.requirements import counts_until, participating, suits
from scheduling.providers.vocabulary import said_as

Order = Literal["rotation", "next_open", "relevance"]
ORDERS: tuple[Order, ...] = ("rotation", "next_open", "relevance")


@dataclass(frozen=True, slots=True)
class Listing:
    """From the first to the last day, both included, the provider may be asked by people of this plan who live in this state."""

    state: str
    plan_id: UUID
    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class Candidate:
    """Whom Client Matching may propose."""

    provider_id: UUID
    name: str
    languages: Sequence[str]
    """In small letters, with the shorter tag of each longer one."""
    specialties: Sequence[str]
    next_open_at: datetime | None


def listings(provider: Provider) -> set[Listing]:
    """S3 written out in days, so that nothing has to be done on the day when a licence or a credential ends."""
    return set(_listings(provider)) if suits(provider) and programmes(provider) else set()


def _listings(provider: Provider) -> Iterator[Listing]:
    for licence in provider.licences:
        for credential in provider.credentials:
            until_on = min(licence.expires_on, counts_until(provider, credential))
            if licence.kind == "full" and credential.under_network_tax_id and credential.starts_on <= until_on:
                yield Listing(licence.state, credential.plan_id, credential.starts_on, until_on)


def programmes(provider: Provider) -> list[Programme]:
    """These have no days: who leaves has left."""
    return [programme for programme in Programme if participating(provider, programme)]


def traits(provider: Provider) -> list[str]:
    """What a filter may ask for, as `filter:value`. A language is found by its own tag and by each shorter one (RFC 4647, 3.3.1)."""
    found = {f"specialty:{code}" for code in provider.specialties} | {f"modality:{code}" for code in provider.modalities}
    found |= {f"language:{tag}" for language in provider.languages for tag in _ranges(language.lower())}
    found |= {f"programme:{programme}" for programme in programmes(provider)}
    found |= {f"degree:{provider.degree}", f"gender:{provider.gender}"}
    offered = {"virtual": provider.virtual_care, "in_person": provider.in_person, "accepting": provider.accepting_clients}
    return sorted(found | {name for name, offers in offered.items() if offers})


def _ranges(tag: str) -> Iterator[str]:
    parts = tag.split("-")
    return ("-".join(parts[:length]) for length in range(1, len(parts) + 1))


def spoken(found: Sequence[str]) -> list[str]:
    """The languages among the traits."""
    return [trait.removeprefix("language:") for trait in found if trait.startswith("language:")]


def practice(provider: Provider) -> str:
    """Specialties and modalities in words."""
    return ", ".join(said_as(code) for code in (*provider.specialties, *provider.modalities))


def seed_of(caller: UUID, today: date) -> int:
    """Of the day and of who looks: everybody sees another order, and nobody is always the first. Keeps still for a day."""
    drawn = hashlib.sha256(caller.bytes + today.isoformat().encode()).digest()
    return int.from_bytes(drawn[:8], "big", signed=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended. The seed travels with it, so that a page after midnight goes on as the one before began."""

    order: Order
    seed: int
    key: int
    provider_id: UUID

    def cursor(self) -> str:
        packed = struct.pack(">Bqq16s", ORDERS.index(self.order), self.seed, self.key, self.provider_id.bytes)
        return urlsafe_b64encode(packed).decode()


def place_of(cursor: str, order: Order) -> Place:
    """Raises Problem where the cursor is none of ours, or of a search in another order."""
    try:
        number, seed, key, provider_id = struct.unpack(">Bqq16s", urlsafe_b64decode(cursor))
        place = Place(ORDERS[number], seed, key, UUID(bytes=provider_id))
    except (ValueError, IndexError, struct.error) as error:
        raise Problem("invalid_request", "The cursor is not one of ours.", field="cursor") from error
    if place.order != order:
        raise Problem("invalid_request", "The cursor is of a search in another order.", field="cursor")
    return place
