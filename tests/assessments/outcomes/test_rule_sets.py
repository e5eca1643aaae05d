"""Rule sets as data: what is refused, what is published, and what holds for all of them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.outcomes.definitions import RuleSet
from assessments.outcomes.picks import REASONS
from assessments.outcomes.shipped import CODES, FOLDER, RULE_SETS, load_rule_sets, newest
from assessments.outcomes.wording import REASONS as WORDS
from assessments.outcomes.wording import sentence
from assessments.responses.rules import AssessmentResponse
from tests.assessments.outcomes.making import course, gad, measured, outcome, phq, visit

PROGRAMME = json.loads((FOLDER / "programme.v1.json").read_text())


def with_changes(**changes: Any) -> dict[str, Any]:
    return json.loads(json.dumps(PROGRAMME)) | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold": 3}, "Extra inputs are not permitted"),
        ({"measures": []}, "at least 1 item"),
        ({"measures": [PROGRAMME["measures"][0]] * 2}, "two measures have one name"),
        ({"measures": [{"name": "cured", "kind": "cured", "scales": ["phq-9"]}]}, "Input should be"),
        ({"measures": [{"name": "low", "kind": "remission", "scales": ["phq-9"]}]}, "no measure takes gad-7"),
        ({"scales": {"phq-9": {"elevated_from": 10}}}, "elevated: there are no thresholds for gad-7"),
        ({"scales": PROGRAMME["scales"] | {"gad-7": {"elevated_from": 10}}}, "anxiety_response: gad-7 lacks response_percent"),
        ({"scales": PROGRAMME["scales"] | {"gad-7": PROGRAMME["scales"]["gad-7"] | {"elevated_from": 22}}}, "gad-7 has no score above 21"),
        ({"scales": PROGRAMME["scales"] | {"phq-9": PROGRAMME["scales"]["phq-9"] | {"remission_below": 11}}}, "would be elevated"),
        ({"follow_up": {"pick": "last", "window": PROGRAMME["follow_up"]["window"]}}, "picked as last has no window"),
        ({"follow_up": {"pick": "most_recent_in_window"}}, "needs a window"),
        (
            {"follow_up": {"pick": "most_recent_in_window", "window": {"anchor": "baseline", "first_day": 9, "last_day": 8}}},
            "the window ends before it begins",
        ),
        ({"baseline": {"pick": "first_elevated"}}, "does not go by the first session"),
    ],
)
def test_what_is_inconsistent_is_refused_and_says_why(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RuleSet.model_validate(with_changes(**changes))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "rule_sets"))


def test_a_published_rule_set_is_never_edited(folder: Path) -> None:
    assert load_rule_sets(folder) == RULE_SETS
    file = folder / "programme.v1.json"
    file.write_text(file.read_text().replace('"first_day": 28', '"first_day": 21'))
    with pytest.raises(ValueError, match=r"programme\.v1\.json is not what was published"):
        load_rule_sets(folder)


def test_a_published_rule_set_does_not_go_away(folder: Path) -> None:
    (folder / "nqf-0710.v1.json").unlink()
    with pytest.raises(ValueError, match=r"nqf-0710\.v1\.json was published"):
        load_rule_sets(folder)


def test_a_file_is_named_after_what_it_holds(folder: Path) -> None:
    (folder / "programme.v1.json").rename(folder / "programme.v2.json")
    with pytest.raises(ValueError, match=r"programme\.v2\.json holds programme version 1"):
        load_rule_sets(folder)


def test_every_definition_names_its_source() -> None:
    assert set(CODES) == {"nhs-talking-therapies", "hedis-drr-e", "nqf-0710", "programme"}
    assert all(len(rule_set.source) > 40 for rule_set in RULE_SETS.values())
    with pytest.raises(KeyError):
        newest("unknown")


def test_every_reason_has_its_words() -> None:
    assert set(WORDS) == set(REASONS)


totals = st.integers(0, 21)
methods = st.sampled_from(["complete", "complete", "complete", "prorated", "invalid"])


@st.composite
def some_responses(draw: st.DrawFn) -> list[AssessmentResponse]:
    found = []
    for _ in range(draw(st.integers(0, 8))):
        method = draw(methods)
        total = None if method == "invalid" else draw(totals)
        found.append(draw(st.sampled_from([phq, gad]))(total, draw(st.integers(-20, 450)), method))
    return found


some_visits = st.lists(
    st.builds(
        visit,
        st.integers(0, 60),
        st.sampled_from(["held", "scheduled", "cancelled", "missed"]),
        st.sampled_from(["session", "consultation"]),
    ),
    min_size=1,
    max_size=4,
)
codes, days = st.sampled_from(CODES), st.integers(-20, 600)


@given(codes, some_responses(), some_visits, days)
def test_everything_is_true_false_or_has_a_reason_and_can_be_said(
    code: str, given_: list[AssessmentResponse], visits: Any, day: int
) -> None:
    its = outcome(code, course(*given_, visits=visits), day)
    for result in its.results:
        assert (result.value is None) == (result.reason is not None)
        assert sentence(its, result).endswith(".")
    for pair in its.pairs.values():
        for pick in (pair.baseline, pair.follow_up):
            assert (pick.response is None) == (pick.reason is not None)
            assert pick.response is None or pick.response.total_method == "complete"
        if pair.baseline.response and pair.follow_up.response:
            assert pair.baseline.response.completed_at < pair.follow_up.response.completed_at


@given(codes, some_responses(), some_visits, days, st.data())
def test_leaving_out_measures_changes_no_other(
    code: str, given_: list[AssessmentResponse], visits: Any, day: int, data: st.DataObject
) -> None:
    rule_set = newest(code)
    kept = data.draw(st.lists(st.sampled_from(rule_set.measures), min_size=1, unique_by=lambda measure: measure.name))
    fewer = rule_set.model_copy(update={"measures": tuple(kept)})
    everything = measured(rule_set, *given_, visits=visits, day=day)
    assert measured(fewer, *given_, visits=visits, day=day) == {measure.name: everything[measure.name] for measure in kept}


@given(codes, some_responses(), some_visits, days)
def test_estimated_totals_change_no_value(code: str, given_: list[AssessmentResponse], visits: Any, day: int) -> None:
    """They are named as the reason where there is no value, and that is all."""

    def values(responses: list[AssessmentResponse]) -> dict[str, bool | None]:
        return {
            name: None if isinstance(value, str) else value for name, value in measured(code, *responses, visits=visits, day=day).items()
        }

    assert values(given_) == values([response for response in given_ if response.total_method == "complete"])


@given(totals, totals)
def test_on_one_scale_nobody_responds_or_remits_and_gets_reliably_worse(before: int, after: int) -> None:
    alone = newest("programme").model_copy(
        update={
            "measures": tuple(m.model_copy(update={"scales": ("phq-9",)}) for m in newest("programme").measures if "anxiety" not in m.name)
        }
    )
    found = measured(alone, phq(before, -2), phq(after, 30))
    worse = found["reliable_deterioration"] is True
    assert not (worse and any(found[name] is True for name in ("depression_response", "depression_remission", "recovery")))
    assert found["depression_remission"] is not True or found["depression_response"] is True


@given(some_responses(), some_visits, days)
def test_the_order_in_which_responses_are_handed_over_does_not_matter(given_: list[AssessmentResponse], visits: Any, day: int) -> None:
    assert (
        outcome("programme", course(*given_, visits=visits), day).results
        == outcome("programme", course(*reversed(given_), visits=visits), day).results
    )
