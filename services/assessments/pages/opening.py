"""Opens the form of a link, and refuses what is no link, is over, or was not posted by a page of the same link."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request

from assessments.instruments.catalogue import find
from assessments.links import rules as links
from assessments.pages.looking import client_of
from assessments.pages.opened import Opened
from assessments.pages.proofs import form_proof, holds
from assessments.pages.questions import questions_of
from assessments.pages.site import FORMS
from assessments.responses.conditions import check_answerable
from assessments.responses.rules import Progress
from assessments.responses.usecases import progress
from common.db import Database
from common.edge import Db, Now
from common.never_kept import StructuredText
from common.pages.language import language_of
from common.pages.rendering import Pages
from common.pages.session import origin_of
from common.problems import Problem

PROOF = "form_proof"
Token = Annotated[StructuredText, Path(max_length=200)]
Name = Annotated[StructuredText, Path(max_length=40)]


async def open_form(request: Request, db: Db, now: Now, token: Token) -> Opened:
    """Raises Problem for a link that is none, or is over. Whether the form can still be answered is another question."""
    pages: Pages = request.app.state.pages
    found = await _progress(db, links.read(pages.site.form_key.encode(), token, now), now)
    language = language_of(request)
    questions = questions_of(found.forms, lambda asked: find(asked.name, asked.version, language))
    return Opened(request, db, now, f"{FORMS}/{token}", found, questions, await client_of(db, found.assignment.client_id))


async def open_to_answer(request: Request, db: Db, now: Now, token: Token) -> Opened:
    """Raises Problem as well where nothing more is taken: submitted, too late, or not to be answered any more."""
    opened = await open_form(request, db, now, token)
    try:
        check_answerable(opened.assignment, now)
    except Problem as problem:
        raise (no_link() if problem.code == "not_found" else problem) from problem
    if not opened.questions:
        raise Problem("already_submitted", "This was submitted. It can no longer be changed.")
    return opened


async def _progress(db: Database, assignment_id: UUID, now: datetime) -> Progress:
    try:
        return await progress(db, assignment_id, now)
    except Problem as problem:
        raise no_link() from problem


def no_link() -> Problem:
    return Problem("invalid_link", "This link is not valid.")


async def check_form(request: Request, opened: Opened) -> None:
    """Raises Problem for a form that no page of this link has shown."""
    origin = request.headers.get("origin")
    sent = (await request.form()).get(PROOF)
    proof = form_proof(opened.site.form_key, opened.assignment.assignment_id)
    if origin not in (None, origin_of(opened.site.public_url)) or not isinstance(sent, str) or not holds(proof, sent):
        raise Problem("forbidden", "The form did not come from a page of this link.", field="link_form")


async def _answering(request: Request, opened: "ToAnswer") -> Opened:
    await check_form(request, opened)
    return opened


AsItStands = Annotated[Opened, Depends(open_form)]
ToAnswer = Annotated[Opened, Depends(open_to_answer)]
Answering = Annotated[Opened, Depends(_answering)]
