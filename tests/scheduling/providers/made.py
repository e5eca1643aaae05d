"""Providers for tests: one who meets all of S3, and any that there could be."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

from hypothesis import strategies as st

from common.contracts.vocabulary import Programme
from scheduling.providers.record import Credential, Licence, Participation, Provider, TermsAgreed
from scheduling.providers.vocabulary import CURRENT_TERMS, TERMS, Degree, LicenceKind, Term

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
TODAY = date(2026, 3, 2)
PLAN, OTHER_PLAN = UUID(int=1), UUID(int=2)
CARE_CONNECT, EWS = Programme.CARE_CONNECT, Programme.EWS
JOINED = Participation(programme=CARE_CONNECT, terms_version=CURRENT_TERMS, agreed=tuple(sorted(TERMS)), agreed_at=NOW - timedelta(days=90))


def terms(programme: Programme = CARE_CONNECT, agreed: tuple[Term, ...] = TERMS, version: str = CURRENT_TERMS) -> TermsAgreed:
    return TermsAgreed(programme=programme, terms_version=version, agreed=frozenset(agreed))


def licence(state: str = "MA", kind: LicenceKind = "full", expires_on: date = TODAY + timedelta(days=365)) -> Licence:
    return Licence(state=state, kind=kind, expires_on=expires_on)


def credential(
    plan_id: UUID = PLAN, *, ours: bool = True, starts_on: date = TODAY - timedelta(days=100), ends_on: date | None = None
) -> Credential:
    return Credential(plan_id=plan_id, under_network_tax_id=ours, starts_on=starts_on, ends_on=ends_on)


def whole(**changes: Any) -> Provider:
    """Meets every requirement, but for what is changed."""
    given: dict[str, Any] = {
        "provider_id": uuid4(),
        "name": "R. Alvarez",
        "state": "MA",
        "degree": "masters",
        "licences": (licence(),),
        "credentials": (credential(),),
        "virtual_care": True,
        "manages_in_portal": True,
        "participations": (JOINED,),
    }
    return Provider(**(given | changes))


days = st.integers(-40, 40).map(lambda number: TODAY + timedelta(days=number))
licences = st.builds(Licence, state=st.sampled_from(["MA", "NY"]), kind=st.sampled_from(get_args(LicenceKind)), expires_on=days)
credentials = st.builds(
    Credential, plan_id=st.sampled_from([PLAN, OTHER_PLAN]), under_network_tax_id=st.booleans(), starts_on=days, ends_on=days | st.none()
)
participations = st.builds(
    Participation,
    programme=st.sampled_from(Programme),
    terms_version=st.just(CURRENT_TERMS),
    agreed=st.lists(st.sampled_from(TERMS), min_size=3, max_size=4, unique=True).map(tuple),
    agreed_at=st.just(NOW - timedelta(days=90)),
    left_at=st.none() | st.just(NOW - timedelta(days=9)),
)
providers = st.builds(
    Provider,
    provider_id=st.uuids(),
    name=st.just("R. Alvarez"),
    state=st.just("MA"),
    degree=st.sampled_from(get_args(Degree)[:4]),
    licences=st.lists(licences, max_size=3).map(tuple),
    credentials=st.lists(credentials, max_size=3).map(tuple),
    virtual_care=st.integers(0, 9).map(bool),
    manages_in_portal=st.integers(0, 9).map(bool),
    insurance_departure_on=st.none() | days,
    participations=st.lists(participations, max_size=2, unique_by=lambda joined: joined.programme).map(tuple),
)
"""Each requirement is met by some and not by others."""
