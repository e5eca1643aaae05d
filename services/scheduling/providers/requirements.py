"""S3: what a provider must be to take part, judged as of a day. Nothing that is answered here is stored. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.vocabulary import Programme
from scheduling.providers.record import Credential, Licence, Participation, Provider
from scheduling.providers.vocabulary import ELIGIBLE_DEGREES, TERMS, Term

Code = Literal[
    "degree_not_eligible",
    "not_licensed",
    "licence_pre_licensed",
    "licence_limited",
    "licence_expired",
    "not_credentialed",
    "not_under_network_tax_id",
    "credential_not_yet",
    "credential_ended",
    "left_insurance_programme",
    "no_virtual_care",
    "not_managed_in_portal",
    "not_participating",
    "left_programme",
    "terms_not_agreed",
]


class Unmet(BaseModel):
    """A requirement that is not met, as the provider is told of it."""

    model_config = ConfigDict(frozen=True)

    code: Code
    rule: str
    detail: str


TERM_TEXTS: dict[Term, str] = {
    "S7": "to answer consultation requests within 24 hours",
    "S8": "to schedule a first consultation call within 5 days",
    "A1": "to PHQ-9 and GAD-7 before the first visit",
    "A3": "to a follow-up assessment 4 to 6 weeks after the first session",
}


def unmet(provider: Provider, programme: Programme, client_state: str | None, plan_id: UUID | None, today: date) -> list[Unmet]:
    """Every requirement that is not met today. Without a state or a plan: in any state, with any plan."""
    return [
        *_practice(provider),
        *_licence([x for x in provider.licences if client_state in (None, x.state)], client_state, today),
        *_credential(provider, plan_id, today),
        *_participation(provider, programme),
    ]


def suits(provider: Provider) -> bool:
    """What holds on every day until the record is changed."""
    return not list(_practice(provider))


def participating(provider: Provider, programme: Programme) -> bool:
    return not list(_participation(provider, programme))


def counts_until(provider: Provider, credential: Credential) -> date:
    """The last day on which it counts. S4: what was there when the provider left the insurance programme ends with it."""
    ends_on, departure = credential.ends_on or date.max, provider.insurance_departure_on
    return min(ends_on, departure) if departure and credential.starts_on <= departure else ends_on


def _practice(provider: Provider) -> Iterator[Unmet]:
    if provider.degree not in ELIGIBLE_DEGREES:
        yield _s3("degree_not_eligible", "Masters level, a psychology doctorate or nurse practitioner is needed.")
    if not provider.virtual_care:
        yield _s3("no_virtual_care", "Virtual care has to be offered.")
    if not provider.manages_in_portal:
        yield _s3("not_managed_in_portal", "Scheduling and billing have to be managed in the portal.")


def _licence(licences: Sequence[Licence], state: str | None, today: date) -> Iterator[Unmet]:
    where = f"in {state}" if state else "in any state"
    full = [licence for licence in licences if licence.kind == "full"]
    if any(today <= licence.expires_on for licence in full):
        return
    if full:
        last = max(licence.expires_on for licence in full)
        yield _s3("licence_expired", f"The full licence {where} was good until {last}.")
    elif any(licence.kind == "limited" for licence in licences):
        yield _s3("licence_limited", f"The licence {where} is limited: a full one is needed.")
    elif licences:
        yield _s3("licence_pre_licensed", f"Pre-licensed {where}: a full licence is needed, under supervision is fine.")
    else:
        yield _s3("not_licensed", f"No licence {where} is on record.")


def _credential(provider: Provider, plan_id: UUID | None, today: date) -> Iterator[Unmet]:
    known = [credential for credential in provider.credentials if plan_id in (None, credential.plan_id)]
    ours = [credential for credential in known if credential.under_network_tax_id]
    if any(c.starts_on <= today <= counts_until(provider, c) for c in ours):
        return
    begun = [c for c in ours if c.starts_on <= today]
    if not known:
        yield _s3("not_credentialed", "Not credentialed with the health plan.")
    elif not ours:
        yield _s3("not_under_network_tax_id", "Credentialed with the health plan, and not under the network's tax id.")
    elif not begun:
        yield _s3("credential_not_yet", f"The credential begins on {min(c.starts_on for c in ours)}.")
    elif any(today <= (c.ends_on or date.max) for c in begun):
        yield Unmet(
            code="left_insurance_programme", rule="S4", detail=f"Left the insurance programme on {provider.insurance_departure_on}."
        )
    else:
        yield _s3("credential_ended", f"The credential was good until {max(counts_until(provider, c) for c in begun)}.")


def _participation(provider: Provider, programme: Programme) -> Iterator[Unmet]:
    ever = [joined for joined in provider.participations if joined.programme is programme]
    current = next((joined for joined in ever if joined.left_at is None), None)
    if current is None and ever:
        left: Participation = max(ever, key=lambda joined: joined.agreed_at)
        yield Unmet(code="left_programme", rule="S4", detail=f"Left the programme at {left.left_at:%Y-%m-%d %H:%M} UTC.")
    elif current is None:
        yield _s3("not_participating", "Has not joined the programme.")
    else:
        for term in TERMS:
            if term not in current.agreed:
                yield Unmet(code="terms_not_agreed", rule=term, detail=f"Has not agreed {TERM_TEXTS[term]}.")


def _s3(code: Code, detail: str) -> Unmet:
    return Unmet(code=code, rule="S3", detail=detail)
