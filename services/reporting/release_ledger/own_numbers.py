"""D10: what an employer, or two that put theirs together, can learn of another because they know their own numbers. Pure.

What a period's norm says of a group, less what employers published of the same group, is about the others. Taken off it what any two of
them know of themselves, nobody must be left, or enough. Groups that employers merged differently are not taken together.
"""

from collections.abc import Mapping
from itertools import combinations
from uuid import UUID

from reporting.release_ledger.cells import Policy


def isolates(policy: Policy, rest: Mapping[UUID, int]) -> bool:
    """`rest`: how many clients of each employer are in what is left."""
    whole, sizes = sum(rest.values()), sorted(rest.values(), reverse=True)
    if whole - sum(sizes[:2]) >= policy.threshold:
        return False
    return any(0 < whole - sum(known) < policy.threshold for size in (0, 1, 2) for known in combinations(sizes, size))
