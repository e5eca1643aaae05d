"""What an accounting of disclosures says, law by law (C9)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from consent.accounting.rules import Entry, Law, LegalBasis, Outcome, counted, period_of, summarised, years_before

NOW = datetime(2028, 2, 29, 12, tzinfo=UTC)
COURT = "164.512(e)(1)(i)"


def entry(days_ago: float, **said: object) -> Entry:
    told: dict[str, object] = {
        "entry_id": uuid4(),
        "disclosed_at": NOW - timedelta(days=days_ago),
        "recipient_name": "Optum",
        "recipient_address": "11000 Optum Circle, Eden Prairie, MN",
        "path": "export",
        "kinds": ("appointments",),
        "records": 2,
        "purpose": "personalised_health_recommendations",
        "legal_basis": LegalBasis.AUTHORIZATION,
    }
    return Entry.model_validate(told | said)


released = entry(10, legal_basis=COURT, path="legal_release", purpose="legal_demand", recipient_name="A court")
refused = entry(11, legal_basis=COURT, path="legal_release", purpose="legal_demand", recipient_name="A court", outcome=Outcome.REFUSED)
copy = entry(12, legal_basis=LegalBasis.RIGHT_OF_ACCESS, path="access_bundle", recipient_name="client")
shared = entry(13)
EVERYTHING = [released, refused, copy, shared]


def view(entries: list[Entry], law: Law, **period: datetime) -> list[Entry]:
    return counted(entries, law, period_of(law, NOW, **period))


def test_C9_everything_is_shown_to_the_client_in_the_order_in_which_it_left() -> None:
    assert view(EVERYTHING, Law.ALL) == [shared, copy, refused, released]


def test_C9_the_federal_accounting_leaves_out_what_left_on_an_authorization_and_to_the_client() -> None:
    assert view(EVERYTHING, Law.HIPAA) == [released]


def test_C9_part_2_asks_for_what_left_with_consent_three_years_back() -> None:
    assert view([*EVERYTHING, entry(3 * 366)], Law.PART_2) == [shared]


def test_C9_nothing_older_than_six_years_is_asked_for_whatever_period_is_named() -> None:
    old = entry(6 * 366 + 1)
    assert view([old, shared], Law.ALL, since=NOW - timedelta(days=9_000)) == [shared]
    assert years_before(NOW, 6) == datetime(2022, 2, 28, 12, tzinfo=UTC), "of a leap day, the day before"
    assert view([entry(0, disclosed_at=years_before(NOW, 6))], Law.ALL), "the first day counts"


def test_C9_a_period_holds_its_beginning_and_not_its_end() -> None:
    at = shared.disclosed_at
    assert view([shared], Law.ALL, since=at, until=at + timedelta(seconds=1)) == [shared]
    assert view([shared], Law.ALL, since=at - timedelta(days=1), until=at) == []


@given(st.lists(st.tuples(st.floats(0, 2_000), st.sampled_from(["a", "b"]), st.integers(0, 9), st.booleans()), max_size=30))
def test_C9_the_summary_counts_each_disclosure_once(said: list[tuple[float, str, int, bool]]) -> None:
    """45 CFR 164.528(b)(3): the first in full, how many, and the date of the last."""
    made = [entry(d, recipient_name=who, records=n, recalled_by=uuid4() if back else None) for d, who, n, back in said]
    entries = view(made, Law.ALL)
    series = summarised(entries)
    assert sum(one.number for one in series) == len(entries)
    assert sum(one.records for one in series) == sum(n for _, _, n, _ in said)
    assert sum(one.recalled for one in series) == sum(back for *_, back in said)
    for one in series:
        of_it = [e for e in entries if e.recipient_name == one.first.recipient_name]
        assert (one.first, one.last_at, one.number) == (of_it[0], of_it[-1].disclosed_at, len(of_it))
        assert (one.every_days is None) == (one.number == 1)


def test_C9_what_was_refused_is_no_part_of_the_series_of_what_left() -> None:
    same = {"recipient_name": "A court", "legal_basis": COURT, "purpose": "legal_demand"}
    series = summarised(view([entry(2, **same), entry(1, **same, outcome=Outcome.REFUSED)], Law.ALL))
    assert [one.number for one in series] == [1, 1]
    assert all(isinstance(one.series_id, UUID) for one in series)
