"""What assessments holds of a client, table by table. A table that stands in neither way fails a test."""

from common.contracts.privacy import RecordCategory as Category
from common.holdings.registry import Held, NotOfAClient, Registry
from common.holdings.shared import BUS, DEADLINES, OPENS

MINE = "t.client_id = of.client"
ABOUT_MINE = """t.about in (
  select flag_id from safety_flag where client_id = of.client
  union all select assignment_id from assignment where client_id = of.client)"""
PROGRAMME = "(select min(r.programme) from care_request r where r.episode_id = t.episode_id)"

ASSESSMENTS: Registry = {
    **BUS,
    **DEADLINES,
    "assessment_response": Held(
        Category.ASSESSMENT_RESULTS,
        MINE,
        day="coalesce(t.completed_at, t.saved_at)",
        programme="t.programme",
        category_of="case t.instrument when 'satisfaction' then 'satisfaction' end",
        categories=(Category.SATISFACTION,),
        columns={Category.ASSESSMENT_ANSWERS: ("answers",)},
    ),
    "assessment_schedule": NotOfAClient("versions of schedules"),
    "assignment": Held(Category.ASSESSMENT_RESULTS, MINE, day="coalesce(t.sent_at, t.send_at)", programme="t.programme"),
    "care_request": Held(Category.APPOINTMENTS, MINE, day="t.changed_at", programme="t.programme"),
    "care_visit": Held(Category.APPOINTMENTS, MINE, day="coalesce(t.starts_at, t.booked_at)", programme="t.programme"),
    "known_client": Held(Category.CONTACT_AND_DEMOGRAPHICS, MINE, programme="t.programme"),
    "outcome": Held(Category.ASSESSMENT_RESULTS, MINE, day="t.measured_at", programme=PROGRAMME),
    "safety_flag": Held(Category.SAFETY, MINE, day="t.raised_at", programme="t.programme"),
    "to_plan": Held(Category.OPERATIONS, MINE),
    "waiting_notice": Held(
        Category.COMMUNICATIONS,
        # Also what the client's providers are told of a flag.
        f"(t.kind = 'client' and t.recipient_id = of.client) or {ABOUT_MINE}",
        day="t.created_at",
        without={"link": OPENS},
    ),
}
