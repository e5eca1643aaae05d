"""What the sample programme's numbers are drawn from. Each figure names its source; where there is none it says "assumed".

NHS figures: NHS England, NHS Talking Therapies annual report 2024-25, England (Open Government Licence v3.0, © NHS England).
NHANES and NCHS figures: US government work, for statistical use only, no re-identification and no linkage.
"""

from bisect import bisect
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from random import Random
from statistics import NormalDist
from typing import TypeVar

from common.contracts.vocabulary import Category

T = TypeVar("T")

PHQ_9_ITEMS, GAD_7_ITEMS, ITEM_LARGEST = 9, 7, 3

# Totals at the start of treatment (NHS, tables of therapy types, weighted by 564,914 courses): mean and standard deviation.
PHQ_9_AT_START, GAD_7_AT_START = NormalDist(13.86, 6.00), NormalDist(12.72, 5.16)
# The same tables, at the end: PHQ-9 9.51 (SD 6.49), GAD-7 8.56 (SD 5.67).
PHQ_9_GAIN, GAD_7_GAIN = 13.86 - 9.51, 12.72 - 8.56
GAIN_BY_FOLLOW_UP = 0.5  # assumed: half of it is there 4 to 6 weeks after the first session
SPREAD_BY_FOLLOW_UP = 4.5  # assumed: points

# Severity among all adults 20+, 2013-2016 (MMWR QuickStats 67(9):287; NCHS Data Brief 303), percent with PHQ-9 0-4, 5-9, 10-14, 15-27.
BANDS = ((0, 4), (5, 9), (10, 14), (15, 27))
ADULTS = (76.3, 15.6, 5.1, 2.9)
ADULTS_BY_SEX = {"male": (81.6, 12.8, 3.4, 2.1), "female": (71.3, 18.3, 6.7, 3.7)}

# Item's share of the total among people with PHQ-9 >= 10 (NHANES 2005-2020, n = 3,476), in the instrument's order.
PHQ_9_WEIGHTS = (0.119, 0.128, 0.153, 0.162, 0.119, 0.105, 0.105, 0.075, 0.032)
# The same for GAD-7, and the correlation of both totals (IskandarAyuphan/psychological-aspects-and-bmi, MIT, 223 students).
GAD_7_WEIGHTS = (0.152, 0.133, 0.169, 0.124, 0.099, 0.154, 0.168)
PHQ_9_WITH_GAD_7 = 0.83
# Of 39,685 people who answered PHQ-9 at all, 228 left out or refused an item (NHANES 2005-2020).
ITEM_LEFT_OUT = 228 / 39_685

# Days from referral to the first appointment (NHS, "Accessing services"): up to 28, 29-56, 57-90, more (taken as up to 126).
WAIT_BUCKETS = ((0, 28, 545_715), (28, 56, 91_510), (56, 90, 18_179), (90, 126, 15_015))
# Scaled so that what the NHS reaches within 28 days the programme reaches within the 5 days that it promises (S8): 4 days drawn, as the way
# to the next office hour comes on top.
WAIT_SCALE = 4 / 28
# Days from booking to visit, same day left out: minimum, p10, p25, p50, p75, p90, p95, p99 (public clinics of Vitória, Brazil,
# 2016, 71,959 appointments). Their median of 9 days is scaled to a day and a half, as S9 promises 5 business days in all.
LEAD_PERCENTILES = ((0.0, 1), (0.10, 2), (0.25, 4), (0.50, 9), (0.75, 22), (0.90, 35), (0.95, 48), (0.99, 74))
LEAD_SCALE = 1.5 / 9
# Of appointments booked for the same day 1,792 of 38,563 were missed (same source). Taken for all: virtual visits, booked shortly before.
MISSED = 1_792 / 38_563

# Friends and Family Test of two NHS trusts, answers 1 very good .. 5 very poor of 4,227 respondents (CDU-data-science-team/pxtextmining,
# MIT), as scores of 0 to 10: very good 9-10, good 7-8, neither 5-6, poor 3-4, very poor 0-2, evenly within each.
FRIENDS_AND_FAMILY = ((range(9, 11), 2_875), (range(7, 9), 729), (range(5, 7), 203), (range(3, 5), 172), (range(3), 248))

# Referrals (NHS): women, men, indeterminate, not stated; and by age, of working age only.
SEXES = (("female", 1_188_870), ("male", 597_796), ("other", 6_216), ("unknown", 20_550))
AGES = (((18, 25), 354_440), ((26, 64), 1_307_318))
# Resident population (US Census 2020, apportionment), as the employers are at home in the six largest states.
STATES = (("CA", 39_538_223), ("TX", 29_145_505), ("FL", 21_538_187), ("NY", 20_201_249), ("PA", 13_002_700), ("IL", 12_812_508))

LANGUAGES = (("en", 88), ("es", 12))  # assumed
OPT_IN = 0.62  # assumed: no figure is published for a choice like this one
ALSO_SHARED = ((Category.CONTACT_AND_DEMOGRAPHICS, 0.35), (Category.SESSION_FREQUENCY, 0.20))  # assumed, beside the three usual ones
ACCEPTED, REFUSED = 0.90, 0.07  # assumed; the rest goes unanswered (S11)
ANSWER_HOURS = 7.0  # assumed: mean, so that 97 % answer within the 24 hours of S7
GOOD_FIT = 0.92  # assumed
GOES_ON = 0.60  # assumed: after each session, another one
CADENCE_DAYS = ((7, 60), (14, 40))  # assumed (S14: their own)
FILLS_IN, FILLS_IN_AGAIN, RECOMMENDS = 0.80, 0.65, 0.45  # assumed: answering is the client's choice (A2)


def pick(rng: Random, weighted: Sequence[tuple[T, float]]) -> T:
    """One of them, by its weight."""
    return rng.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]


@cache
def phq_9_weights(sex: str) -> tuple[float, ...]:
    """Weights of the totals 0 to 27 of somebody of this sex who seeks care.

    Totals at the start of treatment, each band weighted by how much more (or less) frequent it is in this sex than in all adults:
    a person of either sex is taken to be as likely to seek care at the same severity (assumed; Bayes does the rest).
    """
    bands = ADULTS_BY_SEX.get(sex, ADULTS)
    ratio = {total: bands[n] / ADULTS[n] for n, (low, high) in enumerate(BANDS) for total in range(low, high + 1)}
    return tuple(_mass(PHQ_9_AT_START, total) * ratio[total] for total in range(28))


def _mass(normal: NormalDist, total: int) -> float:
    return normal.cdf(total + 0.5) - normal.cdf(total - 0.5)


def phq_9_total(rng: Random, sex: str) -> int:
    weights = phq_9_weights(sex)
    return bisect(list(accumulate(weights)), rng.random() * sum(weights), hi=27)


def gad_7_total(rng: Random, phq_9: int) -> int:
    """Goes with the PHQ-9 total of the same moment."""
    shared = PHQ_9_WITH_GAD_7 * PHQ_9_AT_START.zscore(phq_9)
    own = (1 - PHQ_9_WITH_GAD_7**2) ** 0.5 * rng.gauss(0, 1)
    return _within(GAD_7_AT_START.mean + GAD_7_AT_START.stdev * (shared + own), GAD_7_ITEMS)


def total_at_follow_up(rng: Random, before: int, gain: float, items: int) -> int:
    return _within(before - rng.gauss(gain * GAIN_BY_FOLLOW_UP, SPREAD_BY_FOLLOW_UP), items)


def _within(total: float, items: int) -> int:
    return min(max(round(total), 0), items * ITEM_LARGEST)


def item_scores(rng: Random, total: int, weights: Sequence[float]) -> list[int]:
    """Answers of 0 to 3 that add up to `total`, the heavier items the higher."""
    scores = [0] * len(weights)
    for _ in range(total):
        open_items = [(item, weights[item]) for item, score in enumerate(scores) if score < ITEM_LARGEST]
        scores[pick(rng, open_items)] += 1
    return scores


def days_to_consultation(rng: Random) -> float:
    low, high = pick(rng, [((low, high), count) for low, high, count in WAIT_BUCKETS])
    return rng.uniform(low, high) * WAIT_SCALE


def days_to_first_session(rng: Random) -> float:
    """After the consultation: between the percentiles evenly."""
    drawn = rng.uniform(0, LEAD_PERCENTILES[-1][0])
    upper = next(n for n, (share, _) in enumerate(LEAD_PERCENTILES) if share >= drawn and n)
    (share, days), (next_share, next_days) = LEAD_PERCENTILES[upper - 1], LEAD_PERCENTILES[upper]
    return (days + (next_days - days) * (drawn - share) / (next_share - share)) * LEAD_SCALE


def recommendation(rng: Random) -> int:
    return rng.choice(pick(rng, FRIENDS_AND_FAMILY))
