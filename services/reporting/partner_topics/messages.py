"""What stands in a message to a recipient: CloudEvents, binary mode."""

from uuid import uuid4, uuid5

from common.contracts.partner import (
    AGGREGATE_TYPE,
    CORRECTED_TYPE,
    DELETED_TYPE,
    RECALL_TYPE,
    REDACTED_TYPE,
    STATE_TYPE,
    DataCorrected,
    PartRedacted,
    RecallRequested,
    aggregates_topic,
    individual_topic,
    notices_topic,
)
from reporting.partner_topics.tables import Notice, State

Message = tuple[str, bytes, bytes | None, list[tuple[str, bytes]]]
"""Topic without prefix, key, value, headers. Without a value it is a tombstone."""


def of_state(state: State, value: bytes) -> Message:
    """The id is random: one made of what is in it would tell of it, also when it is sealed and the key is destroyed."""
    key = str(state.token).encode()
    return individual_topic(state.slug), key, value, headers(STATE_TYPE, key, str(uuid4()), "application/fhir+json")


def of_notice(notice: Notice, url: str) -> Message:
    """`url`: reporting's public address. Thin: what it is about is asked for, by somebody who is then authorised to know."""
    key = str(notice.key).encode()
    match notice.kind:
        case "tombstone":
            kind, topic, value = DELETED_TYPE, individual_topic(notice.slug), None
        case "redacted":
            redacted = PartRedacted(export_id=notice.key, url=f"{url}/fhir/bulk/{notice.key}")
            kind, topic, value = REDACTED_TYPE, notices_topic(notice.slug), redacted.model_dump_json().encode()
        case "correction":
            corrected = DataCorrected(correction_id=notice.key, url=f"{url}/v1/data-corrections/{notice.key}")
            kind, topic, value = CORRECTED_TYPE, notices_topic(notice.slug), corrected.model_dump_json().encode()
        case _:
            recall = RecallRequested(recall_id=notice.key, url=f"{url}/v1/recalls/{notice.key}")
            kind, topic, value = RECALL_TYPE, notices_topic(notice.slug), recall.model_dump_json().encode()
    # The same when it is sent again; a number that counts up would tell of others' opt-outs.
    return topic, key, value, headers(kind, key, str(uuid5(notice.key, f"{notice.decision_id}/{notice.notice_id}")))


def of_report(slug: str, key: str, document: bytes) -> Message:
    return aggregates_topic(slug), key.encode(), document, headers(AGGREGATE_TYPE, key.encode(), str(uuid4()))


def headers(kind: str, subject: bytes, event_id: str, content: str = "application/json") -> list[tuple[str, bytes]]:
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", b"/care-connect/reporting"),
        ("ce_type", kind.encode()),
        ("ce_subject", subject),
        ("content-type", content.encode()),
    ]
