"""What of a closed month, and of the quarter and year that it completes, may leave. The one function that every number passes. Pure.

`Policy.off`, for the proof that each rule is needed: D1: one client is enough, and zeros are shown. D3: a part may be all of it. D4: what
is left out may be small, and is not protected. D5: nothing is checked for what can be calculated. D6: no audit of ranges. D7: all closed
periods of the year are decided again with the counts of today. D8: year-to-date and rolling cells are offered too. D10: any contributors
will do. D12: every employer gets everything. D2 is the reports' (one mark), D9 cannot be switched off: there is nothing outside the
catalogue to ask for.
"""

from collections.abc import Iterable
from time import perf_counter

from reporting.measures.families import Family
from reporting.release_ledger.cells import Counted, Decided, Decision, Policy, Population
from reporting.release_ledger.desk import Desk
from reporting.release_ledger.gate import audit
from reporting.release_ledger.offering import offers
from reporting.release_ledger.parting import decide_offer


def decide(
    policy: Policy, family: Family, month: str, counted: Iterable[Counted], population: Population, past: Iterable[Decided]
) -> Decision:
    """`counted`: the family's rollup of the year's closed months, this one included. `past`: all that was decided of that year before."""
    begun = perf_counter()
    desk = Desk(policy, family, month, counted, population, past)
    for offer in offers(policy, desk.shape, month):
        decide_offer(desk, offer)
    audited_from = perf_counter()
    audited = audit(desk)
    return Decision(list(desk.decided.values()), audited_from - begun, perf_counter() - audited_from, audited)
