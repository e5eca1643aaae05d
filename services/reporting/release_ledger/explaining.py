"""Why a cell was withheld, for the privacy officer: the true reason. Pure.

Nobody else may read this: that a number is hidden for being small says that it is small (D2).
"""

from reporting.measures.catalogue import FAMILIES
from reporting.measures.families import Breakdown
from reporting.release_ledger.cells import Cell, Policy, Reason, ScopeKind

FLOOR = Policy()

WHOSE = {
    ScopeKind.PLAN: "all clients of the plan",
    ScopeKind.PROGRAMME: "the plan's clients in one programme",
    ScopeKind.EMPLOYER: "the employer's people",
    ScopeKind.NETWORK: "all employers together",
    ScopeKind.SMALLER_EMPLOYERS: "all smaller employers together",
}

RULE = {
    Reason.SMALL: "D1: it is about fewer than {policy.threshold} clients, or about none.",
    Reason.COMPLEMENT: "D3, D4: it is large enough, but those whom it leaves out are fewer than {policy.threshold}, or nobody.",
    Reason.CONTRIBUTORS: "D10: it is about the clients of fewer than {policy.providers} providers, more than {policy.provider_percent} % "
    "of them are one provider's, it is of fewer than {policy.employers} employers, or fewer than {policy.threshold} clients are left "
    "beside the two largest.",
    Reason.DERIVABLE: "D5: with what was released already, to whomever, a number of fewer than {policy.threshold} clients would follow.",
    Reason.RANGE: "D6: with what was released already, a number of fewer than {policy.threshold} clients could be narrowed down to fewer "
    "than {policy.narrowest_range} values next to each other.",
    Reason.OWN_NUMBERS: "D10: an employer that knows its own numbers could calculate one of another, of fewer than {policy.threshold} "
    "clients.",
    Reason.GATE: "D12: the employer is too small for such a report of its own. It needs {policy.employer_eligible} eligible people for a "
    "year, {policy.quarters_from} for quarters and {policy.months_from} for months, as stated before the first month was closed.",
    Reason.PARENT: "D4: the number that it is a part of is withheld.",
}
EXAMPLE = {
    Reason.SMALL: "For example, who knows of one of three that she is a client learns that two more of her colleagues are; and “0 of 12 "
    "improved” says it of each of the 12.",
    Reason.COMPLEMENT: "For example, 33 of 40 clients who were seen in time leave 7 who were not.",
    Reason.CONTRIBUTORS: "For example, where 37 of 40 clients are one provider's, the share that recovered is that provider's result.",
    Reason.DERIVABLE: "For example, the plan's 60 clients less the 25 and the 31 of two employers leave the 4 of the third; a year less "
    "three quarters leaves the fourth.",
    Reason.RANGE: "For example, of two hidden numbers that come to 3 together, each is 1 or 2.",
    Reason.OWN_NUMBERS: "For example, of 20 clients of two employers, the one that knows of its own 12 knows of the other's 8.",
    Reason.GATE: "Whether there is a report follows from its size and not from what its people did. They are in the plan's numbers and in "
    "the norm, and those of employers without any report of their own in the numbers of the smaller employers.",
    Reason.PARENT: "For example, with all parts shown their sum would be the hidden number.",
}
"""They are made up: they show the calculation, and no number that was counted."""


def explain(cell: Cell, reason: Reason, policy: Policy = FLOOR) -> list[str]:
    """Sentences: what it is, the rule, and what could be calculated if it were shown."""
    return [_about(cell), RULE[reason].format(policy=policy), EXAMPLE[reason]]


def _about(cell: Cell) -> str:
    family = FAMILIES[cell.family]
    what = _group(family.breakdown(cell.breakdown), cell.group) if cell.breakdown else "everybody in it"
    whose = f"{WHOSE[cell.scope.kind]} ({cell.scope.id})" if cell.scope.id else WHOSE[cell.scope.kind]
    return f"{family.title}, {cell.period}, {whose}: {what}."


def _group(breakdown: Breakdown, group: str) -> str:
    *before, last = group.split("/")
    titles = " and ".join(f"“{breakdown.find((*before, name)).title}”" for name in last.split("+"))
    return f"{titles} of “{breakdown.title}”"
