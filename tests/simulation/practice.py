"""The processes of a run: the servers, the token issuer, scheduling's neighbour in its place, and two assessments services."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.local.stack import Stack
from tests.simulation.clock import SHARED, SharedTime
from tests.simulation.histories import BEGIN
from tests.simulation.instance import BROKEN

ASSESSMENTS = ("assessments", "assessments-2")
SETTINGS = {"ASSESSMENTS_SWEEP_SECONDS": "0.4", "ASSESSMENTS_RELAY_POLL_SECONDS": "0.1", "SCHEDULING_RELAY_POLL_SECONDS": "0.05"}


@dataclass
class Practice(Stack):
    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)
    instances: Mapping[str, int] = field(default_factory=lambda: {"assessments": 2})
    broken: str = "nothing"
    time: SharedTime = field(init=False)

    def _prepare(self) -> None:
        super()._prepare()
        file = self.folder / "time"
        self.time = SharedTime(file, BEGIN)
        own = {"scheduling": "neighbour", **dict.fromkeys(ASSESSMENTS, "instance")}
        self.processes = {name: process for name, process in self.processes.items() if name in ("issuer", *own)}
        for name, module in own.items():
            process = self.processes[name]
            process.argv = [sys.executable, "-m", f"tests.simulation.{module}"]
            process.env = {**process.env, SHARED: str(file), BROKEN: self.broken}
