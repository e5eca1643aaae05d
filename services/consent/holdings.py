"""What consent holds of a client, table by table. A table that stands in neither way fails a test.

A demand whose authority has had it suspended is not told (45 CFR 164.528(a)(2)), in none of its tables, to nobody by this way.
"""

from common.contracts.privacy import RecordCategory as Category
from common.holdings.reading import Opening, Row
from common.holdings.registry import Held, NotOfAClient, Registry
from common.holdings.shared import BUS, DEADLINES, NOTICES, OPENS
from consent.corrections.tables import SEALED, about
from consent.documents.sealing import DocumentKey, Sealed

MINE = "t.client_id = of.client"
MAILS = "select mail_id from mail where of.client = any(client_ids)"
TOLD = "select demand_id from legal_demand where client_id = of.client and tell_client_from <= of.now"
UNTOLD = "select demand_id from legal_demand where client_id = of.client and (tell_client_from <= of.now) is not true"
OF_A_DEMAND = f"t.demand_id in ({TOLD})"
CASES = f"""array(
  select of.client union all select request_id from access_request where client_id = of.client
  union all select correction_id from correction where client_id = of.client union all {TOLD})"""
TOLD_DEADLINE = f"""t.deadline_id in (
  select deadline_id from deadline d where d.about = any({CASES}) and d.subject not in ({UNTOLD}))"""
A_COPY = NotOfAClient("a copy of what the services hold of somebody, sealed while it is needed")

DECISIONS: Registry = {
    "checkpoint": NotOfAClient("signatures of the ledger's heads"),
    "checkpoint_head": NotOfAClient("signatures of the ledger's heads"),
    "known_client": Held(Category.OPERATIONS, MINE),
    "mail": Held(
        Category.COMMUNICATIONS,
        "of.client = any(t.client_ids)",
        day="t.received_at",
        instead={"client_ids": ("to_jsonb(array[of.client])", "others write from the same address")},
    ),
    "mail_address": Held(Category.CONTACT_AND_DEMOGRAPHICS, MINE),
    "mail_reply": Held(
        Category.COMMUNICATIONS, f"t.mail_id in ({MAILS})", day="coalesce(t.sent_at, t.due_at)", without={"opt_out_url": OPENS}
    ),
    "notice": NotOfAClient("the texts that everybody reads"),
    "receipt": Held(Category.SHARING, MINE, day="t.recorded_at"),
    "sharing": Held(Category.SHARING, MINE, day="t.decided_at", programme="t.programme"),
}

RIGHTS: Registry = {
    "access_bundle": A_COPY,
    "access_download": Held(Category.OPERATIONS, MINE, day="t.downloaded_at"),
    "access_request": Held(Category.OPERATIONS, MINE, day="t.asked_at"),
    "access_request_history": Held(Category.OPERATIONS, MINE, day="t.at"),
    "collection": A_COPY,
    "collection_part": A_COPY,
    "collection_piece": A_COPY,
    "correction": Held(Category.OPERATIONS, MINE, day="t.asked_at"),
    "correction_delivery": Held(Category.OPERATIONS, MINE),
    "correction_history": Held(Category.OPERATIONS, MINE, day="t.at"),
    "legal_demand": Held(Category.OPERATIONS, f"{MINE} and t.tell_client_from <= of.now", day="t.recorded_at"),
    "legal_demand_history": Held(Category.OPERATIONS, OF_A_DEMAND, day="t.at"),
    "legal_document": Held(
        Category.OPERATIONS,
        OF_A_DEMAND,
        day="t.received_at",
        without={"sealed_key": "the key of its content", "content": "encrypted; the privacy officer gives it out where it may be given"},
    ),
    "legal_document_reading": Held(
        Category.OPERATIONS,
        f"t.document_id in (select document_id from legal_document where demand_id in ({TOLD}))",
        day="t.read_at",
    ),
    "legal_release": Held(Category.OPERATIONS, OF_A_DEMAND, day="t.issued_at", without={"token_digest": "of what opens a release"}),
    "legal_release_attempt": Held(Category.OPERATIONS, OF_A_DEMAND, day="t.attempted_at"),
    "legal_suspension": Held(Category.OPERATIONS, OF_A_DEMAND, day="t.recorded_at"),
}

CONSENT: Registry = {
    **BUS,
    **DEADLINES,
    **NOTICES,
    # What happened to a case is told without the client's id.
    "journal": Held(Category.OPERATIONS, f"t.subject = any({CASES})", day="t.recorded_at"),
    "deadline": Held(Category.OPERATIONS, f"t.about = any({CASES}) and t.subject not in ({UNTOLD})", day="t.anchor_at"),
    "deadline_history": Held(Category.OPERATIONS, TOLD_DEADLINE, day="t.at"),
    "deadline_rung": Held(Category.OPERATIONS, TOLD_DEADLINE, day="t.recorded_at"),
    **DECISIONS,
    **RIGHTS,
}


def openings(key: DocumentKey) -> dict[str, Opening]:
    """What a client wrote is encrypted here, and readable in a part."""

    def opened_correction(row: Row) -> Row:
        texts = {name: _opened(key, row, name) for name in SEALED}
        keys = {f"{name}_key" for name in SEALED}
        return {name: value for name, value in (row | texts).items() if name not in keys}

    return {"correction": opened_correction}


def _opened(key: DocumentKey, row: Row, name: str) -> str | None:
    """The database writes bytes as `\\x` and hex."""
    if row.get(name) is None:
        return None
    sealed = Sealed(bytes.fromhex(row[f"{name}_key"][2:]), bytes.fromhex(row[name][2:]), "")
    return key.open(sealed, about(row["correction_id"], name)).decode()
