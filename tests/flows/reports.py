"""Four employers, three providers, and a plan, in the weeks in which sixty people sought care; and the reports that came of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from tests.flows.care import BOSTON, Care, monday
from tests.story import eventually

EMPLOYERS, EACH, AT_ONCE = 4, 15, 8
CLOSED = datetime(2027, 6, 15, tzinfo=UTC)
"""By then all that the story holds is closed, also the outcomes and the year they are in."""
QUARTER, YEAR = "2026-Q4", "2026"


@dataclass
class Reported:
    """`declined`: how many share nothing. `left`: what reports were taken."""

    care: Care
    employers: list[UUID] = field(default_factory=list)
    providers: list[UUID] = field(default_factory=list)
    clients: list[UUID] = field(default_factory=list)
    declined: int = 0
    left: dict[str, bytes] = field(default_factory=dict)

    @property
    def plan(self) -> UUID:
        return self.care.story.plan

    async def open(self) -> None:
        """Everybody asks on a Monday, and is seen in the same week; two in five have to wait, one in ten hears nothing."""
        care = self.care
        self.providers = [await care.provider(f"Dr. {name}") for name in ("Ames", "Burke", "Cole")]
        self.employers = [await self._employer(number) for number in range(EMPLOYERS)]
        people = [(number, self.employers[number % EMPLOYERS]) for number in range(EMPLOYERS * EACH)]
        self.clients = [await self._client(employer) for _, employer in people]
        requests = await self._each(self._asks)
        await care.later(hours=3)
        seen = [(number, request) for number, request in enumerate(requests) if number % 10]
        booked = await gathered([self._booked(number, request) for number, request in seen])
        await care.at(monday(9) + timedelta(days=18))
        await gathered([self._held(*one) for one in booked])
        await self._caught_up()

    async def _employer(self, number: int) -> UUID:
        employer = uuid4()
        body = {"name": f"Employer {number}", "programmes": ["care_connect"], "employer_id": str(employer)}
        await self.care.done("operations", uuid4(), "POST", "/v1/employers", body)
        for year in (2026, 2027):
            answer = await self.puts_population(employer, year, 3000)
            assert answer == 200
        return employer

    async def puts_population(self, employer: UUID, year: int, eligible: int) -> int:
        story = self.care.story
        path = f"/v1/populations/{employer}/{year}"
        answer = await story.call("reporting", "PUT", path, story.token("operations"), json={"eligible": eligible})
        return answer.status_code

    async def _client(self, employer: UUID) -> UUID:
        self.care.story.employer = employer
        return await self.care.story.client()

    async def _each(self, act: Any) -> list[Any]:
        return await gathered([act(number, client) for number, client in enumerate(self.clients)])

    async def _asks(self, number: int, client: UUID) -> str:
        choice = "decline" if number % 2 else "opt_in"
        self.declined += choice == "decline"
        return str((await self.care.ask(client, self._provider(number), choice))["request_id"])

    def _provider(self, number: int) -> UUID:
        return self.providers[number // EMPLOYERS % len(self.providers)]

    async def _booked(self, number: int, request: str) -> tuple[int, str]:
        """A first session: within the five business days, but for one in five."""
        provider, day = self._provider(number), day_of(number)
        assert (await self.care.answer(provider, request, "acceptance")).status_code == 200
        taken = sum((self._provider(earlier), day_of(earlier)) == (provider, day) for earlier in range(number))
        starts = datetime(2026, 11, 30, 9, tzinfo=BOSTON) + timedelta(days=day, hours=taken)
        made = await self.care.schedule("provider", provider, request, "session", starts)
        return number, str(made["appointment_id"])

    async def _held(self, number: int, appointment: str) -> None:
        await self.care.hold(self._provider(number), appointment, (monday(9) + timedelta(days=day_of(number))).date())

    async def _caught_up(self) -> None:
        """Reporting has counted them all."""
        db = await asyncpg.connect(self.care.story.stack.database("reporting"))
        held = sum(number % 10 > 0 for number in range(len(self.clients)))

        async def there() -> bool:
            known = await db.fetchval(
                "select count(*) from episode_fact where client_id = any($1) and first_session_at is not null", self.clients
            )
            return known == held and not await db.fetchval("select exists (select from recount_mark)")

        await eventually(there, 60)
        await db.close()

    async def releases(self, now: datetime = CLOSED) -> Sequence[dict[str, Any]]:
        story = self.care.story
        headers = {"clock-now": now.isoformat()}
        answer = await story.call("reporting", "POST", "/v1/releases", story.token("operations"), headers=headers)
        assert answer.status_code == 200, answer.text
        found: Sequence[dict[str, Any]] = answer.json()["items"]
        return found

    async def report(self, role: str, who: UUID, period: str, **query: str) -> Any:
        """The answer: JSON, or the bytes of a file."""
        story, place = self.care.story, {"plan": "plans", "employer": "employers"}[role]
        path = f"/v1/{place}/{who}/reports/{period}"
        answer = await story.call("reporting", "GET", path, story.token(role, who), params=query)
        assert answer.status_code == 200, answer.text
        return answer.content if query else answer.json()


def day_of(number: int) -> int:
    """Of a client's first session: how many days after the Monday."""
    return 14 if number % 5 in (1, 3) else 1 + number % 4


async def gathered(acts: Sequence[Any]) -> list[Any]:
    """So many at once."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(act: Any) -> Any:
        async with turns:
            return await act

    return await asyncio.gather(*map(one, acts))


def values(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {m["code"]: m["value"] for family in report["families"] for m in family["measures"]}
