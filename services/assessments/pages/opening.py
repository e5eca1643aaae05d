"""What a link opens: the form of one assignment, how far it is answered, and whether this browser may see the answers.

The link itself is all that it takes to answer. What was answered is shown only in the browser that gave the first answer, so that
a link in a forwarded mail, or on a shared screen, tells nothing.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response

from assessments.assignments.rules import Assignment
from assessments.instruments.catalogue import find
from assessments.links import rules as links
from assessments.pages.looking import Known, client_of
from assessments.pages.proofs import browser_proof, form_proof, holds
from assessments.pages.questions import Question, questions_of
from assessments.pages.site import FORMS
from assessments.responses.conditions import check_answerable
from assessments.responses.rules import Answerer, Progress
from assessments.responses.usecases import progress
from common.db import Database
from common.edge import Db, Now
from common.pages.language import Texts, language_of
from common.pages.rendering import Pages, Site
from common.problems import Problem

COOKIE = "answers"
PROOF = "form_proof"
REVIEW = "review"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{48}")


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody on the pages of a form."""

    request: Request
    db: Database
    now: datetime
    home: str
    progress: Progress
    questions: tuple[Question, ...]
    client: Known

    @property
    def assignment(self) -> Assignment:
        return self.progress.assignment

    @property
    def by(self) -> Answerer:
        return Answerer("client", self.assignment.client_id)

    @property
    def site(self) -> Site:
        pages: Pages = self.request.app.state.pages
        return pages.site

    @property
    def t(self) -> Texts:
        pages: Pages = self.request.app.state.pages
        return pages.texts(self.request)

    @property
    def sees_answers(self) -> bool:
        proof = browser_proof(self.site.form_key, self.assignment.assignment_id)
        return holds(proof, self.request.cookies.get(COOKIE, ""))

    @property
    def untouched(self) -> bool:
        """Nothing is answered that a browser could show."""
        return all(question.answer is None for question in self.questions)

    @property
    def changing(self) -> bool:
        """Who came from the review goes back to it."""
        return self.request.query_params.get("from") == REVIEW

    def question(self, instrument: str, link_id: str) -> Question:
        place = f"{instrument}/{link_id}"
        found = next((question for question in self.questions if question.place == place), None)
        if found is None:
            raise Problem("not_found", "There is no such question.")
        return found

    def url(self, *parts: str, **query: str) -> str:
        return f"{'/'.join((self.home, *parts))}?{urlencode({'lang': self.t.language, **query})}"

    def url_with(self, page: str, question: Question, *, changing: bool = False) -> str:
        """Of a page about a question, from where the way back is the same."""
        return self.url(page, question.place, **({"from": REVIEW} if changing or self.changing else {}))

    def url_of(self, question: Question | None) -> str:
        """Behind the last question comes the review."""
        return self.url(REVIEW) if question is None else self.url_with("questions", question)

    def before(self, question: Question) -> str:
        if self.changing:
            return self.url(REVIEW)
        return self.url_of(self.questions[question.number - 2]) if question.number > 1 else self.url()

    def behind(self, question: Question) -> str:
        last = self.changing or question.number == len(self.questions)
        return self.url_of(None if last else self.questions[question.number])

    def page(self, template: str, status: int = 200, **shown: object) -> Response:
        pages: Pages = self.request.app.state.pages
        proof = form_proof(self.site.form_key, self.assignment.assignment_id)
        base: dict[str, object] = {
            "opened": self,
            "form_proof": proof,
            "until": self.t.when(self.assignment.closes_at, zone=self.client.zone),
        }
        return pages.render(self.request, template, status, **base, **shown)

    def to(self, url: str) -> Response:
        return RedirectResponse(url, 303)

    def remember(self, response: Response) -> Response:
        """This browser may see the answers from now on, as long as they can be changed."""
        response.set_cookie(
            COOKIE,
            browser_proof(self.site.form_key, self.assignment.assignment_id),
            max_age=max(int((self.assignment.closes_at - self.now).total_seconds()), 1),
            path=self.home,
            secure=self.site.cookie_secure,
            httponly=True,
            samesite="strict",
        )
        return response


async def open_form(request: Request, db: Db, now: Now, token: str) -> Opened:
    """Raises Problem for a link that is none, or is over. Whether the form can still be answered is another question."""
    pages: Pages = request.app.state.pages
    if not _TOKEN.fullmatch(token):
        raise no_link()
    found = await _progress(db, links.read(pages.site.form_key.encode(), token, now), now)
    language = language_of(request)
    questions = questions_of(found.forms, lambda asked: find(asked.name, asked.version, language))
    return Opened(request, db, now, f"{FORMS}/{token}", found, questions, await client_of(db, found.assignment.client_id))


async def open_to_answer(request: Request, db: Db, now: Now, token: str) -> Opened:
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
    if origin not in (None, _origin_of(opened.site.public_url)) or not isinstance(sent, str) or not holds(proof, sent):
        raise Problem("forbidden", "The form did not come from a page of this link.", field="link_form")


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _answering(request: Request, opened: "ToAnswer") -> Opened:
    await check_form(request, opened)
    return opened


AsItStands = Annotated[Opened, Depends(open_form)]
ToAnswer = Annotated[Opened, Depends(open_to_answer)]
Answering = Annotated[Opened, Depends(_answering)]
