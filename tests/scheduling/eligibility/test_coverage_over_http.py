"""Plan details arrive by registration, over the API and with a plan's change: verified at once, and told where it must be (S1, S2)."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from common.contracts.vocabulary import Programme
from scheduling.clients.tables import lock_covered
from scheduling.eligibility.rules import Reason
from scheduling.eligibility.usecases import check_eligible
from tests.scheduling.eligibility.office import CARE_CONNECT, EWS, NOW, TODAY, Office, registration

DAY = timedelta(1)


async def test_S1_who_is_registered_without_more_is_eligible_from_the_local_date(office: Office) -> None:
    office.now = NOW.replace(hour=3)  # still the day before in Hawaii
    client = await office.client(await office.employer(), await office.plan(), state="HI")
    assert await office.coverage(client) == [("2026-03-01", None)]
    assert await office.eligibility(client) == (True, "")
    assert await office.eligibility(client, TODAY - 2 * DAY) == (False, "no_coverage_on_that_day")
    assert await office.events(client) == ["client_registered", "eligibility_verified"]


async def test_S1_a_clients_own_zone_counts_and_the_states_where_none_is_given(office: Office) -> None:
    employer, plan = await office.employer(), await office.plan()
    office.now = NOW.replace(hour=5, minute=30)  # half past midnight in Boston, half past eleven in Chicago
    usual = await office.client(employer, plan)
    own = await office.client(employer, plan, time_zone="America/Chicago")
    assert [await office.coverage(client) for client in (usual, own)] == [[("2026-03-02", None)], [("2026-03-01", None)]]
    answer = await office.call("POST", "/v1/clients", json=registration(employer, plan, time_zone="America/Nowhere"))
    assert (answer.status_code, answer.json()["field"]) == (422, "time_zone")
    async with office.db.begin() as tx:
        covered = await lock_covered(tx, own)
    assert covered is not None
    assert (covered.zone, covered.state, covered.plan_id, covered.language) == ("America/Chicago", "MA", plan, "en")
    assert (covered.programme, list(covered.offered)) == (Programme.CARE_CONNECT, [Programme.CARE_CONNECT, Programme.EWS])


async def test_S1_whoever_leaves_tomorrow_is_eligible_today_and_what_was_known_stays_known(office: Office) -> None:
    client = await office.client(await office.employer(), await office.plan())
    period = (await office.done("GET", f"/v1/clients/{client}/coverage"))["items"][0]["period_id"]
    office.now = NOW + 10 * DAY
    leaves = (TODAY + 10 * DAY).isoformat()
    await office.done("POST", f"/v1/clients/{client}/coverage/{period}/end", json={"ends_on": leaves})
    assert await office.eligibility(client) == (True, "")
    assert await office.eligibility(client, TODAY + 11 * DAY) == (False, "not_employed_there")
    assert await office.coverage(client) == [("2026-03-02", leaves)]
    assert await office.coverage(client, known_at=(NOW + 9 * DAY).isoformat()) == [("2026-03-02", None)]
    assert await office.coverage(client, known_at=(NOW - DAY).isoformat()) == []
    again = await office.call("POST", f"/v1/clients/{client}/coverage/{period}/end", json={"ends_on": leaves})
    assert again.status_code == 404, "that period is history"


async def test_S1_who_changes_the_employer_is_found_at_the_new_one_from_its_first_day(office: Office) -> None:
    old, new, plan = await office.employer(), await office.employer(), await office.plan()
    client = await office.client(old, plan, member_id="W1234567")
    period = (await office.done("GET", f"/v1/clients/{client}/coverage"))["items"][0]["period_id"]
    await office.done("POST", f"/v1/clients/{client}/coverage/{period}/end", json={"ends_on": TODAY.isoformat()})
    body = {"employer_id": str(new), "plan_id": str(plan), "starts_on": (TODAY + DAY).isoformat()}
    await office.done("POST", f"/v1/clients/{client}/coverage", json=body)
    assert (await office.done("GET", f"/v1/clients/{client}"))["employer_id"] == str(old)
    found = await office.done("GET", f"/v1/clients/{client}/eligibility", params={"programme": CARE_CONNECT, "on": body["starts_on"]})
    assert (found["eligible"], found["employer_id"]) == (True, str(new))
    office.now = NOW + DAY
    await office.done("POST", f"/v1/clients/{client}/coverage", json=body | {"ends_on": "2026-12-31"})
    moved = await office.done("GET", f"/v1/clients/{client}")
    assert (moved["employer_id"], moved["member_id"]) == (str(new), None), "a member id is the employer's"


async def test_S2_a_plan_that_cannot_be_processed_is_told_to_the_client_and_the_providers_who_wait(office: Office) -> None:
    plan = await office.plan()
    client = await office.client(await office.employer(), plan)
    waiting = [await office.request(client, state) for state in ("submitted", "accepted", "in_care")]
    over = [await office.request(client, state) for state in ("declined", "withdrawn", "timed_out", "not_a_good_fit", "ended")]
    for _ in range(2):  # told once
        await office.done("PUT", f"/v1/plans/{plan}", json={"name": "The plan", "participating": False})
    assert await office.told("client", client) == ["plan_not_processable_client"]
    assert [await office.told("provider", provider) for provider in waiting] == [["plan_not_processable_provider"]] * 3
    assert [await office.told("provider", provider) for provider in over] == [[]] * 5
    assert await office.eligibility(client) == (False, "plan_not_participating")
    assert await office.events(client) == ["client_registered", "eligibility_verified", "eligibility_verified"]
    await office.done("PUT", f"/v1/plans/{plan}", json={"name": "The plan"})
    assert await office.eligibility(client) == (True, "")


async def test_S2_also_at_registration_and_when_the_coverage_changes(office: Office) -> None:
    closed, employer = await office.plan(participating_until="2026-03-01"), await office.employer()
    registered = await office.client(employer, closed)
    changed = await office.client(employer, await office.plan())
    body = {"employer_id": str(employer), "plan_id": str(closed), "starts_on": "2026-03-02"}
    await office.done("POST", f"/v1/clients/{changed}/coverage", json=body)
    assert [await office.told("client", client) for client in (registered, changed)] == [["plan_not_processable_client"]] * 2


async def test_S1_what_is_found_again_is_no_event_and_what_is_found_otherwise_is_one(office: Office) -> None:
    client = await office.client(await office.employer(CARE_CONNECT), await office.plan())

    async def check(programme: Programme = Programme.CARE_CONNECT) -> tuple[Reason, int]:
        async with office.db.begin() as tx:
            found, events = await check_eligible(tx, client, programme, TODAY, NOW)
            await office.journal.append(tx, *events)
        return found.reason, len(events)

    assert [await check(), await check()] == [(Reason.NONE, 0)] * 2
    assert [await check(Programme.EWS), await check(Programme.EWS)] == [(Reason.NOT_OFFERED, 1), (Reason.NOT_OFFERED, 0)]


async def test_C13_a_member_id_that_reads_as_a_social_security_number_is_refused_and_not_kept(office: Office) -> None:
    employer, plan = await office.employer(), await office.plan()
    for number in ("078051120", "078-05-1120", "0-78051120"):
        answer = await office.call("POST", "/v1/clients", json=registration(employer, plan, member_id=number))
        assert (answer.status_code, answer.json()["code"]) == (422, "ssn_refused"), number
        assert number not in answer.text
    assert await office.db.pool.fetchval("select count(*) from client where member_id is not null and member_id like '%1120'") == 0


async def test_a_member_id_is_one_clients_at_an_employer(office: Office) -> None:
    employer, plan = await office.employer(), await office.plan()
    await office.client(employer, plan, member_id="W7654321")
    answer = await office.call("POST", "/v1/clients", json=registration(employer, plan, member_id="W7654321"))
    assert (answer.status_code, answer.json()["field"]) == (409, "member_id")
    await office.client(await office.employer(), plan, member_id="W7654321")


@pytest.mark.parametrize("role", ["employer", "plan", "provider"])
async def test_C6_eligibility_and_coverage_are_for_the_client_and_operations(office: Office, role: str) -> None:
    employer, plan = await office.employer(), await office.plan()
    client = await office.client(employer, plan)
    path = f"/v1/clients/{client}/eligibility?programme={EWS}"
    caller = {"employer": employer, "plan": plan, "provider": uuid4()}[role]
    assert (await office.call("GET", path, role, caller)).status_code == 403
    assert (await office.call("GET", path, "client", client)).status_code == 200
    assert (await office.call("GET", path, "client", uuid4())).status_code == 404
    assert (await office.call("GET", f"/v1/clients/{client}/coverage", role, caller)).status_code == 403


async def test_S1_coverage_names_an_employer_and_a_plan_that_there_are(office: Office) -> None:
    employer, plan = await office.employer(), await office.plan()
    client = await office.client(employer, plan)

    async def code(client_id: UUID = client, **changes: str) -> str:
        body = {"employer_id": str(employer), "plan_id": str(plan), "starts_on": "2026-03-02"} | changes
        found: str = (await office.call("POST", f"/v1/clients/{client_id}/coverage", json=body)).json()["code"]
        return found

    assert await code(employer_id=str(uuid4())) == "unknown_employer"
    assert await code(plan_id=str(uuid4())) == "unknown_plan"
    assert await code(client_id=uuid4()) == "not_found"
    assert await code(ends_on="2026-03-01") == "invalid_request"


async def test_a_locked_client_is_left_to_whoever_holds_it_where_that_is_asked_for(office: Office) -> None:
    client = await office.client(await office.employer(), await office.plan())
    async with office.db.begin() as holding:
        assert await lock_covered(holding, client) is not None
        async with office.db.begin() as tx:
            assert await lock_covered(tx, client, skip_locked=True) is None
        async with office.db.begin() as tx:  # a row that only points at the client needs no lock of ours
            await tx.exec_driver_sql("insert into eligibility_verdict values ($1, 'x', now(), '', $1, $1, '', now())", (client,))
