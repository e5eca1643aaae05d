"""The release ledger: 500 employers, 12 months, decided month by month; and the setting of the reference.
Writes `bench/out/release_ledger.json`.

Made-up programme: eligible people log-normal with median 245, 0.8 % new clients a month, 300 providers. `lost`: of the numbers that
are large enough and have enough contributors, the share withheld because of what else is published (D5, D6, own numbers).
"""

import json
import math
from collections import Counter
from itertools import product
from pathlib import Path
from random import Random
from uuid import UUID

from common.contracts.vocabulary import Programme
from reporting.measures.catalogue import FAMILIES
from reporting.measures.families import Family, Group
from reporting.release_ledger.cells import Counted, Decided, Policy, Population, Reason, ScopeKind
from reporting.release_ledger.deciding import decide

OUT = Path(__file__).parent / "out" / "release_ledger.json"
LOST = (Reason.DERIVABLE, Reason.RANGE, Reason.OWN_NUMBERS)
FAMILY = "asked"


def run(quick: bool) -> None:
    employers = 30 if quick else 500
    figures = {"totals_only": _totals_only(employers), "catalogue": _catalogue(employers, 3 if quick else 12)}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(json.dumps(figures, indent=1))


def _catalogue(employers: int, months: int) -> dict[str, float]:
    population, counted = _programme(employers, months)
    past: list[Decided] = []
    linear = audit = 0.0
    audited = 0
    for number in range(1, months + 1):
        month = f"2026-{number:02}"
        found = decide(Policy(), FAMILIES[FAMILY], month, [row for row in counted if row.month <= month], population, past)
        past += found.decided
        linear, audit, audited = linear + found.linear_seconds, audit + found.audit_seconds, audited + found.audited
        print(month, f"linear {found.linear_seconds:.1f} s, audit {found.audit_seconds:.1f} s of {found.audited}", flush=True)
    shown, lost = sum(one.released for one in past), sum(one.reason in LOST for one in past)
    own = sum(one.n or 0 for one in past if _is_report(one))
    return {
        "linear_s": round(linear, 2),
        "audit_s": round(audit, 2),
        "audited": audited,
        "cells": len(past),
        "shown": shown,
        "lost_percent": round(100 * lost / max(1, shown + lost), 2),
        "clients_in_a_shown_report_percent": round(100 * own / max(1, sum(row.n for row in counted)), 1),
    }


def _is_report(one: Decided) -> bool:
    return one.cell.scope.kind is ScopeKind.EMPLOYER and len(one.cell.period) == 4 and not one.cell.breakdown


def _programme(employers: int, months: int) -> tuple[Population, list[Counted]]:
    chance = Random(7)
    eligible = {UUID(int=at): round(math.exp(chance.gauss(math.log(245), 1.37))) for at in range(1, employers + 1)}
    found: Counter[tuple[UUID, Programme, str, UUID, str, int]] = Counter()
    for (employer, size), month in product(eligible.items(), range(1, months + 1)):
        for _ in range(_poisson(chance, 0.008 * size)):
            kind = chance.choices(("answered", "unasked", "unanswered"), (50, 5, 45))[0]
            score = -1 if kind == "unanswered" else chance.choice((10, 10, 9, 9, 9, 8, 8, 7, 7, 6, 5, 3))
            programme, provider = chance.choice(list(Programme)), UUID(int=10_000 + chance.randrange(300))
            found[employer, programme, f"2026-{month:02}", provider, kind, score] += 1
    rows = [
        Counted(FAMILY, "recommendation", UUID(int=9), employer, programme, month, provider, kind, score, 0, n)
        for (employer, programme, month, provider, kind, score), n in found.items()
    ]
    return Population({(employer, 2026): size for employer, size in eligible.items()}), rows


def _totals_only(employers: int) -> dict[str, float]:
    """The reference's setting: numbers of people only, every employer by year, quarter and month, offered at the year's end at once."""
    population, counted = _programme(employers, 12)
    everything = Policy(employer_eligible=0, quarters_from=0, months_from=0, off=frozenset({"D6", "D10"}))
    family = FAMILIES[FAMILY].model_copy(update={"breakdowns": FAMILIES[FAMILY].breakdowns[:1]})
    past: list[Decided] = []
    linear = 0.0
    for number in range(1, 13):
        month = f"2026-{number:02}"
        found = decide(everything, _totals(family), month, [row for row in counted if row.month <= month], population, past)
        past += found.decided
        linear += found.linear_seconds
    totals = [one for one in past if not one.cell.breakdown]
    shown, lost = sum(one.released for one in totals), sum(one.reason in LOST for one in totals)
    return {"linear_s": round(linear, 2), "cells": len(totals), "lost_percent": round(100 * lost / max(1, shown + lost), 2)}


def _totals(family: Family) -> Family:
    """With one breakdown that leaves nobody to part."""
    everybody = Group(name="everybody", title="Everybody")
    nobody = Group(name="nobody", title="Nobody", kinds=("nobody",))
    one = family.breakdowns[0].model_copy(update={"groups": (everybody, nobody), "weight": None})
    return family.model_copy(update={"breakdowns": (one,), "measures": family.measures[-1:]})


def _poisson(chance: Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    floor, product_, n = math.exp(-mean), chance.random(), 0
    while product_ > floor:
        product_, n = product_ * chance.random(), n + 1
    return n
