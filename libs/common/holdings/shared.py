"""What every service has for its bus, its deadlines and its notices, as held or not of a client."""

from common.contracts.privacy import RecordCategory
from common.holdings.registry import Held, NotOfAClient, Registry

OPERATIONS = RecordCategory.OPERATIONS
BY_DEADLINE = "t.deadline_id in (select deadline_id from deadline d where d.about = of.client)"
OPENS = "whoever has it may act in the client's place"

BUS: Registry = {
    "applied": NotOfAClient("positions in streams"),
    "dead_letter": NotOfAClient("bytes that are no event; whose they would be is not known"),
    "idempotency": Held(
        OPERATIONS,
        # What others asked for with a key was answered from rows that are in here themselves.
        "t.caller = 'client:' || of.client",
        day="t.at",
    ),
    "journal": Held(OPERATIONS, "t.subject = of.client", day="t.recorded_at"),
    "journal_head": NotOfAClient("positions in streams"),
    "parked_client": Held(OPERATIONS, "t.client_id = of.client", day="t.parked_at"),
    "parked_event": Held(OPERATIONS, "t.client_id = of.client"),
    "relay_cursor": NotOfAClient("positions in streams"),
}

DEADLINES: Registry = {
    "deadline": Held(OPERATIONS, "t.about = of.client", day="t.anchor_at"),
    "deadline_history": Held(OPERATIONS, BY_DEADLINE, day="t.at"),
    "deadline_policy": NotOfAClient("versions of rules"),
    "deadline_rung": Held(OPERATIONS, BY_DEADLINE, day="t.recorded_at"),
    "work_calendar": NotOfAClient("versions of calendars"),
}

NOTICES: Registry = {
    "waiting_notice": Held(
        RecordCategory.COMMUNICATIONS,
        "t.kind = 'client' and t.recipient_id = of.client",
        day="t.created_at",
        without={"link": OPENS},
    ),
}
