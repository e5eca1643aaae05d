"""What statutory deadlines set off, by the names that their policies give. Each capability has its own."""

from collections.abc import Mapping

from common.deadlines.firing import Action
from common.service import Running


def actions(running: Running) -> Mapping[str, Action]:
    return {}
