"""The act by mail: a client writes to the privacy officer, and what is left of it is proof that anybody can verify afterwards."""

from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiosmtplib

from common.auth import Role
from demo.calling import Caller, until
from demo.play import Play
from demo.programme import Client
from demo.system import PRIVACY_OFFICER
from deploy.local.stack import AUTHSERV_ID, PRIVACY_ADDRESS

WORDS = "Hello,\n\nPlease opt me out of sharing my data with my health plan.\n\nThank you\n"


async def opt_out_by_mail(play: Play) -> None:
    """C4."""
    tell, (client, me) = play.tell, await _who_still_shares(play)
    tell.act("A client opts out by e-mail")
    address = f"jordan-{client.client_id.hex[:8]}@mail.example"  # two clients with one address would have to be told apart by a person
    await me.put("consent", f"/v1/clients/{me.id}/mail-addresses", {"addresses": [address]})
    tell.say(f"From an address that the portal knows, over SMTP, as the mail gateway hands it on: [dim]{WORDS.split(chr(10))[2]}[/dim]")
    await _send(play, WORDS, address)

    async def opted_out() -> bool:
        return bool((await _sharing(me, client))["decision"] == "opted_out")

    play.check(await until(opted_out), "Understood, and recorded at once: the client is opted out.")
    play.summary["opt_outs"] += 1
    answer = await _answered(play, address)
    play.check("You have opted out" in answer["headers"]["subject"], f"Answered: “{answer['headers']['subject']}”.")
    await _proven(play, me, (await _sharing(me, client))["decision_id"])
    await _unclear(play)


async def _who_still_shares(play: Play) -> tuple[Client, Caller]:
    """Somebody whom the race has left sharing; in a small programme perhaps nobody, and then somebody who shares again."""
    once = [client for client in play.programme.clients if client.opts_in]
    for client in once:
        me = play.client(client)
        if (await _sharing(me, client))["shared"]:
            return client, me
    client, me = once[0], play.client(once[0])
    version = (await _sharing(me, client))["version"]
    choice = {"choice": "opt_in", "programme": client.programme, "notice_digest": play.forms.notice(client.programme, client.language)}
    await me.post("consent", f"/v1/clients/{me.id}/decisions", choice, if_match=f'"{version}"')
    return client, me


async def _sharing(me: Caller, client: Client) -> dict[str, Any]:
    found: dict[str, Any] = await me.get("consent", f"/v1/clients/{me.id}/sharing/{client.programme}")
    return found


async def _send(play: Play, text: str, address: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = address, PRIVACY_ADDRESS, "My data"
    message["Message-ID"] = f"<{uuid4()}@mail.example>"
    message["Authentication-Results"] = f"{AUTHSERV_ID}; dmarc=pass header.from=mail.example"
    message.set_content(text)
    host, port = play.system.smtp
    await aiosmtplib.send(message, hostname=host, port=port)


async def _answered(play: Play, address: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    async def there() -> bool:
        answer = await play.http.get(f"{play.system.url('mailbox')}/mails", params={"to": address})
        found[:] = answer.json()
        return bool(found)

    await until(there)
    return found[0]


async def _unclear(play: Play) -> None:
    """What is not plain waits for a person."""
    address = f"somebody-{uuid4().hex[:8]}@mail.example"
    await _send(play, "I am not sure whether I want to share. How does this work?", address)
    officer = play.caller(Role.PRIVACY_OFFICER, PRIVACY_OFFICER)
    await _answered(play, address)
    queue = (await officer.get("consent", "/v1/mails", limit="500"))["items"]
    waiting = [mail for mail in queue if mail["sender"] == address]
    play.check(
        bool(waiting), f"A mail that is not plain waits for the privacy officer until {waiting[0]['due_at'][:16]} and is answered as well."
    )


async def _proven(play: Play, me: Caller, decision_id: str) -> None:
    """The proof once the plan has deleted what it held, and everything that it takes to verify it without us."""
    path = f"/v1/clients/{me.id}/opt-outs/{decision_id}/proof"

    async def complete() -> bool:
        for recall in await play.partner.recalls("sent", "acknowledged"):
            await play.partner.attest(recall["recall_id"])
        return bool((await me.get("consent", path))["record"]["propagation"]["status"] == "complete")

    await until(complete)
    proof = await me.get("consent", path)
    propagation, line = proof["record"]["propagation"], proof["record"]["ledger"]
    play.tell.say(f"The proof, signed: ledger stream {line['stream']}, position {line['position']}; every sink, and when it answered:")
    rows = [
        (s["sink"], s["state"], s["records"] if s["records"] is not None else "", (s["done_at"] or "")[11:23]) for s in propagation["sinks"]
    ]
    play.tell.table(("sink", "state", "records", "at"), rows, right=(2,))
    play.check(propagation["status"] == "complete", "The plan states that it has deleted: complete.")
    receipt = await me.get("consent", f"/v1/clients/{me.id}/decisions/{decision_id}/receipt")
    await _leave_evidence(play, {"receipt": receipt["jws"], "proof": proof["jws"]})


async def _leave_evidence(play: Play, tokens: dict[str, str]) -> None:
    folder = play.out / "evidence"
    folder.mkdir(parents=True, exist_ok=True)
    officer = play.caller(Role.PRIVACY_OFFICER, PRIVACY_OFFICER)
    verified = await officer.post("consent", "/v1/ledger/verifications", {"receipts": list(tokens.values())})
    play.summary["ledger"] = {name: verified[name] for name in ("status", "lines", "checkpoints", "receipts")}
    play.check(
        verified["status"] == "intact",
        f"The ledger verifies: {verified['lines']} lines, {verified['checkpoints']} signed checkpoints, {verified['receipts']} receipts.",
    )
    for name, token in tokens.items():
        _write(folder / f"{name}.jws", token)
    _write(folder / "keys.json", (await officer.send("GET", "consent", "/v1/ledger/keys")).text)
    _write(folder / "ledger.ndjson", (await officer.send("GET", "consent", "/v1/ledger/export")).text)
    play.tell.say(f"Receipt, proof, public keys and the ledger → {folder}. [bold]make verify-ledger[/bold] verifies them without us.")


def _write(path: Path, text: str) -> None:
    path.write_text(text)
