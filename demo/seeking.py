"""The act in which one client seeks care on the simulated clock: no answer, others are offered, one is matched (S6 to S11); and
is assessed before and after (A1 to A4)."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from common.auth import Role
from common.contracts.vocabulary import Programme
from demo.assessing import answer_first, follow_up
from demo.calling import Caller
from demo.clock import move_clock
from demo.episode import CLOCKS, ZONE, Episode
from demo.play import Play
from demo.programme import Provider
from demo.providers import participating
from demo.system import OPERATIONS

STATE = "NY"


async def seek_care(play: Play) -> None:
    """S6, S7, S9, S10, S11, on a clock that is moved from one moment to the next."""
    play.tell.act("A client seeks care, and the first provider does not answer")
    play.tell.say("Two services' clocks are moved through a week; every deadline fires by itself when its time has come.")
    client = await _registered(play)
    episode = Episode(play, _monday(), client)
    await episode.at(episode.now)
    silent = await _providers(play, episode)
    request = await _ask(episode, silent.id)
    await _wait_in_vain(episode, silent, request)
    again = await _choose(episode, request)
    provider = play.caller(Role.PROVIDER, UUID(again["provider"]))
    await answer_first(episode, provider)
    await _be_seen(episode, again, provider)
    play.tell.table(("when", "who", "what happened"), episode.lines)
    await _measured(episode)
    await follow_up(episode)
    await move_clock(episode.operations, datetime.now(UTC), *CLOCKS)


def _monday() -> datetime:
    """The coming one, at nine."""
    today = datetime.now(ZONE).date()
    return datetime.combine(today + timedelta(days=7 - today.weekday()), time(9), ZONE)


async def _registered(play: Play) -> Caller:
    employer = next(e for e in play.programme.employers if Programme.CARE_CONNECT in e.programmes)
    client = play.caller(Role.CLIENT, uuid4())
    body = {"client_id": str(client.id), "employer_id": str(employer.employer_id), "plan_id": str(play.programme.plan_id)}
    body |= {"programme": "care_connect", "birth_date": "1990-06-01", "sex": "female", "state": STATE, "language": "es"}
    await play.caller(Role.OPERATIONS, OPERATIONS).post("scheduling", "/v1/clients", body)
    return client


async def _providers(play: Play, episode: Episode) -> Caller:
    """One more in the client's state, who will not answer; the others there say when they are open."""
    silent = play.caller(Role.PROVIDER, uuid4())
    await episode.operations.post("scheduling", "/v1/providers", participating(silent.id, "Provider 41", STATE, play.programme.plan_id))
    hours = [{"weekday": day, "starts": "09:00", "ends": "17:00"} for day in range(5)]
    for provider in _there(play):
        path = f"/v1/providers/{provider.provider_id}/availability"
        await episode.operations.put("scheduling", path, {"time_zone": ZONE.key, "hours": hours})
    return silent


def _there(play: Play) -> Sequence[Provider]:
    return [provider for provider in play.programme.providers if provider.state == STATE]


async def _ask(episode: Episode, provider_id: UUID) -> str:
    notice = episode.play.forms.notice(Programme.CARE_CONNECT, "es")
    body = {"client_id": str(episode.client.id), "provider_id": str(provider_id), "programme": "care_connect", "specialties": ["anxiety"]}
    asked = await episode.client.post(
        "scheduling", "/v1/consultation-requests", {**body, "sharing": {"choice": "decline", "notice_digest": notice}}
    )
    episode.note("client", "asks a provider, and declines to share: the clock of seeking care starts")
    return str(asked["request_id"])


async def _wait_in_vain(episode: Episode, silent: Caller, request: str) -> None:
    check, asked_at = episode.play.check, episode.now
    await episode.at(asked_at + timedelta(hours=12, minutes=1))
    reminded = await episode.told(silent, "request_reminder_provider")
    episode.note("deadline", "half of the 24 hours have passed: the provider is reminded (S7)")
    await episode.at(asked_at + timedelta(hours=24, minutes=1))
    overdue = await episode.told(silent, "request_overdue_provider")
    episode.note("deadline", "no answer within 24 hours: missed, and the team is told (S7)")
    await episode.at(asked_at + timedelta(hours=72, minutes=1))
    offered = await episode.told(episode.client, "alternatives_offered_client")
    episode.note("deadline", "three days without an answer: others are offered (S11)")
    state = (await episode.client.get("scheduling", f"/v1/consultation-requests/{request}"))["state"]
    check(reminded and overdue and offered and state == "timed_out", "Reminded, escalated, and others offered before the fourth day ended.")


async def _choose(episode: Episode, request: str) -> dict[str, Any]:
    """The best proposal, booked at once from the provider's open slots."""
    cases = (await episode.client.get("scheduling", "/v1/matching-cases"))["items"]
    proposals = next(case["proposals"] for case in cases if case["request_id"] == request)
    rows = [(p["name"], (p["next_open_at"] or "")[:16].replace("T", " "), _reasons(p)) for p in proposals]
    episode.play.tell.table(("Client Matching proposes", "open at (UTC)", "because"), rows)
    best = proposals[0]
    body = {"client_id": str(episode.client.id), "provider_id": best["provider_id"], "programme": "care_connect"}
    booked = await episode.client.post("scheduling", "/v1/consultation-requests", {**body, "booking": {"starts_at": best["next_open_at"]}})
    episode.note("client", f"books a consultation with {best['name']}, from the open slots (S6)")
    (appointment,) = (await episode.client.get("scheduling", "/v1/appointments"))["items"]
    return {"request": booked, "appointment": appointment, "provider": best["provider_id"]}


def _reasons(proposal: dict[str, Any]) -> str:
    return ", ".join(why["reason"].replace("_", " ") + (f" {why['value']}" if why["value"] else "") for why in proposal["why"])


async def _be_seen(episode: Episode, matched: dict[str, Any], provider: Caller) -> None:
    """The consultation, and the next day the first session."""
    appointment = matched["appointment"]
    for kind in ("consultation", "session"):
        await episode.at(datetime.fromisoformat(appointment["ends_at"]))
        held_on = datetime.fromisoformat(appointment["starts_at"]).astimezone(ZONE).date()
        await provider.post("scheduling", f"/v1/appointments/{appointment['appointment_id']}/completion", {"held_on": held_on.isoformat()})
        episode.note("provider", f"the {kind} was held")
        if kind == "consultation":
            starts_at = datetime.combine(held_on + timedelta(days=1), time(18), ZONE)
            path = f"/v1/consultation-requests/{matched['request']['request_id']}/appointments"
            appointment = await provider.post("scheduling", path, {"kind": "session", "starts_at": starts_at.isoformat()})
            episode.note("provider", "a good fit: the first session is scheduled")


async def _measured(episode: Episode) -> None:
    client = episode.client
    (lived,) = (await client.get("scheduling", f"/v1/clients/{client.id}/episodes"))["items"]
    hours = {name: _hours(lived, name) for name in ("scheduled_at", "consulted_at", "in_care_at")}
    said = ", ".join(f"{name.removesuffix('_at').replace('_', ' ')} after {value:.0f} h" for name, value in hours.items())
    levels = (await client.get("scheduling", f"/v1/consultation-requests?client_id={client.id}"))["items"]
    episode.play.summary["episode_hours"] = {name: round(value, 1) for name, value in hours.items()}
    due = _fifth_business_day(datetime.fromisoformat(lived["sought_at"]))
    seen = datetime.fromisoformat(lived["in_care_at"])
    episode.play.check(
        seen < due and lived["outcome"] == "in_care" and len(levels) == 2,
        f"Seen within five business days, by one clock over two providers: {said} (S9).",
    )


def _hours(lived: dict[str, Any], name: str) -> float:
    return (datetime.fromisoformat(lived[name]) - datetime.fromisoformat(lived["sought_at"])).total_seconds() / 3600


def _fifth_business_day(sought: datetime) -> datetime:
    """Its end, counted here by hand and without holidays: stricter than the promise."""
    day, counted = sought.astimezone(ZONE).date(), 0
    while counted < 5:
        day += timedelta(days=1)
        counted += day.weekday() < 5
    return datetime.combine(day + timedelta(days=1), time(), ZONE)
