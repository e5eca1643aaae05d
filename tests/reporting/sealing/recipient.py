"""A plan whose values are sealed, with what it does to open them: ask for the keys, and nothing else of ours."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

import httpx
from joserfc import jwe
from joserfc.jwk import OctKey

from tests.story import Story

Binary = Mapping[str, Any]


def token_of(binary: Binary) -> str:
    return str(binary["securityContext"]["reference"]).removeprefix("Patient/")


def keys_path(binary: Binary) -> str:
    [where] = binary["meta"]["extension"]
    return str(where["valueUri"])


async def ask(story: Story, path: str, *tokens: str, caller: dict[str, str] | None = None) -> httpx.Response:
    headers = caller or await story.partner.bearer()
    return await story.http.get(story.stack.url("reporting") + path, params={"token": list(tokens)}, headers=headers)


async def keys_for(story: Story, copies: Iterable[Binary]) -> dict[str, str]:
    """By token, as base64url; asked once for each place that the copies name. Those that are gone are left out."""
    wanted: dict[str, set[str]] = {}
    for copy in copies:
        wanted.setdefault(keys_path(copy), set()).add(token_of(copy))
    found: dict[str, str] = {}
    for path, tokens in wanted.items():
        answer = await ask(story, path, *tokens)
        assert answer.status_code in (200, 410), answer.text
        found |= {key["kid"]: key["k"] for key in answer.json().get("keys", [])}
    return found


def opened(copy: Binary, keys: Mapping[str, str]) -> Any:
    """Raises KeyError without its key."""
    key = OctKey.import_key({"kty": "oct", "k": keys[token_of(copy)]})
    plain = jwe.decrypt_compact(base64.b64decode(copy["data"]), key, algorithms=["dir", "A256GCM"]).plaintext
    assert plain is not None
    return json.loads(plain)


async def download(story: Story, manifest: Mapping[str, Any]) -> list[Any]:
    """Each line of each file."""
    found: list[Any] = []
    for part in manifest["output"]:
        answer = await story.partner.file(part["url"])
        assert answer.status_code == 200, answer.text
        found += [json.loads(line) for line in answer.text.splitlines()]
    return found
