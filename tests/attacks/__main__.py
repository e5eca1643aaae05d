"""All attacks at full depth, and what wins once a rule is switched off: `python -m tests.attacks --seeds 1 2 3`."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from time import process_time

from reporting.measures.catalogue import FAMILIES
from reporting.release_ledger.cells import Policy
from tests.attacks.bounds import puzzle, t2, t3
from tests.attacks.breach import Breach, Found, together
from tests.attacks.changes import less_one, t6, t8, t12
from tests.attacks.insiders import t9, t10
from tests.attacks.mutations import CASES
from tests.attacks.percentages import t7
from tests.attacks.programme import Programmes, programme
from tests.attacks.publishing import MONTHS, Published, publish
from tests.attacks.row_space import t1
from tests.attacks.subtraction import less_than_eligible, read, t4, t5

YEARS = ("2025", "2026")
LINEAR = Policy(off=frozenset({"D6"}))
"""The audit only takes numbers away: what cannot be calculated without it cannot be with it."""
Attacks = Sequence[tuple[str, Callable[[], Found]]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--families", nargs="+", default=list(FAMILIES))
    parser.add_argument("--employers", type=int, default=500)
    parser.add_argument("--audited", type=int, default=20, help="employers of the programmes on which the integer audit is attacked")
    parser.add_argument("--mutations", action="store_true", help="only these")
    chosen = parser.parse_args()
    found: list[Breach] = []
    for seed in [] if chosen.mutations else chosen.seeds:
        for families in ([family] for family in chosen.families):
            found += _all(seed, families, chosen.employers)
            found += _bounds(seed, families, chosen.audited)
    for rule, publish_, attack in CASES:
        cheap = frozenset() if rule == "D6" else frozenset({"D6"})
        counts = [len(attack(publish_(replace(LINEAR, off=off))).breaches) for off in (cheap, cheap | {rule})]
        print(f"{rule:4} on: {counts[0]:5} found   off: {counts[1]:5} found   by {attack.__name__}", flush=True)
    print(*found[:10], sep="\n")
    return 1 if found else 0


def _all(seed: int, families: Sequence[str], employers: int) -> list[Breach]:
    simulated = programme(seed, employers)
    started = process_time()
    published = publish(LINEAR, simulated, families)
    shown = sum(one.released for one in published.decided)
    print(f"seed {seed} {families[0]}: {shown} of {len(published.decided)} shown, {process_time() - started:.0f} s of CPU", flush=True)
    return _told(seed, families, _linear(published, simulated, families))


def _linear(published: Published, simulated: Programmes, families: Sequence[str]) -> Attacks:
    places = [(family, year, dimension) for family in families for year in YEARS for dimension in FAMILIES[family].dimensions]
    one = [places[0]]
    return [
        ("T1", lambda: together(t1(published, families), read(published))),
        ("T4", lambda: t4(published)),
        ("T5", lambda: together(t5(published), less_than_eligible(published))),
        ("T6", lambda: together(*(t6(published, simulated, *place) for place in places))),
        ("T7", lambda: t7(published)),
        ("T8", lambda: t8(published)),
        ("T9", lambda: together(*(t9(published, *place, pairs=4, sample=10) for place in one))),
        ("T10", lambda: together(*(t10(published, *place, sample=4) for place in one))),
        ("T12", lambda: _one_less(published, simulated, families[0])),
    ]


def _one_less(published: Published, simulated: Programmes, family: str) -> Found:
    month = MONTHS[7]
    found, rate = t12(published, publish(LINEAR, less_one(simulated, family, month), [family], MONTHS[:12]), family, month)
    print(f"       T12 {100 * rate:.2f} % of the open periods' numbers look different", flush=True)
    return found


def _bounds(seed: int, families: Sequence[str], employers: int) -> list[Breach]:
    published = publish(Policy(), programme(seed, employers), families, MONTHS[:12])
    dimensions = [(family, dimension) for family in families for dimension in FAMILIES[family].dimensions]
    puzzles = [puzzle(published, family, YEARS[0], dimension) for family, dimension in dimensions]
    told = _told(seed, families, [("T2", lambda: together(*(t2(each, 12, 4, seed) for each in puzzles)))])
    return told + _told(seed, families, [("T3", lambda: together(*(t3(each, published.decided, 10, seed) for each in puzzles)))])


def _told(seed: int, families: Sequence[str], attacks: Attacks) -> list[Breach]:
    return [breach for found in _run(seed, families, attacks) for breach in found.breaches]


def _run(seed: int, families: Sequence[str], attacks: Attacks) -> Iterator[Found]:
    for name, attack in attacks:
        started = process_time()
        found = attack()
        figures = f"examined {found.examined:>9,}   found {len(found.breaches):>4}   {process_time() - started:6.1f} s of CPU"
        print(f"{name:4} seed {seed} {families[0]:13} {figures}", flush=True)
        yield found


if __name__ == "__main__":
    sys.exit(main())
