"""The one source of time. Edges read it; below them `now` is a parameter."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time, or in the local stack a time that can be moved so that weeks pass in a demo."""

    def __init__(self, *, simulated: bool = False) -> None:
        self.simulated = simulated
        self._offset = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def move_to(self, now: datetime) -> None:
        """Only a simulated clock moves."""
        if not self.simulated:
            raise RuntimeError("a real clock cannot be moved")
        self._offset = now - datetime.now(UTC)
