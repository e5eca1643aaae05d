"""What statutory deadlines set off, by the names that their policies give. Each capability has its own."""

from collections.abc import Mapping

from common.deadlines.firing import Action
from common.running import Running
from consent.access_requests.actions import actions as of_access_requests
from consent.corrections.actions import actions as of_corrections
from consent.legal_demands.telling import actions as of_legal_demands


def actions(running: Running) -> Mapping[str, Action]:
    return {**of_access_requests(), **of_corrections(), **of_legal_demands()}
