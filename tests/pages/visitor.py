"""Somebody who uses the pages without a browser: cookies, forms and links over HTTP."""

import json
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx

from tests.story import Story


@dataclass
class Form:
    action: str
    fields: list[tuple[str, str]]

    def value(self, name: str) -> str:
        return next(value for key, value in self.fields if key == name)


class Forms(HTMLParser):
    """Hidden and ticked fields of every form, and the pages' preformatted records."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.boxes: list[tuple[str, bool]] = []
        self._records = ""
        self._in_records = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.forms.append(Form(found.get("action") or "", []))
        elif tag == "input" and found.get("type") == "checkbox":
            self.boxes.append((found.get("value") or "", "checked" in found))
            if "checked" in found:
                self.forms[-1].fields.append((found.get("name") or "", found.get("value") or ""))
        elif tag == "input" and found.get("type") == "hidden":
            self.forms[-1].fields.append((found.get("name") or "", found.get("value") or ""))
        self._in_records = self._in_records or (tag == "pre" and found.get("class") == "records")

    def handle_endtag(self, tag: str) -> None:
        self._in_records = self._in_records and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._in_records:
            self._records += data

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._records.splitlines() if line]

    def to(self, part: str, programme: str = "") -> Form:
        return next(form for form in self.forms if part in form.action and (not programme or ("programme", programme) in form.fields))


@dataclass
class Visitor:
    story: Story
    area: str
    cookies: dict[str, str]

    @classmethod
    async def signs_in(cls, story: Story, role: str, subject: UUID, lifetime: int = 3600) -> "Visitor":
        area = "/privacy-office" if role == "privacy_officer" else "/my-data-sharing"
        visitor = cls(story, area, {})
        answer = await visitor.post(f"{area}/session", [("access_token", story.stack.issuer.mint(role, subject, lifetime))])
        assert answer.status_code == 303, answer.text
        visitor.cookies = {"session": answer.cookies["session"]}
        return visitor

    async def get(self, path: str = "", **more: Any) -> httpx.Response:
        return await self._send("GET", path or self.area, **more)

    async def post(self, path: str, fields: list[tuple[str, str]], **more: Any) -> httpx.Response:
        body = urlencode(fields)
        headers = {"content-type": "application/x-www-form-urlencoded"} | more.pop("headers", {})
        return await self._send("POST", path, content=body.encode(), headers=headers, **more)

    async def submit(self, form: Form, **more: Any) -> httpx.Response:
        return await self.post(form.action, form.fields, **more)

    async def choose(self, ticked: list[str], action: str = "save", form: Form | None = None) -> httpx.Response:
        """In Care Connect's form, with nothing else of it changed."""
        form = form or await self.choice()
        fields = [(name, value) for name, value in form.fields if name != "category"]
        return await self.post(form.action, [*fields, *(("category", category) for category in ticked), ("action", action)])

    async def choice(self, programme: str = "care_connect") -> Form:
        return Forms((await self.get()).text).to("/decisions", programme)

    async def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        cookie = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        headers = cookie | more.pop("headers", {})
        return await self.story.http.request(method, f"{self.story.stack.url('consent')}{path}", headers=headers, **more)
