"""Why something is or is not shared now. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from common.contracts.vocabulary import Category, Recipient
from consent.decisions.rules import Decision, Sharing


class Reason(StrEnum):
    CONSENTED = "consented"
    NEVER_ASKED = "never_asked"
    DECLINED = "declined"
    OPTED_OUT = "opted_out"
    SUSPENDED = "suspended"
    NOT_CHOSEN = "not_chosen"
    NOT_CHOSEN_BY_ITSELF = "not_chosen_by_itself"
    NEVER_A_RECIPIENT = "never_a_recipient"


RULES = {
    Reason.CONSENTED: "C1",
    Reason.NEVER_ASKED: "C1",
    Reason.DECLINED: "C2",
    Reason.OPTED_OUT: "C4",
    Reason.SUSPENDED: "C4",
    Reason.NOT_CHOSEN: "C17",
    Reason.NOT_CHOSEN_BY_ITSELF: "C16",
    Reason.NEVER_A_RECIPIENT: "C6",
}

SENTENCES = {
    Reason.CONSENTED: "Shared: the client opted in to this category.",
    Reason.NEVER_ASKED: "Not shared: the client has not decided yet.",
    Reason.DECLINED: "Not shared: the client declined.",
    Reason.OPTED_OUT: "Not shared: the client opted out.",
    Reason.SUSPENDED: "Not shared for now: a mail that may be an opt-out waits for the privacy officer.",
    Reason.NOT_CHOSEN: "Not shared: the client opted in, but not to this category.",
    Reason.NOT_CHOSEN_BY_ITSELF: "Not shared: session frequency is shared only where it was chosen by itself.",
    Reason.NEVER_A_RECIPIENT: "Never shared: individual data goes to the health plan or to nobody; an employer never gets any.",
}

OF_DECISION = {
    Decision.DECLINED: Reason.DECLINED,
    Decision.OPTED_OUT: Reason.OPTED_OUT,
    Decision.SUSPENDED: Reason.SUSPENDED,
    None: Reason.NEVER_ASKED,
}


@dataclass(frozen=True, slots=True)
class Explanation:
    category: Category
    shared: bool
    reason: Reason

    @property
    def rule(self) -> str:
        return RULES[self.reason]

    @property
    def sentence(self) -> str:
        return SENTENCES[self.reason]


def explain(state: Sharing, recipient: str, category: Category) -> Explanation:
    reason = _reason(state, recipient, category)
    return Explanation(category, reason is Reason.CONSENTED, reason)


def _reason(state: Sharing, recipient: str, category: Category) -> Reason:
    if recipient != Recipient.HEALTH_PLAN:
        return Reason.NEVER_A_RECIPIENT
    if not state.consented:
        return OF_DECISION[state.decision]
    if category not in state.categories:
        return Reason.NOT_CHOSEN_BY_ITSELF if category is Category.SESSION_FREQUENCY else Reason.NOT_CHOSEN
    return Reason.CONSENTED if state.shared else Reason.SUSPENDED
