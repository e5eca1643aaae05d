"""The instruments over HTTP, as portals read them."""

from typing import Any
from uuid import uuid4

import httpx

from assessments.instruments.catalogue import newest
from deploy.local.stack import Stack


async def ask(stack: Stack, http: httpx.AsyncClient, path: str, role: str = "client") -> httpx.Response:
    return await http.get(f"{stack.url('assessments')}/v1/instruments{path}", headers=stack.issuer.bearer(role, uuid4()))


def spoken(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(one["name"], one["language"]) for one in answer.json()["items"]]


async def test_A2_clients_providers_and_operations_read_every_instrument_in_their_language(stack: Stack, http: httpx.AsyncClient) -> None:
    names = ("phq-9", "gad-7", "satisfaction")
    for role in ("client", "provider", "operations"):
        assert spoken(await ask(stack, http, "", role)) == [(name, "en") for name in names]
    assert spoken(await ask(stack, http, "?language=es-US")) == [(name, "es") for name in names]
    assert spoken(await ask(stack, http, "?language=fr")) == [(name, "en") for name in names]
    for role in ("plan", "employer"):
        assert (await ask(stack, http, "", role)).status_code == 403


async def test_an_instrument_is_shown_with_digest_and_notice_and_without_its_vectors(stack: Stack, http: httpx.AsyncClient) -> None:
    shown: dict[str, Any] = (await ask(stack, http, "/phq-9?language=es")).json()
    spanish = newest("phq-9", "es")
    assert (shown["digest"], shown["language"], shown["copyright"]) == (spanish.digest, "es", spanish.copyright)
    assert shown["items"][0]["text"] == "Poco interés o placer en hacer cosas"
    assert "vectors" not in shown
    assert (await ask(stack, http, f"/by-digest/{spanish.digest}")).json() == shown
    assert (await ask(stack, http, "/phq-9?language=es&version=1")).json() == shown


async def test_what_there_is_not_is_not_found_and_what_is_no_language_is_refused(stack: Stack, http: httpx.AsyncClient) -> None:
    for path in ("/phq-2", "/phq-9?version=9", f"/by-digest/{'0' * 64}"):
        answer = await ask(stack, http, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    for path in ("?language=english", "/phq-9?version=one", "/by-digest/1"):
        assert (await ask(stack, http, path)).status_code == 422, path
