"""What scheduling holds of a client, table by table. A table that stands in neither way fails a test."""

from common.contracts.privacy import RecordCategory as Category
from common.holdings.registry import Held, NotOfAClient, Registry
from common.holdings.shared import BUS, DEADLINES, OPENS

MINE = "t.client_id = of.client"
ABOUT_MINE = """t.about in (
  select request_id from consultation_request where client_id = of.client
  union all select appointment_id from appointment where client_id = of.client
  union all select case_id from matching_case where client_id = of.client
  union all select entry_id from waitlist_entry where client_id = of.client
  union all select episode_id from episode where client_id = of.client)"""

SCHEDULING: Registry = {
    **BUS,
    **DEADLINES,
    "appointment": Held(Category.APPOINTMENTS, MINE, day="t.starts_at", programme="t.programme"),
    "applied_correction": Held(Category.OPERATIONS, MINE, day="t.applied_at"),
    "availability": NotOfAClient("a provider's"),
    "availability_exception": NotOfAClient("a provider's"),
    "client": Held(
        Category.CONTACT_AND_DEMOGRAPHICS,
        MINE,
        programme="t.programme",
        columns={Category.COVERAGE: ("employer_id", "plan_id", "member_id")},
    ),
    "consultation_request": Held(Category.APPOINTMENTS, MINE, day="t.requested_at", programme="t.programme"),
    "contact": Held(Category.CONTACT_AND_DEMOGRAPHICS, "t.kind = 'client' and t.id = of.client"),
    "contract": NotOfAClient("an employer's"),
    "coverage_choice": Held(Category.COVERAGE, MINE, day="t.chosen_at", programme="t.programme"),
    "coverage_period": Held(Category.COVERAGE, MINE, day="t.recorded_at", programme="t.programme"),
    "directory_listing": NotOfAClient("providers in the directory"),
    "directory_text": NotOfAClient("providers in the directory"),
    "eligibility_file": NotOfAClient("that an employer's file was taken, in numbers; what it said of a client is in coverage_period"),
    "eligibility_verdict": Held(Category.COVERAGE, MINE, day="t.verified_at", programme="t.programme"),
    "employer": NotOfAClient("an employer's"),
    "episode": Held(Category.APPOINTMENTS, MINE, day="t.sought_at", programme="t.programme"),
    "matching_case": Held(Category.APPOINTMENTS, MINE, day="t.opened_at", programme="t.programme"),
    "next_opening": NotOfAClient("a provider's"),
    "notification": Held(
        Category.COMMUNICATIONS,
        # Also what providers were told of a client's requests and appointments. What they were told of a safety flag names the flag
        # alone, which only assessments knows.
        f"(t.recipient_kind = 'client' and t.recipient_id = of.client) or {ABOUT_MINE}",
        day="t.created_at",
        without={"link": OPENS},
    ),
    "participation": NotOfAClient("a provider's"),
    "payer_answer": Held(Category.COVERAGE, MINE, day="t.answered_at", programme="t.programme"),
    "plan": NotOfAClient("a plan's"),
    "provider": NotOfAClient("a provider's"),
    "served_state": NotOfAClient("where the network is open"),
    "slot": Held(
        Category.APPOINTMENTS,
        "t.held_by = of.client or t.appointment_id in (select appointment_id from appointment where client_id = of.client)",
        day="lower(t.during)",
        programme="(select a.programme from appointment a where a.appointment_id = t.appointment_id)",
    ),
    "visit": Held(Category.COVERAGE, MINE, day="t.on_date", programme="t.programme"),
    "waitlist_entry": Held(Category.APPOINTMENTS, MINE, day="t.joined_at"),
    "weekly_hours": NotOfAClient("a provider's"),
}
