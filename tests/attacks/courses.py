"""What happens to a simulated client: how fast care came, whether it was liked, and what came of it. Plausible, not measured."""

from random import Random

Bins = dict[str, tuple[str, int, int]]
"""Dimension: kind, a, b."""


def sought(random: Random) -> Bins:
    fate = random.random()
    if fate < 0.02:
        return dict.fromkeys(("time_to_schedule", "time_to_consultation", "time_to_first_session"), ("waitlisted", -1, -1))
    hours, clocks, stopped = 0.0, Bins(), None
    for clock, median, lost in (("schedule", 22, 0.05), ("consultation", 50, 0.06), ("first_session", 46, 0.08)):
        hours += random.lognormvariate(0, 0.8) * median
        if stopped is None and random.random() < lost:
            stopped = _stopped(random, hours)
        clocks[f"time_to_{clock}"] = stopped or ("reached", min(1440, int(hours)), _business_days(hours))
    return clocks


def asked_of(random: Random, first: Bins) -> Bins | None:
    if first["time_to_schedule"][0] != "reached" or random.random() < 0.15:
        return None
    fate = random.random()
    kind = "unasked" if fate < 0.04 else "answered" if fate < 0.55 else "unanswered"
    score = -1 if kind == "unanswered" else random.choice((10, 10, 10, 9, 9, 9, 8, 8, 7, 7, 6, 5, 3, 0))
    return {"recommendation": (kind, score, 0)}


def in_treatment_of(random: Random, first: Bins, never_better: bool) -> Bins | None:
    if first["time_to_first_session"][0] != "reached":
        return None
    band = {"engagement": ("sessions", random.choice((0, 1, 1, 2, 2, 2)), 0)}
    if random.random() < 0.2:
        return {"outcome": ("no_baseline", 0, 0), "phq_9": ("no_baseline", -1, -1), "gad_7": ("no_baseline", -1, -1), **band}
    before = (min(27, int(random.gammavariate(3, 4))), min(21, int(random.gammavariate(3, 3.4))))
    elevated = before[0] >= 10 or before[1] >= 8
    if random.random() > (0.62 if elevated else 0.2):
        totals = {"phq_9": ("no_follow_up", before[0], -1), "gad_7": ("no_follow_up", before[1], -1)}
        return {"outcome": ("no_follow_up", int(elevated), 0), **totals, **band}
    change = 0.0 if never_better else random.gauss(0.45, 0.35)
    after = (min(27, max(0, round(before[0] * (1 - change)))), min(21, max(0, round(before[1] * (1 - change)))))
    totals = {"phq_9": ("paired", before[0], after[0]), "gad_7": ("paired", before[1], after[1])}
    return {"outcome": ("paired", _bits(before, after, elevated), 0), **totals, **band}


def _bits(before: tuple[int, int], after: tuple[int, int], elevated: bool) -> int:
    better = before[0] - after[0] >= 6 or before[1] - after[1] >= 4
    worse = after[0] - before[0] >= 6 or after[1] - before[1] >= 4
    recovered = elevated and after[0] < 10 and after[1] < 8
    return int(elevated) + 2 * (better and not worse) + 4 * worse + 8 * recovered


def _stopped(random: Random, hours: float) -> tuple[str, int, int]:
    if random.random() < 0.4:
        return ("open", -1, -1)
    return ("withdrawn", min(1440, int(hours)), _business_days(hours))


def _business_days(hours: float) -> int:
    return min(45, round(hours / 24 * 5 / 7))
