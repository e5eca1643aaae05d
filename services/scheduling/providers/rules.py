"""Joining a programme, leaving it, leaving the insurance programme (S3, S4), and who may change what. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from common.contracts.vocabulary import Programme
from common.problems import Problem
from scheduling.geography import check_zone, zone_of
from scheduling.providers.record import RECORDED, VERIFIED, Participation, Provider, ProviderRecord, TermsAgreed
from scheduling.providers.requirements import Unmet, unmet
from scheduling.providers.vocabulary import CURRENT_TERMS

NOTICE = timedelta(days=30)
"""S4: leaving the insurance programme."""


def placed(provider: Provider) -> Provider:
    """With its zone. Raises Problem where a state or the zone is none."""
    for state in (provider.state, *(licence.state for licence in provider.licences)):
        zone_of(state)
    if provider.zone is not None:
        check_zone(provider.zone)
    return provider.model_copy(update={"zone": provider.local_zone})


def join(provider: Provider, terms: TermsAgreed, now: datetime) -> Provider:
    """Raises Problem unless S3 holds today, for some state and plan. Whoever is in already stays so, by the terms of that day."""
    if current(provider, terms.programme):
        return provider
    if terms.terms_version != CURRENT_TERMS:
        raise Problem("requirement_not_met", f"The terms to agree to are those of {CURRENT_TERMS}.", field="terms_version", rule="S3")
    joined = Participation(
        programme=terms.programme, terms_version=terms.terms_version, agreed=tuple(sorted(terms.agreed)), agreed_at=now, left_at=None
    )
    there = provider.model_copy(update={"participations": (*provider.participations, joined)})
    refuse(unmet(there, terms.programme, None, None, provider.today(now)))
    return there


def refuse(missing: Sequence[Unmet]) -> None:
    """Raises Problem, with all that is not met, where there is anything."""
    if missing:
        found = [{"code": each.code, "rule": each.rule, "detail": each.detail} for each in missing]
        raise Problem("requirement_not_met", missing[0].detail, rule=missing[0].rule, unmet=found)


def current(provider: Provider, programme: Programme) -> Participation | None:
    return next((p for p in provider.participations if p.programme is programme and p.left_at is None), None)


def leave(provider: Provider, programme: Programme, now: datetime) -> Provider:
    """S4: at once, whenever they want. Clients stay: nothing else is touched. Raises Problem where they have never been in."""
    if all(p.programme is not programme for p in provider.participations):
        raise Problem("not_found", "The provider has not joined this programme.", field="programme")
    there = tuple(
        p.model_copy(update={"left_at": now}) if p.programme is programme and p.left_at is None else p for p in provider.participations
    )
    return provider.model_copy(update={"participations": there})


def give_notice(provider: Provider, today: date) -> Provider:
    """S4: the credentials count for thirty more days. Saying it again moves nothing."""
    departure = provider.insurance_departure_on
    if departure is not None and today <= departure:
        return provider
    ended = tuple(
        c.model_copy(update={"ends_on": min(c.ends_on or departure, departure)}) if departure and c.starts_on <= departure else c
        for c in provider.credentials
    )  # what an earlier departure ended does not come back to life with a new one
    return provider.model_copy(update={"credentials": ended, "insurance_departure_on": today + NOTICE, "version": provider.version + 1})


def withdraw_notice(provider: Provider, today: date) -> Provider:
    """Until it has taken effect. Raises Problem afterwards; where there is none, all stays as it is."""
    departure = provider.insurance_departure_on
    if departure is None:
        return provider
    if today > departure:
        raise Problem("wrong_state", f"Left the insurance programme on {departure}: a new credential is needed.", rule="S4")
    return provider.model_copy(update={"insurance_departure_on": None, "version": provider.version + 1})


def rewrite(provider: Provider, record: ProviderRecord, on_version: int, *, by_themselves: bool) -> Provider:
    """The whole record anew. Raises Problem where it has changed since, or a provider changes what operations have verified."""
    if provider.version != on_version:
        raise Problem("state_changed", "The provider's record has changed since.", field="If-Match", version=provider.version)
    changed = provider.model_copy(update={name: getattr(record, name) for name in RECORDED} | {"version": provider.version + 1})
    for name in VERIFIED if by_themselves else ():
        if getattr(changed, name) != getattr(provider, name):
            raise Problem("forbidden", "Changed by operations, who see the papers.", field=name, rule="S3")
    return placed(changed)
