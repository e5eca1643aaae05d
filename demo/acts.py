"""The acts up to the export: loading, choosing, exporting. Each says what it does, does it, and checks what came of it."""

import json
from collections import Counter
from uuid import UUID

import httpx
from rich.markup import escape

from common.auth import Role
from demo.calling import Caller, side_by_side
from demo.exporting import request_export
from demo.living import Life
from demo.loading import Loader, caught_up
from demo.partner import Partner
from demo.play import Play
from demo.programme import Client
from demo.steps import Ask
from demo.system import OPERATIONS, PRIVACY_OFFICER

STATED_PURPOSE = "urn:care-connect:export-purpose"
"""Where the manifest says what it is for."""


async def load(play: Play) -> None:
    """Everybody but one client, who chooses in the next act."""
    p, tell = play.programme, play.tell
    tell.act("A sample programme is loaded through the HTTP APIs")
    tell.say(
        f"Two programmes, {len(p.employers)} employers, one health plan, {len(p.providers)} providers, {len(p.clients)} clients.\n"
        "Months of requests, sessions and answers, each sent as the person who took the step, at the time at which it was taken."
    )
    last = undecided(play)
    others = [client for client in p.clients if client is not last]
    steps = sum(len(client.steps) for client in others)
    loader = Loader(play.system, play.lanes, p)
    with tell.progress("people and companies", 1 + len(p.employers) + len(p.providers) + len(p.clients)) as tell_of:
        await loader.register(tell_of)
    await register_plan(play)
    await caught_up(play.system, play.http, "assessments")
    play.forms = await loader.forms()
    with tell.progress("steps of clients and providers", steps) as tell_of:
        await loader.live(play.forms, others, tell_of)
    seconds = [await caught_up(play.system, play.http, reader) for reader in ("consent", "reporting")]
    done = loader.done
    play.summary["clients"] = done["clients"]
    tell.say(
        f"  {done['Ask']} requests, {done['Hold']} appointments held, {done['FillIn']} questionnaires, {done['Recommend']} recommendations."
    )
    play.check(done["clients"] == len(p.clients), f"All events were applied {sum(seconds):.1f} s after the last request.")


async def register_plan(play: Play) -> None:
    """C5: individual data goes to registered recipients only."""
    play.partner = Partner(play.http, play.system.url("reporting"), play.programme.plan_id)
    registered = await play.partner.register(await play.system.bearer(Role.OPERATIONS, OPERATIONS))
    play.tell.say(f"  {play.programme.plan_name} is registered as a recipient, by its public key: purpose {registered['purpose']}.")


def undecided(play: Play) -> Client:
    """The one whose first request is made on the stage: somebody who declines and is then cared for like everybody else."""
    decliners = [client for client in play.programme.clients if not client.opts_in]
    return max(decliners, key=lambda client: len(client.steps))


async def choose(play: Play) -> None:
    """C1 to C3."""
    tell, client = play.tell, undecided(play)
    counted: Counter[str] = Counter()
    me, life = play.client(client), Life(play.system, play.http, play.forms, client, counted)
    tell.act("A client chooses on the first consultation request")
    tell.say("The choice on sharing individual data has no default. A first request without it is refused (C2):")
    ask = next(step for step in client.steps if isinstance(step, Ask))
    request = life.request(ask)
    without = {name: value for name, value in request.items() if name != "sharing"}
    refused = await me.send("POST", "scheduling", "/v1/consultation-requests", without, ask.at)
    tell.answer(refused)
    play.check(refused.status_code == 422 and refused.json()["code"] == "choice_missing", "Refused, and nothing was kept.")
    tell.say("The client declines, and goes on like everybody else:")
    for step in client.steps:
        await life.take(step)
    await caught_up(play.system, play.http, "consent")
    sharing = await me.get("consent", f"/v1/clients/{client.client_id}/sharing/{client.programme}")
    tell.say(f"  consent knows: decision {sharing['decision']}, shared {sharing['shared']}, version {sharing['version']}")
    held = await me.get("scheduling", "/v1/appointments")
    play.check(
        not sharing["shared"] and counted["Hold"] == sum(item["held_on"] is not None for item in held["items"]),
        f"Declining changed nothing: {len(held['items'])} appointments, {counted['Hold']} of them held (C3).",
    )
    await _count_choices(play)


async def _count_choices(play: Play) -> None:
    """What consent itself says of each client."""
    clients = play.programme.clients
    shared: dict[UUID, bool] = {}

    async def look(http: httpx.AsyncClient, client: Client) -> None:
        officer = Caller(play.system, http, Role.PRIVACY_OFFICER, PRIVACY_OFFICER)
        state = await officer.get("consent", f"/v1/clients/{client.client_id}/sharing/{client.programme}")
        shared[client.client_id] = state["shared"]

    await side_by_side(look, clients, play.lanes)
    play.summary["opted_in"] = opted_in = sum(shared.values())
    play.check(
        all(shared[client.client_id] == client.opts_in for client in clients),
        f"Of {len(clients)} clients {opted_in} share and {len(clients) - opted_in} do not: each as chosen.",
    )


async def export(play: Play) -> None:
    """C1, C5, C16, C17: and nobody who declined."""
    tell = play.tell
    tell.act("The health plan takes an export of those who opted in")
    await caught_up(play.system, play.http, "reporting")
    play.before = taken = await request_export(play.partner, play.out / "export_before")
    people, records = taken.by_token(), taken.records()
    play.summary["exported_records"], play.summary["exported_resources"] = len(records), people.total()
    sharers = [client for client in play.programme.clients if client.opts_in]
    expected = [client.shared_records() for client in sharers]
    tell.say(
        f"  FHIR Bulk Data: {len(taken.manifest['output'])} files, {people.total()} resources of {len(people)} people → {taken.folder}\n"
        f"  for {taken.manifest['extension'][STATED_PURPOSE]}. People are random tokens: no name and no client id leaves."
    )
    tell.say(f"  one record: [dim]{escape(json.dumps(records[0]))}[/dim]")
    per_person = taken.records_by_token()
    play.check(
        sorted(per_person.values()) == sorted(count for count in expected if count) and len(people) == len(sharers),
        f"{len(records)} records: exactly those of the categories that each person opted in to; nobody who declined is in it.",
    )
    employer = play.caller(Role.EMPLOYER, play.programme.employers[0].employer_id)
    refused = await employer.send("GET", "reporting", "/fhir/$export", accept="application/fhir+json", prefer="respond-async")
    play.check(refused.status_code == 403, f"An employer who asks for the same is refused: {refused.status_code} (C6).")
