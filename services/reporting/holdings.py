"""What reporting holds of a client, table by table. A table that stands in neither way fails a test."""

from common.contracts.privacy import RecordCategory as Category
from common.holdings.registry import Held, NotOfAClient, Registry
from common.holdings.shared import BUS

MINE = "t.client_id = of.client"
TOKENS = "select token from recipient_token where client_id = of.client"
OF_TOKEN = "(select r.programme from recipient_token r where r.token = t.token)"
OF_EXPORT = "(select e.{} from export e where e.export_id = t.export_id)"
OF_EPISODE = "(select e.{} from episode_fact e where e.episode_id = t.episode_id)"
COUNTED = NotOfAClient("numbers of groups; in which of them a client counts is in unit")
RECIPIENTS = NotOfAClient("a recipient's")

INDIVIDUAL: Registry = {
    "access_token": RECIPIENTS,
    "audit": RECIPIENTS,
    "audit_finding": RECIPIENTS,
    "client": Held(Category.COVERAGE, MINE, programme="t.programme"),
    "contract": RECIPIENTS,
    "data_correction": Held(Category.OPERATIONS, MINE, day="t.decided_at"),
    "data_correction_notice": Held(
        Category.SHARING,
        "t.correction_id in (select correction_id from data_correction where client_id = of.client)",
        day="t.queued_at",
    ),
    "direction": NotOfAClient("an employer's"),
    "disclosure": Held(Category.SHARING, MINE, day="t.disclosed_at", programme="t.programme"),
    "export": Held(
        Category.SHARING,
        f"t.patients && array({TOKENS})",
        day="t.requested_at",
        programme="t.programme",
        instead={"patients": (f"to_jsonb(array({TOKENS} intersect select unnest(t.patients)))", "the others are other clients")},
        without={"request": "names the other clients too"},
    ),
    "export_deletion": Held(Category.SHARING, f"t.token in ({TOKENS})", day="t.deleted_at", programme=OF_EXPORT.format("programme")),
    "export_part": NotOfAClient("how an export is divided; a client's rows are in export_row"),
    "export_row": Held(Category.SHARING, MINE, day=OF_EXPORT.format("requested_at"), programme="t.programme"),
    "export_stream": NotOfAClient("how an export is divided"),
    "partner_dirty": Held(Category.OPERATIONS, MINE, programme="t.programme"),
    "partner_notice": Held(Category.SHARING, MINE, day="t.at", programme="t.programme"),
    "partner_release": RECIPIENTS,
    "recall": Held(Category.SHARING, MINE, day="t.created_at", programme="t.programme"),
    "recipient": RECIPIENTS,
    "recipient_token": Held(Category.SHARING, MINE, day="t.opened_at", programme="t.programme"),
    "record": Held(
        Category.APPOINTMENTS,
        MINE,
        day="t.occurred_at",
        programme="t.programme",
        # What may be shared by itself is, as a record, about appointments.
        category_of="nullif(t.category, 'session_frequency')",
        categories=(Category.CONTACT_AND_DEMOGRAPHICS, Category.ASSESSMENT_RESULTS, Category.SATISFACTION),
    ),
    "release_opening": RECIPIENTS,
    "sealing_key": Held(
        Category.SHARING,
        f"t.token in ({TOKENS})",
        day="t.made_at",
        programme=OF_TOKEN,
        without={"wrapped": "the key of what a recipient has sealed"},
    ),
    "sharing": Held(Category.SHARING, MINE, day="t.decided_at", programme="t.programme"),
    "used_assertion": RECIPIENTS,
    "webhook_delivery": Held(
        Category.SHARING, "t.recall_id in (select recall_id from recall where client_id = of.client)", day="t.created_at"
    ),
}

AGGREGATE: Registry = {
    "asked_fact": Held(Category.AGGREGATES, MINE, day="t.asked_at", programme="t.programme"),
    "closing": NotOfAClient("which month was closed when, and which events waited then"),
    "counted_client": Held(Category.AGGREGATES, MINE, programme="t.programme"),
    "episode_fact": Held(Category.AGGREGATES, MINE, day="t.sought_at", programme="t.programme"),
    "outcome_fact": Held(Category.AGGREGATES, MINE, day=OF_EPISODE.format("sought_at"), programme=OF_EPISODE.format("programme")),
    "population": COUNTED,
    "published_cell": COUNTED,
    "recount_mark": Held(Category.OPERATIONS, MINE),
    "release": COUNTED,
    "request_fact": Held(Category.AGGREGATES, MINE, day="t.requested_at", programme=OF_EPISODE.format("programme")),
    "rollup": COUNTED,
    "score_fact": Held(Category.AGGREGATES, MINE),
    "session_fact": Held(Category.AGGREGATES, MINE, day="t.held_on"),
    "unit": Held(Category.AGGREGATES, MINE, day="to_date(t.month, 'YYYY-MM')", programme="t.programme"),
    "withheld_cell": COUNTED,
}
REPORTING: Registry = {**BUS, **INDIVIDUAL, **AGGREGATE}
