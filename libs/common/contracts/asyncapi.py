"""The AsyncAPI 3.0 description of all topics, from the contracts themselves."""

from typing import Any

from pydantic import BaseModel

from common.contracts import partner, privacy
from common.contracts.catalogue import EVENTS, topic_of

RECIPIENT = "{recipient}"

HEADERS = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_sequence", "ce_digest", "content-type"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid", "description": "The event's id."},
        "ce_source": {"type": "string", "description": "/care-connect/<service>"},
        "ce_type": {"type": "string"},
        "ce_subject": {"type": "string", "format": "uuid", "description": "Whom the fact is about."},
        "ce_partitionkey": {"type": "string"},
        "ce_sequence": {"type": "string", "description": "Position in the stream; the stream is the partition. Gapless."},
        "ce_digest": {"type": "string", "description": "SHA-256 over the digest before and this entry, in hex."},
        "traceparent": {"type": "string", "description": "W3C trace context."},
        "content-type": {"const": "application/json"},
    },
}

PARTNER_HEADERS = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "content-type"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string"},
        "ce_source": {"const": "/care-connect/reporting"},
        "ce_type": {"type": "string"},
        "ce_subject": {"type": "string", "description": "As the key."},
        "content-type": {"enum": ["application/json", "application/fhir+json"]},
    },
}

BUNDLE = {
    "type": "object",
    "description": "A FHIR R4 Bundle (`collection`): everything shared under this token now, instead of what was there before. Where "
    "values are sealed by contract, a FHIR Binary.",
    "required": ["resourceType"],
    "properties": {"resourceType": {"enum": ["Bundle", "Binary"]}},
}
REPORT = {"type": "object", "description": "As `GET /v1/plans/{plan_id}/reports/{period}` answers it."}

PARTNER: dict[str, tuple[tuple[str, str, dict[str, Any] | type[BaseModel], str], ...]] = {
    partner.individual_topic(RECIPIENT): (
        (partner.STATE_TYPE, "IndividualState", BUNDLE, "What one person shares now. Key: the recipient token."),
        (partner.DELETED_TYPE, "Tombstone", {"type": "null"}, "Delete everything kept under this token, wherever it is."),
    ),
    partner.notices_topic(RECIPIENT): (
        (partner.REDACTED_TYPE, "PartRedacted", partner.PartRedacted, "Parts of an export have changed: read its manifest again."),
        (partner.RECALL_TYPE, "RecallRequested", partner.RecallRequested, "Delete what the recall lists, and say so."),
        (partner.CORRECTED_TYPE, "DataCorrected", partner.DataCorrected, "Read what was corrected, and take it anew."),
    ),
    partner.aggregates_topic(RECIPIENT): (
        (partner.AGGREGATE_TYPE, "AggregateReport", REPORT, "A report of the plan. Key: `all` or the programme, and the period."),
    ),
}

PRIVACY_HEADERS = {
    "type": "object",
    "required": ["ce_type", "content-type"],
    "properties": {"ce_type": {"type": "string"}, "content-type": {"const": "application/json"}},
}
PRIVACY: dict[str, tuple[str, type[BaseModel], str]] = {
    privacy.REQUESTS_TOPIC: (privacy.PART_REQUESTED_TYPE, privacy.PartRequested, "A service is asked for what it holds of a client."),
    privacy.ANSWERS_TOPIC: (privacy.PART_COLLECTED_TYPE, privacy.PartCollected, "A piece of its answer, sealed for who asked."),
}
"""Among the services only. Keyed by collection."""

INFO = {
    "title": "Care Connect events",
    "version": "1.0.0",
    "description": "CloudEvents 1.0, binary mode. Keyed by subject; on the compacted partner topic by recipient token. "
    "The operations that receive are a health plan's (docs/guides/partner-topics.md).",
    "license": {"name": "Apache-2.0"},
}
SCRAM = {"$ref": "#/components/securitySchemes/scram"}
PARTNERS = {
    "host": "127.0.0.1:19094",
    "protocol": "kafka-secure",
    "description": "The listener for recipients. SASL over TLS in production; without TLS in the local stack.",
    "security": [SCRAM],
}


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Without references, so that a message can be read by itself."""
    schema = model.model_json_schema(mode="serialization")
    definitions = schema.pop("$defs", {})
    resolved: dict[str, Any] = _resolve(schema, definitions)
    return resolved


def _resolve(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, dict):
        if "$ref" in node:
            return _resolve(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
        return {name: _resolve(value, definitions) for name, value in node.items()}
    if isinstance(node, list):
        return [_resolve(value, definitions) for value in node]
    return node


def description() -> dict[str, Any]:
    channels: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for name, event in EVENTS.items():
        channel = channels.setdefault(_id(topic := topic_of(name.split(".", 1)[0])), {"address": topic, "messages": {}})
        _add(channel, messages, name, event.__name__, _first_line(event), schema_of(event), HEADERS)
    for topic, (name, model, summary) in PRIVACY.items():
        channel = channels[_id(topic)] = {"address": topic, "messages": {}}
        _add(channel, messages, name, model.__name__, summary, schema_of(model), PRIVACY_HEADERS)
    operations = {id_: _operation("send", id_, channel) for id_, channel in sorted(channels.items())}
    for topic, kinds in PARTNER.items():
        channel = channels[_id(topic)] = _partner_channel(topic)
        for name, title, payload, summary in kinds:
            schema = payload if isinstance(payload, dict) else schema_of(payload)
            _add(channel, messages, name, title, summary, schema, PARTNER_HEADERS)
        operations[f"read_{_id(topic)}"] = _operation("receive", _id(topic), channel) | {"security": [SCRAM]}
    return {
        "asyncapi": "3.0.0",
        "info": INFO,
        "defaultContentType": "application/json",
        "servers": {"partners": PARTNERS},
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {_id(name): message for name, message in sorted(messages.items())},
            "securitySchemes": {"scram": {"type": "scramSha512", "description": "The user is the recipient's slug."}},
        },
    }


def _partner_channel(topic: str) -> dict[str, Any]:
    slug = {"description": "The recipient's slug. Nobody else's user can read its topics."}
    return {"address": topic, "messages": {}, "parameters": {"recipient": slug}, "servers": [{"$ref": "#/servers/partners"}]}


def _operation(action: str, channel_id: str, channel: dict[str, Any]) -> dict[str, Any]:
    address = {"$ref": f"#/channels/{channel_id}"}
    return {
        "action": action,
        "channel": address,
        "messages": [{"$ref": f"{address['$ref']}/messages/{m}"} for m in sorted(channel["messages"])],
    }


def _add(
    channel: dict[str, Any], messages: dict[str, Any], name: str, title: str, summary: str, payload: dict[str, Any], headers: dict[str, Any]
) -> None:  # fmt: skip
    channel["messages"][_id(name)] = {"$ref": f"#/components/messages/{_id(name)}"}
    messages[name] = {"name": name, "title": title, "summary": summary, "payload": payload, "headers": headers}


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or model.__name__).strip().splitlines()[0]


def _id(name: str) -> str:
    return name.replace(".", "_").replace("{", "").replace("}", "")
