"""What a form says that a correction is of, and what the pages say of what came of it."""

from collections.abc import Mapping
from uuid import UUID

from fastapi import Request

from common.problems import Problem
from consent.corrections.rules import CHANGEABLE, CLIENT_RECORD, Service, Wish

OTHERS: Mapping[str, tuple[Service, str]] = {
    "appointments": ("scheduling", "appointment"),
    "questionnaires": ("assessments", "assessment_response"),
    "anything_else": ("consent", "anything"),
}
"""What gets an amendment: where it belongs."""
WHOLE = "record"
"""The field of an amendment that is about all of a record."""
WHAT = (*CHANGEABLE, *OTHERS)
REFUSED = ("under_age", "ssn_refused", "invalid_request", "wrong_state", "identity_not_checked", "not_found")
"""What a form may say that is not taken; all else is an error page."""
DONE = ("asked", "withdrawn", "disagreed", "accepted", "refused", "extended", "rebutted")


def wish_of(what: str, wanted: str, reason: str, record_id: UUID | None = None) -> Wish:
    """Raises Problem."""
    if what in CHANGEABLE:
        service, table = CLIENT_RECORD
        return Wish(service="scheduling", record_table=table, field=what, wanted=wanted.strip(), reason=reason)
    if what not in OTHERS:
        raise Problem("invalid_request", "Choose what is to be corrected.", field="what")
    service, table = OTHERS[what]
    return Wish(service=service, record_table=table, record_id=record_id, field=WHOLE, wanted=wanted.strip() or None, reason=reason)


def what_of(wish: Wish) -> str:
    """The name of what is corrected, as the texts have it."""
    if wish.field in CHANGEABLE:
        return wish.field
    return next((what for what, place in OTHERS.items() if place == (wish.service, wish.record_table)), "anything_else")


def done_of(request: Request) -> str | None:
    """The message after a form."""
    done = request.query_params.get("done", "")
    return f"done.correction_{done}" if done in DONE else None


def refused_of(problem: Problem) -> str:
    """The message of what was not taken. Raises the problem where it is another matter."""
    if problem.code not in REFUSED:
        raise problem
    return f"error.correction_{problem.code}"
