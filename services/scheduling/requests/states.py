"""The life of a consultation request as one table: which move leads from which state where (S6 to S11, S14). Pure.

`timed_out` is no end: a late answer is still an answer, until the client has gone to somebody else.
`accepted` may lead to a session at once: client and provider decide whether they need a consultation first (S14).
"""

from collections.abc import Mapping
from enum import StrEnum

from common.problems import Problem


class RequestState(StrEnum):
    SUBMITTED = "submitted"
    TIMED_OUT = "timed_out"
    ACCEPTED = "accepted"
    CONSULTATION_SCHEDULED = "consultation_scheduled"
    CONSULTATION_HELD = "consultation_held"
    GOOD_FIT = "good_fit"
    SESSION_SCHEDULED = "session_scheduled"
    IN_CARE = "in_care"
    DECLINED = "declined"
    NOT_A_GOOD_FIT = "not_a_good_fit"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class Move(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"
    TIME_OUT = "time_out"
    PROPOSE_TIMES = "propose_times"
    SCHEDULE_CONSULTATION = "schedule_consultation"
    LOSE_CONSULTATION = "lose_consultation"
    """It was cancelled or missed."""
    HOLD_CONSULTATION = "hold_consultation"
    FIND_GOOD_FIT = "find_good_fit"
    FIND_NOT_A_GOOD_FIT = "find_not_a_good_fit"
    SCHEDULE_SESSION = "schedule_session"
    LOSE_SESSION = "lose_session"
    """The last one scheduled was cancelled or missed."""
    HOLD_SESSION = "hold_session"
    WITHDRAW = "withdraw"
    END = "end"


_S, _M = RequestState, Move

MOVES: Mapping[RequestState, Mapping[Move, RequestState]] = {
    _S.SUBMITTED: {
        _M.ACCEPT: _S.ACCEPTED,
        _M.DECLINE: _S.DECLINED,
        _M.TIME_OUT: _S.TIMED_OUT,
        _M.PROPOSE_TIMES: _S.ACCEPTED,
        _M.SCHEDULE_CONSULTATION: _S.CONSULTATION_SCHEDULED,
        _M.WITHDRAW: _S.WITHDRAWN,
    },
    _S.TIMED_OUT: {
        _M.ACCEPT: _S.ACCEPTED,
        _M.DECLINE: _S.DECLINED,
        _M.PROPOSE_TIMES: _S.ACCEPTED,
        _M.SCHEDULE_CONSULTATION: _S.CONSULTATION_SCHEDULED,
        _M.WITHDRAW: _S.WITHDRAWN,
    },
    _S.ACCEPTED: {
        _M.DECLINE: _S.DECLINED,
        _M.PROPOSE_TIMES: _S.ACCEPTED,
        _M.SCHEDULE_CONSULTATION: _S.CONSULTATION_SCHEDULED,
        _M.SCHEDULE_SESSION: _S.SESSION_SCHEDULED,
        _M.WITHDRAW: _S.WITHDRAWN,
    },
    _S.CONSULTATION_SCHEDULED: {
        _M.DECLINE: _S.DECLINED,
        _M.LOSE_CONSULTATION: _S.ACCEPTED,
        _M.HOLD_CONSULTATION: _S.CONSULTATION_HELD,
        _M.WITHDRAW: _S.WITHDRAWN,
    },
    _S.CONSULTATION_HELD: {
        _M.FIND_GOOD_FIT: _S.GOOD_FIT,
        _M.FIND_NOT_A_GOOD_FIT: _S.NOT_A_GOOD_FIT,
        _M.SCHEDULE_SESSION: _S.SESSION_SCHEDULED,
        _M.WITHDRAW: _S.WITHDRAWN,
    },
    _S.GOOD_FIT: {
        _M.FIND_NOT_A_GOOD_FIT: _S.NOT_A_GOOD_FIT,
        _M.SCHEDULE_SESSION: _S.SESSION_SCHEDULED,
        _M.WITHDRAW: _S.WITHDRAWN,
    },
    _S.SESSION_SCHEDULED: {
        _M.SCHEDULE_SESSION: _S.SESSION_SCHEDULED,
        _M.LOSE_SESSION: _S.GOOD_FIT,
        _M.HOLD_SESSION: _S.IN_CARE,
        _M.FIND_NOT_A_GOOD_FIT: _S.NOT_A_GOOD_FIT,
        _M.WITHDRAW: _S.WITHDRAWN,
    },
    _S.IN_CARE: {
        _M.SCHEDULE_SESSION: _S.IN_CARE,
        _M.LOSE_SESSION: _S.IN_CARE,
        _M.HOLD_SESSION: _S.IN_CARE,
        _M.END: _S.ENDED,
    },
    _S.DECLINED: {},
    _S.NOT_A_GOOD_FIT: {},
    _S.WITHDRAWN: {},
    _S.ENDED: {},
}

OVER = frozenset(state for state, moves in MOVES.items() if not moves)
UNANSWERED = frozenset({RequestState.SUBMITTED, RequestState.TIMED_OUT})


def after(state: RequestState, move: Move) -> RequestState:
    """Raises Problem, with what is allowed, where this move is not."""
    allowed = MOVES[state]
    if move not in allowed:
        raise Problem("wrong_state", f"The request is {state}: {move} is not possible.", state=state, allowed=sorted(allowed))
    return allowed[move]
