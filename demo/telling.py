"""How the demo speaks: calm lines on a terminal, the same lines without colour or motion elsewhere."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

import httpx
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

PLAIN_WIDTH = 110
BAR = 36


class Teller:
    """Numbers the acts and keeps the time."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        if not self.console.is_terminal:
            self.console.width = PLAIN_WIDTH
        self.began = monotonic()
        self._act = 0

    def act(self, title: str) -> None:
        self._act += 1
        self.console.print()
        self.console.rule(Text(f" {self._act}  {title} ", style="bold cyan"), align="left", characters="─")

    def say(self, text: str) -> None:
        self.console.print(text, markup=True)

    def good(self, text: str) -> None:
        self.console.print(f"[green]✓[/green] {text}")

    def bad(self, text: str) -> None:
        self.console.print(f"[bold red]✗ {text}[/bold red]")

    def check(self, holds: bool, text: str) -> bool:
        (self.good if holds else self.bad)(text)
        return holds

    def answer(self, answer: httpx.Response) -> None:
        """A request and what was answered, as it was on the wire."""
        what = f"{answer.request.method} {answer.request.url.path} → {answer.status_code} {answer.headers.get('content-type', '')}"
        shown = json.dumps(answer.json(), indent=2, ensure_ascii=False) if answer.content else ""
        self.console.print(Panel(Text(shown), title=Text(what), title_align="left", border_style="dim", expand=False))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[int] = ()) -> None:
        """`right`: the columns of figures."""
        made = Table(box=None, header_style="dim", pad_edge=False)
        for number, column in enumerate(columns):
            made.add_column(column, justify="right" if number in right else "left")
        for row in rows:
            made.add_row(*map(str, row))
        self.console.print(made)

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar on a terminal; elsewhere one line when it is done."""
        began = monotonic()
        if self.console.is_terminal:
            columns = (TextColumn("  {task.description:<28}"), BarColumn(BAR), MofNCompleteColumn(), TimeElapsedColumn())
            with Progress(*columns, console=self.console) as progress:
                task = progress.add_task(label, total=total)
                yield lambda done: progress.advance(task, done)
        else:
            yield lambda _done: None
            self.say(f"  {label}: {total} in {monotonic() - began:.1f} s")

    @contextmanager
    def waiting(self, label: str) -> Iterator[None]:
        """For what has no measure."""
        if self.console.is_terminal:
            with self.console.status(f"{label} …"):
                yield
        else:
            yield
