"""The readable page: what is held, decided, disclosed, recalled and counted, in plain words. It stands alone and needs no script. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from common.contracts.privacy import SERVICES, RecordCategory
from common.pages.language import Texts
from common.pages.rendering import STYLE
from consent.bundles.about import About
from consent.bundles.decisions import Decision, decisions_of
from consent.bundles.fhir.sharing import recall_state
from consent.bundles.records import Held, Row
from consent.bundles.values import Cell, shown
from consent.bundles.views import view_of

PAGES = Path(__file__).parents[1] / "pages"


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` by the names of their texts; each row has a cell for each."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Counted:
    service: str
    table: str
    records: int


@dataclass(frozen=True, slots=True)
class Section:
    category: RecordCategory
    tables: Sequence[Table]
    counted: Sequence[Counted]

    @property
    def records(self) -> int:
        return sum(one.records for one in self.counted)


def page(about: About, held: Held, disclosures: Sequence[Row], language: str) -> bytes:
    t = texts(language)
    sections = [_section(category, held, t) for category in RecordCategory]
    html = _template().render(
        t=t,
        about=about,
        services=[(service, held.as_of.get(service)) for service in SERVICES],
        sections=[section for section in sections if section.counted],
        decisions=_decisions(decisions_of(held), t),
        disclosures=_entries(disclosures, t),
        recalls=_recalls(held.rows("reporting", "recall"), t),
        families=_families(held.rows("reporting", "unit"), t),
        records=sum(section.records for section in sections),
    )
    return html.encode("utf-8", "replace")


@lru_cache(maxsize=2)
def texts(language: str) -> Texts:
    return Texts.read(PAGES / "texts", language)


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(PAGES / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["style"] = Markup(STYLE)
    return environment.get_template("access_bundle.html")


def _section(category: RecordCategory, held: Held, t: Texts) -> Section:
    own = [(service, table, rows) for service, table, rows in held if rows and view_of(service, table).category is category]
    shown_ones = [(service, table, rows) for service, table, rows in own if view_of(service, table).columns]
    return Section(
        category,
        [_table(service, table, rows, t) for service, table, rows in shown_ones],
        [Counted(service, table, len(rows)) for service, table, rows in own],
    )


def _table(service: str, table: str, rows: Sequence[Row], t: Texts) -> Table:
    columns = view_of(service, table).columns
    return Table(f"{service}.{table}", columns, [[shown(name, row, t) for name in columns] for row in rows])


def _decisions(decisions: Sequence[Decision], t: Texts) -> Table:
    columns = ("occurred_at", "decision", "programme", "categories", "withdrawn", "channel", "notice_version", "decision_id")
    rows = []
    for one in reversed(decisions):
        own: Mapping[str, object] = {**one.said, "decision_id": one.decision_id}
        rows.append([Cell(t.named("did", one.kind)) if name == "decision" else shown(name, own, t) for name in columns])
    return Table("decisions", columns, rows)


def _entries(disclosures: Sequence[Row], t: Texts) -> Table:
    columns = (
        "disclosed_at",
        "recipient_name",
        "recipient_address",
        "purpose",
        "legal_basis",
        "kinds",
        "records",
        "path",
        "outcome",
        "recall",
    )
    newest = sorted(disclosures, key=lambda entry: str(entry.get("disclosed_at")), reverse=True)
    return Table("disclosures", columns, [[shown(name, entry, t) for name in columns] for entry in newest])


def _recalls(recalls: Sequence[Row], t: Texts) -> Table:
    columns = ("created_at", "programme", "recall", "sent_at", "acknowledged_at", "attested_at", "method", "recall_id")
    return Table("recalls", columns, [[shown(name, {**row, "recall": recall_state(row)}, t) for name in columns] for row in recalls])


def _families(units: Sequence[Row], t: Texts) -> Table:
    """Each family and year in which the client is one of those who are counted."""
    columns = ("family", "year", "month", "programme")
    return Table("families", columns, [[shown(name, row, t) for name in columns] for row in units])
