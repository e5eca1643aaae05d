"""R5: requested, sent, acknowledged, attested. What a recipient said first stands, and nothing goes back."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from common.contracts.vocabulary import AttestingRole, DeletionMethod
from common.db import Database
from common.journal import Journal
from common.problems import Problem
from reporting.recalls.rules import Attestation, check_attestation
from reporting.recalls.tables import find_recall, mark_sent
from reporting.recalls.usecases import acknowledge_recall, attest_recall
from tests.reporting.recalls.recalled import Recalled

JOURNAL = Journal("reporting", 4)
NOW = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
ORDER = ("requested", "sent", "acknowledged", "attested")


def said(**other: Any) -> Attestation:
    return Attestation.model_validate({"method": "deleted", "completed_on": "2026-03-02", "attested_by": "privacy_officer"} | other)


@given(st.sampled_from(DeletionMethod), st.dates(max_value=date(2026, 3, 3)), st.sampled_from(AttestingRole))
def test_R5_an_attestation_says_how_when_and_which_office_says_so(method: DeletionMethod, day: date, office: AttestingRole) -> None:
    check_attestation(said(method=method, completed_on=day, attested_by=office), NOW)


def test_R5_what_is_still_to_be_deleted_cannot_be_attested() -> None:
    with pytest.raises(Problem) as refused:
        check_attestation(said(completed_on="2026-03-04"), NOW)
    assert (refused.value.code, refused.value.extra["field"]) == ("invalid_request", "completed_on")


@pytest.mark.parametrize(
    "other",
    [{"attested_by": "Jane Roe"}, {"method": "we promise"}, {"completed_on": "soon"}, {"completed_on": None}, {"note": "by Jane Roe"}],
)
def test_R5_no_name_and_no_free_text_gets_into_an_attestation(other: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        said(**other)


class Acts:
    """What can happen to a recall, in any order."""

    def __init__(self, recalled: Recalled) -> None:
        self.recalled, self.ids = recalled, (recalled.plan_id, recalled.recall_id)

    async def send(self) -> None:
        async with self.recalled.db.begin_event() as tx:
            await mark_sent(tx, [self.recalled.recall_id])

    async def acknowledge(self) -> None:
        await acknowledge_recall(self.recalled.db, JOURNAL, *self.ids, NOW)

    async def attest(self) -> None:
        await attest_recall(self.recalled.db, JOURNAL, *self.ids, said(), NOW)

    async def state(self) -> str:
        async with self.recalled.db.pool.acquire() as tx:
            found = await find_recall(tx, self.recalled.recall_id, self.recalled.plan_id)
        assert found is not None
        return str(found["state"])

    async def receipts(self) -> list[str]:
        rows = await self.recalled.db.pool.fetch(
            "select type, payload from journal where subject = $1 order by position", self.recalled.client_id
        )
        applied = [json.loads(row["payload"])["receipts"] for row in rows if row["type"] == "reporting.redaction_applied.v1"]
        return [receipt["sink"] for receipts in applied for receipt in receipts]


async def unsent(db: Database) -> Acts:
    return Acts(await Recalled(db).sent(None))


@pytest.mark.parametrize(
    "order",
    [
        "send acknowledge attest",
        "acknowledge send attest",
        "attest send acknowledge",
        "send attest send attest acknowledge",
        "acknowledge attest",
    ],
)
async def test_R5_in_whatever_order_it_is_said_no_state_goes_back_and_each_receipt_is_published_once(db: Database, order: str) -> None:
    acts = await unsent(db)
    reached = [await acts.state()]
    for act in order.split():
        await getattr(acts, act)()
        reached.append(await acts.state())
    assert reached[0] == "requested" and reached[-1] == "attested"
    assert [ORDER.index(state) for state in reached] == sorted(ORDER.index(state) for state in reached)
    assert await acts.receipts() == ["recall_acknowledged", "recall_attested"]


async def test_R5_the_first_statement_stands_and_is_in_the_journal(db: Database) -> None:
    acts = await unsent(db)
    await acts.attest()
    await attest_recall(db, JOURNAL, *acts.ids, said(method="not_retained", attested_by="records_manager"), NOW + timedelta(days=1))
    row = await db.pool.fetchrow("select method, attested_by, attested_at from recall where recall_id = $1", acts.recalled.recall_id)
    assert row is not None and tuple(row) == ("deleted", "privacy_officer", NOW)
    [payload] = [
        json.loads(row["payload"])
        for row in await db.pool.fetch("select payload from journal where subject = $1 and type like '%attested%'", acts.recalled.client_id)
    ]
    assert (payload["method"], payload["completed_on"], payload["attested_by"]) == ("deleted", "2026-03-02", "privacy_officer")


@pytest.mark.parametrize("recall", ["mine", "nobody's"])
async def test_R5_another_plans_recall_is_not_there(db: Database, recall: str) -> None:
    acts = await unsent(db)
    recall_id: UUID = acts.recalled.recall_id if recall == "mine" else uuid4()
    for step in (acknowledge_recall(db, JOURNAL, uuid4(), recall_id, NOW), attest_recall(db, JOURNAL, uuid4(), recall_id, said(), NOW)):
        with pytest.raises(Problem) as refused:
            await step
        assert refused.value.code == "not_found"
    assert await acts.state() == "requested"
