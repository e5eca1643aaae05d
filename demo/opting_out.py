"""The act that it is all about: one client opts out, and what that did everywhere. Then the same client opts in again."""

from typing import Any

from rich.markup import escape

from demo.calling import Caller, until
from demo.exporting import download_again, request_export
from demo.play import Play
from demo.programme import Client
from demo.timeline import watched_opt_out
from demo.topics import TOMBSTONE, read_about

LAST_SHOWN = 4
PATIENT = "Patient/"


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
    gone = await play.partner.file(before.url_of(opted_out["place"]["stream"], "Patient"))
    tell.say("The files of the export that held the client have new addresses. An old one answers:")
    tell.answer(gone)
    play.check(gone.status_code == 410, "410 Gone.")
    after = await download_again(play.partner, before, play.out / "export_after")
    (token,) = [reference.removeprefix(PATIENT) for reference in after.deleted if reference.startswith(PATIENT)]
    tell.say(f"  the manifest lists what is to be dropped: Patient/{token} and {len(after.deleted) - 1} other resources")
    had, have = before.by_token(), after.by_token()
    play.check(
        had[token] > 0 and had - have == {token: had[token]} and not have - had,
        f"Downloaded again → {after.folder}: {had.total()} − {had[token]} = {have.total()} resources; everybody else is as before.",
    )
    return token


async def _recalled(play: Play, me: Caller, opted_out: dict[str, Any], token: str) -> None:
    """What the plan already holds, it is asked to delete."""
    (recall,) = [item for item in await play.partner.recalls() if token in item["tokens"]]
    recall_id, tell = recall["recall_id"], play.tell
    tell.say(f"The plan has taken the data already. It is asked to delete what it holds: recall {recall_id}. On its own topics it reads:")
    told = await read_about(play.system, play.partner, token, recall_id)
    tell.table(("topic", "key", "value"), [(topic, f"{key[:8]}…", escape(said)) for topic, key, said in told[-LAST_SHOWN:]])
    said = [value for _, _, value in told]
    play.check(
        said[0].startswith("Bundle") and TOMBSTONE in said[1:] and any(recall_id in value for value in said),
        "The client's records, then the tombstone that ends them, and the recall.",
    )
    status = await _status(me, opted_out)
    play.check(status == "effective", f"Until the plan says that it did, the opt-out is {status}, and not complete.")
    await play.partner.acknowledge(recall_id)
    tell.say("  the plan acknowledges: it has the recall, and uses nothing of it any more")
    await play.partner.attest(recall_id)

    async def complete() -> bool:
        return await _status(me, opted_out) == "complete"

    play.check(await until(complete), "The plan states that it has deleted, how, and who says so: complete.")


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
    since = str(play.before.manifest["transactionTime"])
    new = await request_export(play.partner, play.out / "increment_opted_in_again", _since=since)
    old = await download_again(play.partner, play.before, play.out / "export_after")
    before, after, now = play.before.by_token(), old.by_token(), new.records_by_token()
    (fresh,) = new.by_token().keys() - before.keys()
    (gone,) = before.keys() - after.keys()
    play.check(
        now[fresh] == client.shared_records() and f"{PATIENT}{gone}" in new.deleted,
        f"What has changed since (_since): the client again, {now[fresh]} records under a new token; the old token is to be dropped.",
    )
    play.check(fresh not in after, "The old export stays redacted.")


async def _status(me: Caller, opted_out: dict[str, Any]) -> str:
    read = await me.get("consent", f"/v1/clients/{me.id}/opt-outs/{opted_out['decision_id']}")
    return str(read["status"])


async def _on_partner_topic(me: Caller) -> bool:
    shown = await me.get("reporting", f"/v1/clients/{me.id}/disclosures")
    return any(disclosure["path"] == "partner_topic" for disclosure in shown["items"])
