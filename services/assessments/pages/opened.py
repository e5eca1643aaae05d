"""A form that a link has opened: how far it is answered, and whether this browser may see the answers.

The link itself is all that it takes to answer. What was answered is shown only in the browser that gave the first answer, so that
a link in a forwarded mail, or on a shared screen, tells nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from assessments.assignments.rules import Assignment
from assessments.pages.looking import Known
from assessments.pages.proofs import browser_proof, form_proof, holds
from assessments.pages.questions import Question
from assessments.pages.site import FORMS
from assessments.responses.rules import Answerer, Progress
from common.db import Database
from common.pages.language import Texts
from common.pages.rendering import Pages, Site
from common.problems import Problem

COOKIE = "answers"
REVIEW = "review"


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
        return holds(proof, self.request.cookies.get(self._cookie, ""))

    @property
    def untouched(self) -> bool:
        """Nothing is answered that a browser could show."""
        return all(question.answer is None for question in self.questions)

    @property
    def changing(self) -> bool:
        """Who came from the review goes back to it."""
        return self.request.query_params.get("from") == REVIEW

    @property
    def _cookie(self) -> str:
        """A name for each form: a reminder's link can be another than the first one's, and two forms can be open at a time."""
        return f"{COOKIE}_{self.assignment.assignment_id.hex}"

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
        """This browser may see the answers from now on, by every link to this form, as long as they can be changed."""
        response.set_cookie(
            self._cookie,
            browser_proof(self.site.form_key, self.assignment.assignment_id),
            max_age=max(int((self.assignment.closes_at - self.now).total_seconds()), 1),
            path=FORMS,
            secure=self.site.cookie_secure,
            httponly=True,
            samesite="strict",
        )
        return response
