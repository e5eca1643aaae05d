"""Keys that a recipient publishes at an address of its own: fetched within bounds, kept a while, looked up again for an unknown one."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from demo.partner import ASSERTION_TYPE
from reporting.authorization import keys
from reporting.authorization.keys import published_key
from tests.reporting.authorization.test_tokens import signed
from tests.story import Story, eventually


def key(kid: str) -> ECKey:
    return ECKey.generate_key("P-384", {"kid": kid, "use": "sig", "alg": "ES384"})


class Site:
    """The recipient's web server: `answers` by path, and how often it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self.over = Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                if self.path == "/slow":
                    site.over.wait(30)
                if self.path == "/moved":
                    self.send_response(302)
                    self.send_header("location", "/keys")
                    return self.end_headers()
                body = json.dumps(site.answers.get(self.path, {})).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def publish(self, *published: ECKey, path: str = "/keys", **more: Any) -> None:
        self.answers[path] = {"keys": [one.as_dict(private=False) for one in published], **more}


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()
    Thread(target=found.server.serve_forever, daemon=True).start()
    yield found
    found.over.set()
    found.server.shutdown()
    found.server.server_close()


async def registered(story: Story, url: str) -> None:
    answer = await story.partner.register(story.token("operations"), jwks=None, jwks_url=url)
    assert answer["jwks_url"] == url


async def test_published_keys_are_fetched_once_and_again_for_one_that_is_not_known_yet(story: Story, site: Site) -> None:
    site.publish(story.partner.key)
    await registered(story, f"{site.url}/keys")
    for _ in range(3):
        assert (await story.partner.ask_for_token()).status_code == 200
    assert site.asked == ["/keys"]
    site.publish(story.partner.key, new := key("1"))
    site.answers["/keys"]["keys"][1]["kid"] = "2"
    story.partner.key = new

    async def granted() -> bool:
        return (await story.http.post(f"{story.partner.base}/v1/oauth2/token", data=_form(story, "2"))).status_code == 200

    await eventually(granted)
    assert site.asked == ["/keys", "/keys"]


def _form(story: Story, kid: str) -> dict[str, str]:
    assertion = signed(story, {"alg": "ES384", "kid": kid}, story.partner.key)
    return {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


async def test_whoever_asks_with_unknown_keys_does_not_make_us_ask_each_time(site: Site, http: httpx.AsyncClient) -> None:
    site.publish(key("1"))
    assert [await published_key(http, f"{site.url}/keys", f"unknown {n}") for n in range(20)] == [None] * 20
    assert site.asked == ["/keys"]


@pytest.mark.parametrize("path", ["/moved", "/large", "/no-keys", "/slow"])
async def test_what_is_moved_too_large_too_slow_or_no_key_set_holds_no_key(
    site: Site, http: httpx.AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "SECONDS", 0.3)
    site.publish(own := key("1"))
    site.publish(own, path="/large", padding="x" * keys.BYTES)
    site.publish(own, path="/slow")
    assert await published_key(http, site.url + path, "1") is None
    assert site.asked == [path], "no redirect is followed"
    assert await published_key(http, f"{site.url}/keys", "1") is not None


async def test_a_recipient_whose_keys_cannot_be_had_is_told_what_everybody_is(story: Story, site: Site) -> None:
    await registered(story, f"{site.url}/moved")
    answer = await story.partner.ask_for_token()
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
