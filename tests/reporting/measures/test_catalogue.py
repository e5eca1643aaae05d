"""The published catalogue: complete, unambiguous, unchanged; and nothing of who shares what is known to it (R6)."""

import ast
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from reporting.measures.catalogue import FAMILIES, PUBLISHED, load_families
from reporting.measures.explaining import why_hidden
from reporting.measures.families import Breakdown, Family, Measure, paths

MEASURES = [measure for family in FAMILIES.values() for measure in family.measures]
EACH = pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.code)
BREAKDOWNS = [(family, breakdown) for family in FAMILIES.values() for breakdown in family.breakdowns]
REPORTING = Path(__file__).resolve().parents[3] / "services" / "reporting"


def numbers(dimension: str, kind: str) -> Iterator[tuple[int, int]]:
    """All a and b that there are of a kind, hours and days as far as they go together."""
    if dimension.startswith("time_to"):
        hours = range(0, 1441, 6) if kind in ("reached", "withdrawn") else ()
        yield from ((a, b) for a in hours for b in range(max(0, a * 5 // 168 - 3), min(45, a // 24 + 1) + 1))
        yield from [] if hours else [(-1, -1)]
    elif dimension == "recommendation":
        yield from ((a, 0) for a in (range(11) if kind != "unanswered" else [-1]))
    elif dimension == "outcome":
        yield from ((bits, 0) for bits in {"no_baseline": (0,), "no_follow_up": (0, 1), "paired": (0, 1, 2, 3, 4, 5, 9, 11, 13)}[kind])
    elif dimension == "engagement":
        yield from ((band, 0) for band in range(3))
    else:
        top = 27 if dimension == "phq_9" else 21
        before = range(top + 1) if kind != "no_baseline" else [-1]
        yield from ((a, b) for a in before for b in (range(top + 1) if kind == "paired" else [-1]))


def people(family: Family, dimension: str) -> list[tuple[str, int, int]]:
    return [(kind, a, b) for kind in family.dimensions[dimension] for a, b in numbers(dimension, kind)]


@EACH
def test_R1_each_measure_says_what_it_is_of_whom_and_by_which_version(measure: Measure) -> None:
    assert measure.version >= 1 and measure.rule
    for text in (measure.title, measure.definition, measure.denominator):
        assert text and text == text.strip() and "; " not in measure.title
    assert measure.definition.endswith(".") and not measure.denominator.endswith(".")


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
def test_R1_each_family_says_its_cohort_and_when_it_closes(family: Family) -> None:
    assert "calendar month (UTC)" in family.cohort and "calendar year" in family.definition
    assert family.closes_after_days >= 1


def test_R1_speed_satisfaction_and_outcomes_are_covered() -> None:
    codes = {measure.code for measure in MEASURES}
    for clock in ("time_to_schedule", "time_to_consultation", "time_to_first_session"):
        for figure in ("median_days", "p90_days", "median_business_days", "p90_business_days", "within_5_days", "within_5_business_days"):
            assert f"{clock}_{figure}" in codes
        assert {f"{clock}_open", f"{clock}_survival_5", f"{clock}_distribution"} <= codes
    assert {"net_promoter_score", "satisfaction_response_rate", "engagement_bands", "not_measurable", "follow_up_answered"} <= codes
    assert {"recovery", "reliable_recovery", "reliable_improvement", "reliable_deterioration"} <= codes
    for scale in ("phq_9", "gad_7"):
        assert {f"{scale}_{figure}" for figure in ("baseline", "mean_change", "response", "remission")} <= codes


def test_deterioration_is_said_as_plainly_as_improvement() -> None:
    worse, better = (next(one for one in MEASURES if one.code == code) for code in ("reliable_deterioration", "reliable_improvement"))
    assert (worse.statistic, worse.denominator, worse.breakdown) == (better.statistic, better.denominator, better.breakdown)


@pytest.mark.parametrize(("family", "breakdown"), BREAKDOWNS, ids=[breakdown.name for _, breakdown in BREAKDOWNS])
def test_D4_the_groups_of_a_level_never_overlap_and_leave_nobody_out(family: Family, breakdown: Breakdown) -> None:
    for person in people(family, breakdown.dimension):
        path = breakdown.leaf(*person)
        for depth in range(len(path)):
            level = breakdown.find(path[:depth]).groups if depth else breakdown.groups
            assert [group.name for group in level if group.holds(*person)] == [path[depth]]


def test_D5_breakdowns_share_no_number_but_the_total() -> None:
    """So a number merged in one breakdown does not follow from another one."""
    for family in FAMILIES.values():
        for dimension in family.dimensions:
            among = [breakdown for breakdown in family.breakdowns if breakdown.dimension == dimension]
            leaves = {tuple(breakdown.leaf(*person) for breakdown in among) for person in people(family, dimension)}
            columns = [[leaf[at] == path for leaf in leaves] for at, one in enumerate(among) for path in one.leaves]
            assert np.linalg.matrix_rank(np.array(columns, dtype=float)) == len(columns) - (len(among) - 1)


def test_C16_sessions_are_never_counted_more_finely_than_in_three_bands() -> None:
    engagement = FAMILIES["in_treatment"].breakdown("engagement")
    assert [path for path in paths(engagement)] == [("one",), ("two_or_three",), ("four_or_more",)]
    assert [measure.statistic for measure in MEASURES if measure.breakdown == "engagement"] == ["distribution"]
    assert all(part.of == "a" for group in engagement.groups for part in group.where)


@EACH
def test_D2_why_a_number_may_be_hidden_is_said_of_every_measure_in_the_same_way(measure: Measure) -> None:
    family = next(family for family in FAMILIES.values() if measure in family.measures)
    said = why_hidden(family, measure)
    assert "at least 11 people" in said[0] and said[-1].startswith("There is one mark")
    assert len(said) == (3 if measure.statistic == "count" else 4) and all(sentence.endswith(".") for sentence in said)


def test_D9_a_published_version_never_changes(tmp_path: Path) -> None:
    shutil.copytree(PUBLISHED, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "asked.v1.json"
    file.write_text(file.read_text().replace("Promoters (9 or 10)", "Promoters (8 to 10)"))
    with pytest.raises(ValueError, match=r"asked.v1.json is not what was published"):
        load_families(tmp_path)


def test_D9_a_published_version_is_there_for_ever(tmp_path: Path) -> None:
    shutil.copytree(PUBLISHED, tmp_path, dirs_exist_ok=True)
    (tmp_path / "asked.v1.json").unlink()
    with pytest.raises(ValueError, match=r"asked.v1.json was published and is not there"):
        load_families(tmp_path)


def test_D9_a_file_holds_what_its_name_says(tmp_path: Path) -> None:
    shutil.copytree(PUBLISHED, tmp_path, dirs_exist_ok=True)
    (tmp_path / "asked.v1.json").rename(tmp_path / "asked.v2.json")
    with pytest.raises(ValueError, match=r"asked.v2.json holds asked 1"):
        load_families(tmp_path)


def test_a_measure_of_a_group_that_is_not_there_is_refused() -> None:
    body = json.loads((PUBLISHED / "asked.v1.json").read_text())
    body["measures"][0]["of"] = ["replied"]
    with pytest.raises(ValueError, match="recommendation has no group replied"):
        Family.model_validate(body)


AGGREGATES = ("measures", "rollups", "release_ledger", "reports")
SHARING = ("redaction", "release", "partner", "exports", "recalls", "previews")


def aggregate_files() -> list[Path]:
    return sorted(file for folder in AGGREGATES for file in (REPORTING / folder).rglob("*.py"))


def imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def test_R6_no_aggregate_knows_who_shares_what() -> None:
    """Clients who declined are in: nothing that counts or publishes imports what knows of consent, exports or partners."""
    assert len(aggregate_files()) > 20
    for file in aggregate_files():
        for module in imported(file):
            package = module.split(".")
            assert not (package[0] == "reporting" and len(package) > 1 and package[1] in SHARING), f"{file.name} imports {module}"
            assert package[0] != "consent" and not module.startswith("common.contracts.consent"), f"{file.name} imports {module}"


def test_R6_no_aggregate_reads_a_table_of_who_shares_what() -> None:
    """Nor one of what was exported, disclosed or told to partners."""
    reads = re.compile(r"\b(from|join|into|update)\s+(sharing|client|record|disclosure|recall|export\w*|partner_\w+)\b(?! import)")
    for file in aggregate_files():
        assert reads.search(file.read_text(encoding="utf-8")) is None, file.name


def test_measures_are_pure() -> None:
    """They import the standard library, pydantic, each other, and the ledger's plain types."""
    own = ("reporting.measures", "reporting.release_ledger.cells", "pydantic")
    standard = {"ast", "collections", "dataclasses", "datetime", "fractions", "functools", "hashlib", "math", "pathlib", "typing"}
    for file in (REPORTING / "measures").glob("*.py"):
        for module in imported(file):
            assert module.startswith(own) or module.split(".")[0] in standard or module == "reporting.measures", f"{file.name}: {module}"
