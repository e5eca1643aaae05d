"""What the acts share: the stack, who speaks, the programme, and what has been measured so far."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from common.auth import Role
from demo.calling import Caller, Lanes
from demo.exporting import Taken
from demo.living import Forms
from demo.partner import Partner
from demo.programme import Client, SampleProgramme
from demo.system import System
from demo.telling import Teller


@dataclass
class Play:
    system: System
    lanes: Lanes
    tell: Teller
    programme: SampleProgramme
    out: Path
    forms: Forms = field(init=False)
    partner: Partner = field(init=False)
    """The plan's backend."""
    before: Taken = field(init=False)
    """The export as the plan took it first."""
    opt_outs: int = 0
    """Acknowledged so far."""
    propagation_ms: list[float] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    holds: bool = True
    """Whether everything was as it must be."""

    @property
    def http(self) -> httpx.AsyncClient:
        return self.lanes[0]

    def caller(self, role: Role, subject: UUID) -> Caller:
        return Caller(self.system, self.http, role, subject)

    @property
    def plan(self) -> Caller:
        return self.caller(Role.PLAN, self.programme.plan_id)

    def client(self, client: Client) -> Caller:
        return self.caller(Role.CLIENT, client.client_id)

    def check(self, holds: bool, text: str) -> bool:
        """Said as it came out; whatever does not hold makes the demo fail."""
        self.holds = self.tell.check(holds, text) and self.holds
        return holds
