"""D10: a number is about several providers, and a pooled one about several employers. Pure.

Clients without a provider are in n and in nobody's share. Where most have none (still waiting, say) a part says nothing about a
provider's clients, and passes with the number that it is a part of; a total never passes so.
"""

from collections.abc import Mapping
from uuid import UUID

from reporting.release_ledger.cells import Policy

Counts = Mapping[UUID, int]


def enough_providers(policy: Policy, n: int, providers: Mapping[int, int], part: bool) -> bool:
    known = sum(providers.values())
    if part and 2 * known < n:
        return True
    return len(providers) >= policy.providers and 100 * max(providers.values()) <= policy.provider_percent * n


def enough_employers(policy: Policy, n: int, employers: Counts) -> bool:
    """Two of them that put their own numbers together still face `threshold` clients of others."""
    largest = sorted(employers.values())[-2:]
    return len(employers) >= policy.employers and n - sum(largest) >= policy.threshold
