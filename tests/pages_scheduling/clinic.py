"""One provider with open hours, colleagues, and clients who ask, at any time: what has happened by the time that somebody looks."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
from playwright.async_api import Page

from consent.notices.shipped import shipped
from demo.providers import participating
from tests.story import Story, eventually

HERE = ZoneInfo("America/New_York")
"""Where clients and providers of these tests live."""


def now() -> datetime:
    return datetime.now(UTC)


def local(at: datetime) -> str:
    """As a `datetime-local` field takes it."""
    return at.astimezone(HERE).strftime("%Y-%m-%dT%H:%M")


def at_noon(days: int) -> datetime:
    """On the day so many days from now, on the clock here."""
    day = (now() + timedelta(days=days)).astimezone(HERE)
    return day.replace(hour=12, minute=0, second=0, microsecond=0).astimezone(UTC)


STATE = "CT"
"""No other tests open it: here it has been open for long."""
LONG_AGO = timedelta(days=60)
EWS = "emotional_wellbeing_solutions"
NOTICES = {str(notice.programme): notice.digest for notice in shipped() if (notice.version, notice.language) == ("2026-01", "en")}


@dataclass
class Clinic(Story):
    async def open(self) -> "Clinic":
        """Long ago, so that what happened a week ago could happen."""
        await self.long_ago(f"/v1/states/{STATE}/opening")
        employer = {"name": "Acme", "programmes": ["care_connect", EWS], "employer_id": str(self.employer)}
        await self.long_ago("/v1/employers", employer)
        return await self.begin()

    async def begin(self) -> "Clinic":
        """A provider with a plan of their own, so that nobody else's providers are proposed."""
        await self.long_ago("/v1/plans", {"name": "The plan", "plan_id": str(self.plan)})
        await self.long_ago("/v1/providers", participating(self.provider, "Dr. Reed", STATE, self.plan))
        return self

    async def long_ago(self, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
        return await self.scheduling(method, path, "operations", uuid4(), now() - LONG_AGO, json=body)

    async def client(self, state: str = STATE, programme: str = "care_connect") -> UUID:
        body = {
            "employer_id": str(self.employer),
            "plan_id": str(self.plan),
            "programme": programme,
            "birth_date": "1985-05-17",
            "sex": "female",
            "state": state,
            "language": "en",
        }
        made = await self.long_ago("/v1/clients", body)
        return UUID(made["client_id"])

    async def scheduling(self, method: str, path: str, role: str, subject: UUID, at: datetime | None = None, **more: Any) -> Any:
        headers = {"clock-now": at.isoformat()} if at else {}
        answer = await self.call("scheduling", method, path, self.token(role, subject), headers=headers | more.pop("headers", {}), **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def colleague(self, name: str, state: str = STATE) -> UUID:
        made = uuid4()
        await self.long_ago("/v1/providers", participating(made, name, state, self.plan))
        return made

    async def opens_hours(self, provider: UUID | None = None, zone: str = str(HERE)) -> None:
        hours = [{"weekday": day, "starts": "08:00", "ends": "20:00"} for day in range(7)]
        path = f"/v1/providers/{provider or self.provider}/availability"
        await self.scheduling("PUT", path, "operations", uuid4(), json={"time_zone": zone, "hours": hours})

    async def asked(self, client: UUID, at: datetime | None = None, provider: UUID | None = None, programme: str = "care_connect") -> UUID:
        """The client's first request."""
        body = {
            "client_id": str(client),
            "provider_id": str(provider or self.provider),
            "programme": programme,
            "sharing": {"choice": "decline", "notice_digest": NOTICES[programme]},
        }
        made = await self.scheduling("POST", "/v1/consultation-requests", "client", client, at, json=body)
        return UUID(made["request_id"])

    async def move(self, request: UUID, move: str, body: dict[str, Any] | None = None, at: datetime | None = None) -> None:
        """By the provider, on the version as it is: who is refused because the sweep has moved it in between looks again."""
        path = f"/v1/consultation-requests/{request}/{move}"
        caller = self.token("provider", self.provider)
        clock = {"clock-now": at.isoformat()} if at else {}

        async def done() -> bool:
            headers = clock | {"if-match": f'"{(await self.request_of(request))["version"]}"'}
            answer = await self.call("scheduling", "POST", path, caller, headers=headers, json=body)
            assert answer.is_success or answer.json()["code"] == "state_changed", answer.text
            return bool(answer.is_success)

        await eventually(done)

    async def books(self, request: UUID, kind: str, starts_at: datetime, at: datetime | None = None) -> UUID:
        body = {"kind": kind, "starts_at": starts_at.isoformat()}
        made = await self.scheduling("POST", f"/v1/consultation-requests/{request}/appointments", "provider", self.provider, at, json=body)
        return UUID(made["appointment_id"])

    async def request_of(self, request: UUID) -> dict[str, Any]:
        found: dict[str, Any] = await self.scheduling("GET", f"/v1/consultation-requests/{request}", "operations", uuid4())
        return found

    async def is_in(self, request: UUID, state: str) -> None:
        async def there() -> bool:
            return bool((await self.request_of(request))["state"] == state)

        await eventually(there)

    async def is_late(self, request: UUID, rule: str) -> None:
        """The sweep has told the miss."""

        async def there() -> bool:
            found = await self.scheduling("GET", f"/v1/consultation-requests/{request}/service-levels", "operations", uuid4())
            return any(level["missed"] for level in found["items"] if level["rule"] == rule)

        await eventually(there)

    async def requests_of(self, client: UUID) -> list[dict[str, Any]]:
        found = await self.scheduling("GET", f"/v1/consultation-requests?client_id={client}", "operations", uuid4())
        items: list[dict[str, Any]] = found["items"]
        return items

    async def appointment_of(self, client: UUID) -> dict[str, Any]:
        (found,) = (await self.scheduling("GET", f"/v1/appointments?client_id={client}", "operations", uuid4()))["items"]
        made: dict[str, Any] = found
        return made


def area_of(role: str) -> str:
    return {"provider": "/provider-queue", "client": "/my-request"}[role]


async def signed_in(page: Page, clinic: Clinic, role: str, subject: UUID, language: str = "en") -> None:
    """With a session from before; how a portal opens one, `through_the_portal` shows."""
    visit = await page_of(clinic, role, subject)
    here = f"{clinic.stack.url('scheduling')}{visit.area}"
    await page.context.add_cookies([{"name": "session", "value": visit.session, "url": here}])
    await page.goto(f"{here}?lang={language}")


async def through_the_portal(page: Page, clinic: Clinic, role: str, subject: UUID, language: str = "en") -> None:
    """A form of the portal's own that posts the token here."""
    here, area = clinic.stack.url("scheduling"), area_of(role)
    token = clinic.stack.issuer.mint(role, subject)
    form = (
        f'<form method="post" action="{here}{area}/session?lang={language}"><input name="access_token" value="{token}"><button>Go</button>'
    )

    async def portal(route: Any) -> None:
        await route.fulfill(content_type="text/html", body=form)

    await page.route(f"{here}/the-portal", portal)
    await page.goto(f"{here}/the-portal")
    await page.get_by_role("button").click()
    await page.wait_for_url(f"**{area}?lang={language}")


async def page_of(clinic: Clinic, role: str, subject: UUID) -> "Visit":
    token = clinic.stack.issuer.mint(role, subject)
    answer = await clinic.http.post(f"{clinic.stack.url('scheduling')}{area_of(role)}/session", data={"access_token": token})
    assert answer.status_code == 303, answer.text
    return Visit(clinic, area_of(role), answer.cookies["session"])


@dataclass
class Visit:
    """Somebody who uses a page without a browser."""

    clinic: Clinic
    area: str
    session: str = ""

    async def get(self, path: str = "", **headers: str) -> httpx.Response:
        return await self.clinic.http.get(f"{self._here}{path or self.area}", headers=self._headers(headers))

    async def post(self, path: str, fields: list[tuple[str, str]], **headers: str) -> httpx.Response:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode(fields).encode()
        return await self.clinic.http.post(f"{self._here}{path}", content=body, headers=self._headers(headers | kind))

    @property
    def _here(self) -> str:
        return self.clinic.stack.url("scheduling")

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        cookie = {"cookie": f"session={self.session}"} if self.session else {}
        return cookie | {name.replace("_", "-"): value for name, value in headers.items()}
