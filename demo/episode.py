"""One client's way through care, on clocks that are moved from one moment to the next."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from common.auth import Role
from demo.calling import Caller, until
from demo.clock import move_clock
from demo.play import Play
from demo.system import OPERATIONS

ZONE = ZoneInfo("America/New_York")
SWEEPS = 20.0
CLOCKS = ("scheduling", "assessments")


@dataclass
class Episode:
    """What has happened so far, in the client's own time."""

    play: Play
    now: datetime
    client: Caller
    lines: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def operations(self) -> Caller:
        return self.play.caller(Role.OPERATIONS, OPERATIONS)

    async def at(self, now: datetime) -> None:
        self.now = now
        await move_clock(self.operations, now, *CLOCKS)

    def note(self, who: str, what: str) -> None:
        self.lines.append((self.now.astimezone(ZONE).strftime("%a %d %b %H:%M"), who, what))

    async def told(self, who: Caller, template: str) -> bool:
        """The sweep looks every second; so whoever is told is told soon."""

        async def there() -> bool:
            inbox = await who.get("scheduling", "/v1/notifications")
            return any(item["template"] == template for item in inbox["items"])

        return await until(there, SWEEPS)
