"""S3, S5: the days that the directory keeps say the same as S3 judged on each day."""

from datetime import date
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from common.contracts.vocabulary import Programme
from scheduling.directory.rules import listings, traits
from scheduling.providers.record import Provider
from scheduling.providers.requirements import unmet
from tests.scheduling.providers.made import CARE_CONNECT, OTHER_PLAN, PLAN, TODAY, credential, days, providers, whole


@given(providers, days, st.sampled_from(Programme), st.sampled_from(["MA", "NY"]), st.sampled_from([PLAN, OTHER_PLAN]))
@example(whole(), TODAY, CARE_CONNECT, "MA", PLAN)
@example(whole(insurance_departure_on=TODAY), TODAY, CARE_CONNECT, "MA", PLAN)
@example(whole(credentials=(credential(starts_on=TODAY, ends_on=TODAY),)), TODAY, CARE_CONNECT, "MA", PLAN)
def test_S3_a_provider_is_found_on_exactly_the_days_on_which_nothing_is_unmet(
    provider: Provider, today: date, programme: Programme, state: str, plan_id: UUID
) -> None:
    found = [x for x in listings(provider) if (x.state, x.plan_id) == (state, plan_id) and x.from_on <= today <= x.until_on]
    assert bool(found and f"programme:{programme}" in traits(provider)) == (not unmet(provider, programme, state, plan_id, today))
