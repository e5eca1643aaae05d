"""The parts of a running service, as they are handed to whatever works in it."""

from dataclasses import dataclass, field

import httpx
from fastapi import FastAPI

from common.catching_up import CatchUp
from common.clock import Clock
from common.db import Database
from common.holdings.reading import Opening
from common.journal import Journal
from common.metrics import Metrics
from common.positions import Positions
from common.service_token import ServiceToken
from common.settings import ServiceSettings


@dataclass
class Running:
    """The parts of a running service."""

    app: FastAPI
    settings: ServiceSettings
    db: Database
    journal: Journal
    metrics: Metrics
    clock: Clock
    http: httpx.AsyncClient
    token: ServiceToken
    positions: dict[str, Positions] = field(default_factory=dict)
    catch_ups: dict[str, CatchUp] = field(default_factory=dict)
    opening: dict[str, Opening] = field(default_factory=dict)
    """By table: what makes readable, for a part, what is kept encrypted."""
