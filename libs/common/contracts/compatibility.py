"""What would break readers of an event that is published already: old events must stay readable, new ones too for older readers.

Allowed within a version: a new field with a default, a new value of an enumeration (consumers are deployed before producers).
"""

from typing import Any


def breaks(published: dict[str, Any], current: dict[str, Any], at: str = "") -> list[str]:
    """Sentences, one for each break; empty where all is well."""
    found = _kind_breaks(published, current, at)
    before, now = published.get("properties", {}), current.get("properties", {})
    found += [f"{at}{name} was removed" for name in before if name not in now]
    required_before, required_now = set(published.get("required", [])), set(current.get("required", []))
    found += [f"{at}{name} is newly required" for name in sorted(required_now - required_before)]
    found += [f"{at}{name} is no longer always there" for name in sorted((required_before - required_now) & set(now))]
    for name in before.keys() & now.keys():
        found += breaks(before[name], now[name], f"{at}{name}.")
    for inner in ("items", "additionalProperties"):
        if isinstance(published.get(inner), dict) and isinstance(current.get(inner), dict):
            found += breaks(published[inner], current[inner], f"{at}{inner}.")
    return found


def _kind_breaks(published: dict[str, Any], current: dict[str, Any], at: str) -> list[str]:
    where = at.rstrip(".") or "the event"
    found = [
        f"{where}: {word} changed from {published.get(word)} to {current.get(word)}"
        for word in ("type", "format", "const")
        if published.get(word) != current.get(word)
    ]
    gone = [value for value in published.get("enum", []) if value not in current.get("enum", [])]
    if "enum" in published and gone:
        found.append(f"{where}: values {gone} were removed")
    if _kinds(published) - _kinds(current):
        found.append(f"{where}: {sorted(_kinds(published) - _kinds(current))} no longer allowed")
    if _kinds(current) - _kinds(published) and "anyOf" in published:
        found.append(f"{where}: {sorted(_kinds(current) - _kinds(published))} newly allowed")
    return found


def _kinds(schema: dict[str, Any]) -> set[str]:
    return {str(option.get("type")) for option in schema.get("anyOf", [])}
