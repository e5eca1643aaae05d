"""The act that it is all about: one client opts out, and what that did everywhere. Then the same client opts in again."""

from typing import Any

from demo.calling import Caller, until
from demo.exporting import download_again, request_export
from demo.play import Play
from demo.programme import Client
from demo.timeline import watched_opt_out

LAST_SHOWN = 4


def somebody(play: Play) -> Client:
    """Who has shared most."""
    return max(play.programme.clients, key=Client.shared_records)


async def opt_out(play: Play) -> None:
    """C4, R5, C9."""
    tell, client = play.tell, somebody(play)
    me = play.client(client)
    tell.act("One client opts out")
    await until(lambda: _on_partner_topic(me))
    watched = await watched_opt_out(play.system, me, client.programme)
    play.opt_outs += 1
    play.propagation_ms.append(watched.propagation_ms)
    tell.say("Milliseconds since the request was sent, as each part wrote them down itself:")
    tell.table(
        ("ms", "where", "what happened"), [(f"{moment.at:.1f}", moment.where, moment.what) for moment in watched.moments], right=(0,)
    )
    play.check(watched.opt_out["status"] == "effective", "The answer says effective: from here on not one byte about this client leaves.")
    token = await _redacted(play, watched.opt_out)
    await _recalled(play, me, watched.opt_out, token)
    await _accounted(play, me)


async def _redacted(play: Play, opted_out: dict[str, Any]) -> str:
    """The export that the plan took before is another one now. Answers the client's token in it."""
    before, tell = play.before, play.tell
    stream = opted_out["place"]["stream"]
    gone = await play.plan.send("GET", "reporting", before.url_of(stream))
    tell.say("The part of the export that held the client has a new address. The old one answers:")
    tell.answer(gone)
    play.check(gone.status_code == 410, "410 Gone.")
    after = await download_again(play.plan, before.export_id, play.out / "export_after")
    (deletion,) = after.manifest["deleted"]
    token = str(deletion["token"])
    tell.say(f"  the manifest lists the deletion: token {token}, generation {deletion['generation']} of part {deletion['stream']}")
    had, have = before.by_token(), after.by_token()
    play.check(
        had[token] > 0 and had - have == {token: had[token]} and not have - had,
        f"Downloaded again → {after.folder}: {had.total()} − {had[token]} = {have.total()} records; everybody else is as before.",
    )
    return token


async def _recalled(play: Play, me: Caller, opted_out: dict[str, Any], token: str) -> None:
    """What the plan already holds, it is asked to delete."""
    (recall,) = [item for item in await open_recalls(play.plan) if token in item["tokens"]]
    play.tell.say(f"The plan has taken the data already. It is asked to delete what it holds: recall {recall['recall_id']}.")
    status = await _status(me, opted_out)
    play.check(status == "effective", f"Until it says that it did, the opt-out is {status}, and not complete.")
    await play.plan.post("reporting", f"/v1/recalls/{recall['recall_id']}/acknowledgement")

    async def complete() -> bool:
        return await _status(me, opted_out) == "complete"

    play.check(await until(complete), "The plan acknowledges: complete.")


async def _accounted(play: Play, me: Caller) -> None:
    shown = await me.get("reporting", f"/v1/clients/{me.id}/disclosures", limit="500")
    items = sorted(shown["items"], key=lambda item: str(item["disclosed_at"]))
    play.tell.say(f"What the client can see of it: {len(items)} disclosures, one whenever something new left (C9). The last ones:")
    rows = [
        (d["disclosed_at"][11:23], d["path"], d["records"], ", ".join(d["categories"]), "yes" if d["recalled_by"] else "no")
        for d in items[-LAST_SHOWN:]
    ]
    play.tell.table(("at", "by", "records", "categories", "recalled"), rows, right=(2,))
    play.check(all(d["recalled_by"] for d in items), f"All {len(items)} are on record with purpose, time and recall.")


async def opt_in_again(play: Play) -> None:
    """C8."""
    tell, client = play.tell, somebody(play)
    me = play.client(client)
    tell.act("The same client opts in again")
    state = await me.get("consent", f"/v1/clients/{me.id}/sharing/{client.programme}")
    choice = {"choice": "opt_in", "programme": client.programme, "categories": list(client.sharing.categories)}
    shown = {"notice_digest": play.forms.notice(client.programme, client.language)}
    path = f"/v1/clients/{me.id}/decisions"
    late = await me.send("POST", "consent", path, choice | shown, if_match=f'"{state["version"] - 1}"')
    play.check(late.status_code == 412, f"A late retry of the old opt-in is refused: {late.status_code} {late.json()['code']}.")
    await me.post("consent", path, choice | shown, if_match=f'"{state["version"]}"')
    new = await request_export(play.plan, play.out / "export_opted_in_again")
    old = await download_again(play.plan, play.before.export_id, play.out / "export_after")
    before, after, now = play.before.by_token(), old.by_token(), new.by_token()
    (fresh,) = now.keys() - before.keys()
    play.check(now[fresh] == client.shared_records(), f"A new export holds the client again: {now[fresh]} records under a new token.")
    play.check(before.keys() - after.keys() != set() and fresh not in after, "The old export stays redacted.")


async def open_recalls(plan: Caller) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await plan.get("reporting", "/v1/recalls", limit="500", **cursor)
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


async def _status(me: Caller, opted_out: dict[str, Any]) -> str:
    read = await me.get("consent", f"/v1/clients/{me.id}/opt-outs/{opted_out['decision_id']}")
    return str(read["status"])


async def _on_partner_topic(me: Caller) -> bool:
    shown = await me.get("reporting", f"/v1/clients/{me.id}/disclosures")
    return any(disclosure["path"] == "partner_topic" for disclosure in shown["items"])
