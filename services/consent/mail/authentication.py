"""Whether the mail gateway vouches for the From domain (RFC 8601 Authentication-Results). Pure.

Only the topmost header counts, and only under our own authserv-id: every other one may have been written by the sender.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"=;]+|[=;]', re.DOTALL)
_VERSION = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class _Result:
    method: str
    result: str
    properties: dict[str, str]


def is_authenticated(headers: Sequence[str], sender: str, authserv_id: str) -> bool:
    """headers: the values of Authentication-Results, topmost first. sender: the From address. What cannot be parsed vouches for nothing."""
    _, at, domain = sender.lower().rpartition("@")
    if not headers or not at or "." not in domain.strip("."):
        return False
    results = _results(headers[0], authserv_id)
    if any(found.method == "dmarc" and found.result == "fail" for found in results):
        return False
    return any(_vouches(found, domain) for found in results)


def _vouches(found: _Result, domain: str) -> bool:
    if found.result != "pass":
        return False
    match found.method:
        case "dmarc":
            return _domain(found, "header.from") == domain
        case "dkim":
            return _aligned(_domain(found, "header.d"), domain)
        case "spf":
            return _aligned(_domain(found, "smtp.mailfrom"), domain)
    return False


def _aligned(signing: str, domain: str) -> bool:
    """Without a list of public suffixes a parent of the From domain proves nothing (co.uk), so only the domain and what is below it."""
    return signing == domain or signing.endswith("." + domain)


def _domain(found: _Result, name: str) -> str:
    return found.properties.get(name, "").rpartition("@")[2].rstrip(".")


def _results(header: str, authserv_id: str) -> list[_Result]:
    """Empty where the header is not ours or any part of it is malformed."""
    tokens = _tokens(header)
    first, *others = _split(tokens or [], ";")
    ours = bool(first) and _unquoted(first[0]) == authserv_id.lower()
    if not ours or not (len(first) == 1 or (len(first) == 2 and _VERSION.fullmatch(first[1]))):
        return []
    results = [_result(tokens) for tokens in others if tokens and tokens != ["none"]]
    return [found for found in results if found] if all(results) else []


def _result(tokens: list[str]) -> _Result | None:
    """`method[/version] = result property = value …`, or None."""
    if len(tokens) % 3 or any(sign != "=" for sign in tokens[1::3]) or "=" in tokens[0::3] + tokens[2::3]:
        return None
    pairs = list(zip((name.lower() for name in tokens[0::3]), (_unquoted(value) for value in tokens[2::3]), strict=True))
    (method, result), *properties = pairs
    if len(dict(properties)) != len(properties):
        return None
    return _Result(method.partition("/")[0], result, dict(properties))


def _tokens(header: str) -> list[str] | None:
    text = _without_comments(header)
    if text is None or _TOKEN.sub("", text).strip():
        return None
    return _TOKEN.findall(text)


def _without_comments(header: str) -> str | None:
    """None where a comment or a quoted string is not closed."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in header:
        if escaped or (char == "\\" and (quoted or depth)):
            escaped = not escaped
        elif char == '"' and not depth:
            quoted = not quoted
        elif not quoted and char in "()":
            depth += 1 if char == "(" else -1
            char = " "
        if depth < 0:
            return None
        kept.append(" " if depth else char)
    return None if depth or quoted or escaped else "".join(kept)


def _unquoted(token: str) -> str:
    inner = token[1:-1] if token.startswith('"') else token
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL).lower()


def _split(tokens: Iterable[str], sign: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == sign:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
