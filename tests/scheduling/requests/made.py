"""Requests of one client with one provider, as the rules make them."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from common.contracts.vocabulary import Category, Choice, Programme
from scheduling.clients.rules import Covered
from scheduling.requests.choice import Sharing
from scheduling.requests.rules import Asked, ConsultationRequest, Standing, submit
from scheduling.requests.states import RequestState

NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)
"""A Monday, at noon in Boston."""
CLIENT, PROVIDER, EMPLOYER, PLAN, EPISODE, REQUEST = uuid4(), uuid4(), uuid4(), uuid4(), uuid4(), uuid4()
COVERED = Covered(
    client_id=CLIENT,
    employer_id=EMPLOYER,
    plan_id=PLAN,
    state="MA",
    zone="America/New_York",
    language="en",
    programme=Programme.CARE_CONNECT,
    offered=[Programme.CARE_CONNECT],
)
AGAIN = Standing(first=False, served=True, episode_id=EPISODE)
FIRST = Standing(first=True, served=True, episode_id=EPISODE)


def asked(sharing: Sharing | None, programme: Programme = Programme.CARE_CONNECT) -> Asked:
    return Asked(REQUEST, CLIENT, PROVIDER, programme, sharing)


def chosen(choice: Choice = Choice.OPT_IN, *, categories: tuple[Category, ...] = (Category.APPOINTMENTS,), current: bool = True) -> Sharing:
    return Sharing(UUID(int=9), choice, categories, "9f" * 32, "2026-01", "en", 0, current)


def submitted() -> ConsultationRequest:
    return submit(asked(None), COVERED, AGAIN, NOW)[0]


def in_state(state: RequestState) -> ConsultationRequest:
    return submitted().model_copy(update={"state": state})
