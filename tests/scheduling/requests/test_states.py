"""The life of a request against a table of its own: what is written here was written from the domain's rules, not from the code."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from common.problems import Problem
from scheduling.appointments.rules import Appointment, Booking, cancel, hold, lost, schedule
from scheduling.appointments.usecases import HELD
from scheduling.requests.outcomes import assess_fit, end, withdraw
from scheduling.requests.rules import Answer, ConsultationRequest, answer, lapse_proposal, moved, time_out
from scheduling.requests.states import MOVES, OVER, Move, RequestState, after
from tests.scheduling.requests.made import NOW, in_state, submitted

LIFE = """
submitted: accept accepted, decline declined, time_out timed_out, propose_times accepted,
           schedule_consultation consultation_scheduled, withdraw withdrawn
timed_out: accept accepted, decline declined, propose_times accepted, schedule_consultation consultation_scheduled, withdraw withdrawn
accepted: decline declined, propose_times accepted, schedule_consultation consultation_scheduled,
          schedule_session session_scheduled, withdraw withdrawn
consultation_scheduled: decline declined, lose_consultation accepted, hold_consultation consultation_held, withdraw withdrawn
consultation_held: find_good_fit good_fit, find_not_a_good_fit not_a_good_fit, schedule_session session_scheduled, withdraw withdrawn
good_fit: find_not_a_good_fit not_a_good_fit, schedule_session session_scheduled, withdraw withdrawn
session_scheduled: schedule_session session_scheduled, lose_session good_fit, hold_session in_care,
                   find_not_a_good_fit not_a_good_fit, withdraw withdrawn
in_care: schedule_session in_care, lose_session in_care, hold_session in_care, end ended
declined:
not_a_good_fit:
withdrawn:
ended:
"""


def read(life: str) -> dict[str, dict[str, str]]:
    states: dict[str, dict[str, str]] = {}
    for line in life.replace(",\n", ", ").strip().splitlines():
        state, _, moves = line.partition(":")
        states[state] = dict(move.split() for move in moves.split(",") if move.strip())  # type: ignore[misc]
    return states


ALLOWED = read(LIFE)


def test_the_table_in_the_code_is_the_one_of_the_domain() -> None:
    assert {str(state): {str(move): str(to) for move, to in moves.items()} for state, moves in MOVES.items()} == ALLOWED


@pytest.mark.parametrize("state", RequestState)
@pytest.mark.parametrize("move", Move)
def test_a_move_that_is_not_in_the_table_is_refused_and_told_what_is_allowed(state: RequestState, move: Move) -> None:
    if move in ALLOWED[state]:
        assert after(state, move) == ALLOWED[state][move]
        return
    with pytest.raises(Problem) as problem:
        after(state, move)
    assert (problem.value.status, problem.value.code) == (409, "wrong_state")
    assert problem.value.extra["allowed"] == sorted(ALLOWED[state])


class Life(RuleBasedStateMachine):
    """Plays a request's life by the rules that the use cases call, legal and illegal moves alike."""

    def __init__(self) -> None:
        super().__init__()
        self.request = submitted()
        self.state = "submitted"
        self.appointments: list[Appointment] = []

    def play(self, move: Move, doing: Callable[[], ConsultationRequest]) -> bool:
        """Whether it was allowed; the model moves only then, and nothing else does."""
        before = self.request
        if move not in ALLOWED[self.state]:
            with pytest.raises(Problem) as problem:
                doing()
            assert problem.value.code == "wrong_state"
            assert problem.value.extra["allowed"] == sorted(ALLOWED[self.state])
            return False
        self.request = doing()
        self.state = ALLOWED[self.state][move]
        assert self.request.version > before.version
        return True

    def answered(self, move: Move, days: int = 0) -> ConsultationRequest:
        times = (NOW + timedelta(days=days),) if days else ()
        return answer(self.request, Answer(self.request.request_id, move, self.request.version, proposed_times=times), NOW)[0]

    @rule()
    def accept(self) -> None:
        self.play(Move.ACCEPT, lambda: self.answered(Move.ACCEPT))

    @rule()
    def decline(self) -> None:
        self.play(Move.DECLINE, lambda: self.answered(Move.DECLINE))

    @rule()
    def propose(self) -> None:
        self.play(Move.PROPOSE_TIMES, lambda: self.answered(Move.PROPOSE_TIMES, days=2))

    @rule()
    def time_out(self) -> None:
        self.play(Move.TIME_OUT, lambda: time_out(self.request, NOW)[0])

    @rule()
    def book_consultation(self) -> None:
        self.book("consultation", Move.SCHEDULE_CONSULTATION)

    @rule()
    def book_session(self) -> None:
        self.book("session", Move.SCHEDULE_SESSION)

    def book(self, kind: str, move: Move) -> None:
        booking = Booking(uuid4(), self.request.request_id, kind, NOW + timedelta(days=1))  # type: ignore[arg-type]
        made: list[Appointment] = []

        def doing() -> ConsultationRequest:
            request, appointment, _ = schedule(self.request, booking, 50, NOW)
            made.append(appointment)
            return request

        if self.play(move, doing):
            self.appointments += made

    @precondition(lambda self: self.appointments)
    @rule()
    def hold_one(self) -> None:
        appointment = self.appointments.pop()
        hold(appointment, NOW.date(), NOW)
        assert self.play(HELD[appointment.kind], lambda: moved(self.request, HELD[appointment.kind]))

    @precondition(lambda self: self.appointments)
    @rule()
    def lose_one(self) -> None:
        appointment = self.appointments.pop()
        cancel(appointment, "client", NOW)
        others = any(other.kind == appointment.kind for other in self.appointments)
        if others:
            assert lost(self.request, appointment, others=True, now=NOW)[0] == self.request
            return
        move = Move.LOSE_CONSULTATION if appointment.kind == "consultation" else Move.LOSE_SESSION
        assert self.play(move, lambda: lost(self.request, appointment, others=False, now=NOW)[0])

    @rule()
    def good_fit(self) -> None:
        self.play(Move.FIND_GOOD_FIT, lambda: assess_fit(self.request, good_fit=True, now=NOW)[0])

    @rule()
    def no_fit(self) -> None:
        self.play(Move.FIND_NOT_A_GOOD_FIT, lambda: assess_fit(self.request, good_fit=False, now=NOW)[0])

    @rule()
    def withdraw(self) -> None:
        self.play(Move.WITHDRAW, lambda: withdraw(self.request, "client", NOW)[0])

    @rule()
    def end(self) -> None:
        self.play(Move.END, lambda: end(self.request, "completed", NOW)[0])

    @precondition(lambda self: self.request.proposed_times)
    @rule()
    def lapse(self) -> None:
        self.request, _ = lapse_proposal(self.request, NOW)

    @invariant()
    def the_request_is_where_the_model_is(self) -> None:
        assert self.request.state == self.state
        if self.request.is_over:
            self.appointments.clear()  # they are called off with it
            assert self.request.state in OVER
        assert not self.request.proposed_times or self.state == "accepted", "times are proposed of accepted requests only"


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)


def test_S11_a_late_answer_is_still_an_answer() -> None:
    late = in_state(RequestState.TIMED_OUT)
    answered, _ = answer(late, Answer(late.request_id, Move.ACCEPT, late.version), NOW)
    assert answered.state is RequestState.ACCEPTED
