"""Does on the real stack what the model is told, by every channel, and compares the two."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from consent.ledger.signing import verify_with
from tests.faults.decision_model import Call, Decline, Desk, OptIn, OptOut, Person, Withdraw
from tests.faults.mails import raw_mail
from tests.flows.test_mail_intake import Writer, resolve, writer
from tests.records import EVERY, PHQ_9, book_sessions, export_now, ledger_of, score
from tests.story import NOTICE, Story, eventually

RECEIPT, PROOF = "consent-receipt+jwt", "opt-out-proof+jwt"
TAKEN_BACK = ("opted_out", "sharing_narrowed", "sharing_suspended")
ON_BEHALF = {"asked_by": "client", "identity_check": "called_back"}
UNCHECKED = {"asked_by": "client", "identity_check": "not_checked"}
KINDS = {
    "opted_in": "consent_given",
    "declined": "consent_refused",
    "opted_out": "consent_withdrawn",
    "sharing_narrowed": "consent_partly_withdrawn",
    "sharing_suspended": "consent_suspended",
    "sharing_resumed": "consent_resumed",
}


@dataclass
class Known:
    """A client: what the model makes of them, and their last call with how it was made."""

    number: int
    id: UUID
    person: Person
    mailbox: Writer
    has: frozenset[str]
    """The categories of which there is a record."""
    last: tuple[Call, str, str | None] | None = None


@dataclass
class Play:
    """One example."""

    story: Story
    clients: list[Known] = field(default_factory=list)
    desk: Desk = field(default_factory=Desk)
    household: Writer | None = None
    """An address that the first two share."""

    async def begin(self, choices: Sequence[frozenset[str] | str]) -> None:
        """Each client's records tell whose they are: a birth year, a month, a score, a total of their own."""
        for number, choice in enumerate(choices):
            self.clients.append(await self._client(number, choice))
        self.household = await writer(self.story, *(known.id for known in self.clients[:2]))
        for known in self.clients[:2]:
            await self._give_addresses(known, [known.mailbox.address, self.household.address])

    async def _client(self, number: int, choice: frozenset[str] | str) -> Known:
        id, person, has = uuid4(), Person(), frozenset(EVERY)
        await self._register(number, id)
        if choice == "never":
            has -= {"appointments", "session_frequency"}
        else:
            sharing: dict[str, Any] = {} if choice == "decline" else {"categories": sorted(choice)}
            made = await self.story.request(id, "decline" if choice == "decline" else "opt_in", **sharing)
            decision_id = made.json()["sharing"]["choice_id"]
            person.take(Decline(decision_id) if choice == "decline" else OptIn(decision_id, 0, frozenset(choice)))
            await book_sessions(self.story, made.json()["request_id"], 2, month=number + 1)
        await self._answer(number, id)
        return Known(number, id, person, await writer(self.story, id), has)

    async def _register(self, number: int, id: UUID) -> None:
        body = {"client_id": str(id), "employer_id": str(self.story.employer), "plan_id": str(self.story.plan)}
        body |= {"programme": "care_connect", "birth_date": f"{1980 + number}-05-17", "sex": "female", "state": "MA"}
        answer = await self.story.call("scheduling", "POST", "/v1/clients", self.story.token("operations"), json=body)
        assert answer.status_code == 201, answer.text

    async def _answer(self, number: int, id: UUID) -> None:
        await score(self.story, id, number)
        body = {"client_id": str(id), "instrument": "phq-9", "answers": dict.fromkeys(PHQ_9, number)}
        answer = await self.story.call("assessments", "POST", "/v1/assessment-responses", self.story.token("client", id), json=body)
        assert answer.status_code == 201, answer.text

    async def _give_addresses(self, known: Known, addresses: list[str]) -> None:
        path, caller = f"/v1/clients/{known.id}/mail-addresses", self.story.token("client", known.id)
        await self.story.call("consent", "PUT", path, caller, json={"addresses": addresses})

    async def say(self, known: Known, call: Call, channel: str, clock: str | None) -> None:
        """One call; the answer must be what the model says."""
        known.last = (call, channel, clock)
        expected = known.person.refusals(call)
        answer = await self._send(known, call, channel, {"clock-now": clock} if clock else {})
        if expected:
            assert answer.status_code >= 400 and answer.json()["code"] in expected, (call, expected, answer.text)
        else:
            assert answer.status_code == 200, (call, answer.text)
            lines = known.person.take(call)
            if channel != "link":
                body = answer.json()
                body = body if "receipt" in body else next(item for item in body["items"] if item["programme"] == "care_connect")
                assert bool(body["receipt"]) == bool(lines), (call, lines, body)

    async def _send(self, known: Known, call: Call, channel: str, headers: dict[str, str]) -> httpx.Response:
        path, body = f"/v1/clients/{known.id}", {"programme": "care_connect"}
        staff = channel.endswith("staff")
        caller = self.story.token("privacy_officer") if staff else self.story.token("client", known.id)
        more: dict[str, Any] = {"on_behalf": UNCHECKED if channel == "unchecked staff" else ON_BEHALF} if staff else {}
        match call:
            case OptOut() if channel == "link":
                link = await self.story.call("consent", "POST", f"{path}/opt-out-links", caller, json=body)
                return await self.story.http.post(link.json()["url"], headers=headers)
            case OptOut():
                headers |= {"prefer": "wait=0"}
                return await self.story.call("consent", "POST", f"{path}/opt-outs", caller, json=body | more, headers=headers)
            case Withdraw():
                more |= {"categories": sorted(call.categories)}
                return await self.story.call("consent", "POST", f"{path}/withdrawals", caller, json=body | more, headers=headers)
            case OptIn():
                headers |= {"if-match": f'"{call.version}"'} if call.version is not None else {}
                more |= {"choice": "opt_in", "categories": sorted(call.categories)}
            case Decline():
                more |= {"choice": "decline"}
        more |= {"notice_digest": NOTICE, "decision_id": call.id}
        return await self.story.call("consent", "POST", f"{path}/decisions", caller, json=body | more, headers=headers)

    async def write(self, writers: Sequence[Known], what: str, times: int) -> None:
        """A mail over SMTP, perhaps sent again by the gateway; returns when it was decided about."""
        mailbox = self.household if len(writers) > 1 else writers[0].mailbox
        assert mailbox is not None
        text = "I wonder whether I should opt out." if what == "unclear" else "Please opt me out."
        id = f"<{uuid4()}@mail.example>"
        for _ in range(times):
            await mailbox.send(raw_mail(mailbox.address, text, id, passes=what != "forged", automatic=what == "automatic"))
        mail = await self._decided(id)
        self.desk.arrive(mail, [known.person for known in writers], what != "unclear", what != "forged", what == "automatic")

    async def _decided(self, message_id: str) -> str:
        connection = await asyncpg.connect(self.story.stack.database("consent"))
        found = "select mail_id from mail where message_id = $1 and state <> 'received'"
        mail = await eventually(lambda: connection.fetchval(found, message_id))
        await connection.close()
        return str(mail)

    async def resolve(self, mail: str, opted_out: Sequence[Known]) -> None:
        more = {"client_ids": [str(known.id) for known in opted_out]} if opted_out else {}
        await resolve(self.story, mail, "opt_out" if opted_out else "not_an_opt_out", **more)
        self.desk.resolve(mail, [known.person for known in opted_out])

    async def compare_states(self) -> None:
        for known in self.clients:
            found, person = await self.story.sharing(known.id), known.person
            state = (found["decision"] or "never", frozenset(found["categories"]), found["version"], found["shared"])
            assert state == (person.state, person.categories, person.version, bool(person.shared)), (known.number, person)

    async def compare_everything(self) -> None:
        """Once all has settled: the ledger, its receipts, the proofs, and what a release holds."""
        await self.compare_states()
        keys = (await self.story.http.get(f"{self.story.stack.url('consent')}/v1/ledger/keys")).json()
        for known in self.clients:
            lines = [line for line in await ledger_of(self.story, known.id) if line["event"]["programme"] == "care_connect"]
            assert [kind_of(line) for line in lines] == known.person.history, known.number
            for line in lines:
                await self._check_receipt(known, line, keys)
        left = sorted((whose(line), line["category"]) for line in await export_now(self.story))
        may = sorted((k.number, category) for k in self.clients for category in k.person.shared & k.has)
        assert left == may, "what leaves is what they share"

    async def _check_receipt(self, known: Known, line: dict[str, Any], keys: dict[str, Any]) -> None:
        caller, kind = self.story.token("client", known.id), kind_of(line)
        path = f"/v1/clients/{known.id}/decisions/{line['event_id']}/receipt"
        record = verify_with(keys, RECEIPT, (await self.story.call("consent", "GET", path, caller)).json()["jws"])
        assert (record["ledger"]["stream"], record["ledger"]["position"]) == (line["stream"], line["position"])
        assert (record["event"]["event_type"], record["pii_principal_id"]) == (KINDS[kind], str(known.id))
        if kind in TAKEN_BACK:
            path = f"/v1/clients/{known.id}/opt-outs/{line['event_id']}/proof"

            async def effective() -> bool:
                proof = verify_with(keys, PROOF, (await self.story.call("consent", "GET", path, caller)).json()["jws"])
                return proof["propagation"]["status"] in ("effective", "complete")

            await eventually(effective)


def kind_of(line: dict[str, Any]) -> str:
    return str(line["type"].split(".")[1])


def whose(line: dict[str, Any]) -> int:
    if line["resourceType"] == "Patient":
        return int(line["birthYear"]) - 1980
    if line["resourceType"] == "Appointment":
        return int(line["start"][5:7]) - 1
    return int(line["value"]) // (9 if line["code"] == "phq-9" else 1)
