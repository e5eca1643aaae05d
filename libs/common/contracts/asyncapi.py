"""The AsyncAPI 3.0 description of all topics, from the contracts themselves."""

from typing import Any

from pydantic import BaseModel

from common.contracts import partner
from common.contracts.catalogue import EVENTS, topic_of

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

PARTNER: dict[str, tuple[str, type[BaseModel]]] = {
    partner.STATE_TYPE: (partner.STATE_TOPIC, partner.IndividualState),
    partner.RECALL_TYPE: (partner.RECALL_TOPIC, partner.RecallRequested),
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
        _add(channels, messages, name, topic_of(name.split(".", 1)[0]), event)
        messages[name]["headers"] = HEADERS
    for name, (topic, model) in PARTNER.items():
        _add(channels, messages, name, topic, model)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Care Connect events",
            "version": "1.0.0",
            "description": "CloudEvents 1.0, binary mode. Keyed by subject; on the compacted partner topic by recipient token.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {
            _id(topic): {
                "action": "send",
                "channel": {"$ref": f"#/channels/{_id(topic)}"},
                "messages": [{"$ref": f"#/channels/{_id(topic)}/messages/{_id(m)}"} for m in sorted(names)],
            }
            for topic, names in sorted(_by_topic().items())
        },
        "components": {"messages": {_id(name): message for name, message in sorted(messages.items())}},
    }


def _add(channels: dict[str, Any], messages: dict[str, Any], name: str, topic: str, model: type[BaseModel]) -> None:
    channel = channels.setdefault(_id(topic), {"address": topic, "messages": {}})
    channel["messages"][_id(name)] = {"$ref": f"#/components/messages/{_id(name)}"}
    messages[name] = {"name": name, "title": model.__name__, "summary": _first_line(model), "payload": schema_of(model)}


def _by_topic() -> dict[str, list[str]]:
    topics: dict[str, list[str]] = {}
    for name in EVENTS:
        topics.setdefault(topic_of(name.split(".", 1)[0]), []).append(name)
    for name, (topic, _) in PARTNER.items():
        topics.setdefault(topic, []).append(name)
    return topics


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or model.__name__).strip().splitlines()[0]


def _id(name: str) -> str:
    return name.replace(".", "_")
