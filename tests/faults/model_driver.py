"""Does on the real stack what the model is told, by every channel, and compares the two."""

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from consent.ledger.signing import verify_with
from demo.partner import token_of
from tests.faults.decision_model import Call, Decline, Desk, OptIn, OptOut, Person, Withdraw
from tests.faults.mails import raw_mail
from tests.mails import Writer, resolve, writer
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


@dataclass(frozen=True)
class Said:
    call: Call
    channel: str
    clock: str | None


@dataclass
class Known:
    """A client: what the model makes of them, and their last call with how it was made."""

    number: int
    id: UUID
    person: Person
    mailbox: Writer
    has: frozenset[str]
    """The categories of which there is a record."""
    last: Said | None = None
    began: int = 0
    """Lines in the ledger before the first step."""

    def may_leave(self) -> list[tuple[int, str]]:
        return sorted((self.number, category) for category in self.person.shared & self.has)


@dataclass
class Play:
    """One example."""

    story: Story
    clients: list[Known] = field(default_factory=list)
    desk: Desk = field(default_factory=Desk)
    household: Writer | None = None
    """An address that the first two share."""
    early: dict[str, Any] = field(default_factory=dict)
    """An export made before the first step: of it only what nothing has happened to since stays."""

    async def begin(self, choices: Sequence[frozenset[str] | str]) -> None:
        """Each client's records tell whose they are: a birth year, a month, a score, a total of their own."""
        for number, choice in enumerate(choices):
            self.clients.append(await self._client(number, choice))
        self.household = await writer(self.story, *(known.id for known in self.clients[:2]))
        for known in self.clients[:2]:
            await self._give_addresses(known, [known.mailbox.address, self.household.address])
        self.early = await self.story.export_of(0)

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
        return Known(number, id, person, await writer(self.story, id), has, began=len(person.history))

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

    async def say(self, known: Known, said: Said) -> None:
        """One call; the answer must be what the model says."""
        known.last = said
        answer = await self._send(known, said)
        told = tell(known.person, said.call)
        assert fits(answer, said, *told), (said, *told, answer.status_code, answer.text[:500])

    async def say_at_once(self, known: Known, *said: Said) -> None:
        """Two calls at the same moment: answers and state must be those of one after the other, whichever came first."""
        answers = await asyncio.gather(*(self._send(known, each) for each in said))
        state = await self.story.sharing(known.id)
        for order in permutations(zip(said, answers, strict=True)):
            person = deepcopy(known.person)
            if all([fits(answer, each, *tell(person, each.call)) for each, answer in order]) and as_is(state) == as_told(person):
                vars(known.person).update(vars(person))
                return
        raise AssertionError((said, [(answer.status_code, answer.text[:300]) for answer in answers], state))

    async def _send(self, known: Known, said: Said) -> httpx.Response:
        call, channel, headers = said.call, said.channel, {"clock-now": said.clock} if said.clock else {}
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
            assert as_is(await self.story.sharing(known.id)) == as_told(known.person), known.number

    async def compare_everything(self) -> None:
        """Once all has settled: the ledger, its receipts, the proofs, and what a release holds."""
        await self.compare_states()
        keys = (await self.story.http.get(f"{self.story.stack.url('consent')}/v1/ledger/keys")).json()
        for known in self.clients:
            lines = [line for line in await ledger_of(self.story, known.id) if line["event"]["programme"] == "care_connect"]
            assert [kind_of(line) for line in lines] == known.person.history, known.number
            for line in lines:
                await self._check_receipt(known, line, keys)
        fresh = sorted((whose(line), line["category"]) for line in await export_now(self.story))
        assert fresh == [each for known in self.clients for each in known.may_leave()], "what leaves is what they share"
        await self._check_the_early_export()

    async def _check_the_early_export(self) -> None:
        """What was taken back stays out of it, also where it is shared anew by now (C8)."""
        untouched = [known for known in self.clients if len(known.person.history) == known.began]
        stays = [each for known in untouched for each in known.may_leave()]
        manifest = await self.story.manifest(self.early["export_id"])
        assert sorted((whose(line), line["category"]) for line in await self.story.lines(manifest)) == stays
        kept = {token_of(found) for found in await self.story.partner.resources(manifest)}
        assert len(kept) == sum(known.person.shared != frozenset() for known in untouched), "and nothing else is kept"

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


def tell(person: Person, call: Call) -> tuple[set[str], int]:
    """What the model makes of it: the reasons against it, or how many lines it adds."""
    refusals = person.refusals(call)
    return refusals, 0 if refusals else person.take(call)


def fits(answer: httpx.Response, said: Said, refusals: set[str], lines: int) -> bool:
    """There is a receipt where there is a new line, by every channel that can carry one."""
    if refusals:
        return answer.status_code >= 400 and answer.json()["code"] in refusals
    if answer.status_code != 200 or said.channel == "link":
        return answer.status_code == 200
    body = answer.json()
    item = body if "receipt" in body else next(item for item in body["items"] if item["programme"] == "care_connect")
    return bool(item["receipt"]) == bool(lines)


def as_is(found: dict[str, Any]) -> tuple[Any, ...]:
    return (found["decision"] or "never", frozenset(found["categories"]), found["version"], found["shared"])


def as_told(person: Person) -> tuple[Any, ...]:
    return (person.state, person.categories, person.version, bool(person.shared))


def kind_of(line: dict[str, Any]) -> str:
    return str(line["type"].split(".")[1])


def whose(line: dict[str, Any]) -> int:
    """By what the record tells: see `begin`."""
    if "birthYear" in line:
        return int(line["birthYear"]) - 1980
    if "start" in line:
        return int(line["start"][5:7]) - 1
    return int(line["value"]) // (9 if line["category"] == "assessment_results" else 1)
