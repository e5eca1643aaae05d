"""How a level is parted so that no part, and nothing that a part leaves out, is too small (D1, D3, D4): neighbours are put together. Pure.

D4 off: what is left out may be small, so nothing is put together. D3 off: what is left out may be nobody ("12 of 12"), so empty groups stay
by themselves.
"""

from collections.abc import Sequence

from reporting.release_ledger.cells import Policy, Reason


def threshold(policy: Policy) -> int:
    return 1 if "D1" in policy.off else policy.threshold


def too_small(policy: Policy, n: int) -> bool:
    if n == 0:
        return not (policy.zeros_shown or "D1" in policy.off)
    return n < threshold(policy)


def parted(policy: Policy, counts: Sequence[int]) -> Sequence[Sequence[int]]:
    """The groups' positions, put together as far as needed. Empty where the level cannot be parted."""
    if "D4" in policy.off or "D1" in policy.off:
        return [[at] for at in range(len(counts))]
    alone = [at for at, n in enumerate(counts) if n == 0] if "D3" in policy.off or policy.zeros_shown else []
    parts: list[list[int]] = []
    size = 0
    for at in (at for at in range(len(counts)) if at not in alone):
        if not parts or size >= policy.threshold:
            parts.append([])
            size = 0
        parts[-1].append(at)
        size += counts[at]
    if len(parts) > 1 and size < policy.threshold:
        last = parts.pop()
        parts[-1] += last
    if len(parts) < 2 and not (alone and parts):
        return []
    return sorted([*parts, *([at] for at in alone)])


def left_out(policy: Policy, n: int, whole: int) -> Reason | None:
    """Whether what a part of the whole leaves out forbids to show it."""
    rest = whole - n
    if rest == 0 and "D3" not in policy.off and not policy.zeros_shown:
        return Reason.COMPLEMENT
    if 0 < rest < threshold(policy) and "D4" not in policy.off:
        return Reason.COMPLEMENT
    return None
