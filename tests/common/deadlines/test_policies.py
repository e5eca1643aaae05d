"""What is a policy, and what is none."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from common.deadlines.policies import Policy, load_policies, newest

DAY = {"code": "day", "version": 1, "rule": "S7", "budget": 24, "unit": "elapsed_hours"}


def rung(key: str, **time: float) -> dict[str, Any]:
    return {"key": key, "action": "tell", **time}


@pytest.mark.parametrize(
    "rungs",
    [
        [rung("a", hours_after_anchor=4), rung("b", hours_after_anchor=2)],
        [rung("a", hours_before_due=2), rung("b", hours_before_due=4)],
        [rung("a", hours_before_due=2), rung("b", hours_after_anchor=20)],
        [rung("a", business_days_after_anchor=2), rung("b", business_days_after_anchor=1)],
        [rung("a", hours_after_anchor=1), rung("a", hours_after_anchor=2)],
        [rung("breach", hours_after_anchor=1)],
        [rung("a")],
        [rung("a", hours_after_anchor=1, hours_before_due=1)],
        [rung("a", hours_after_anchor=1, hours=2)],
    ],
)
def test_a_ladder_out_of_order_or_with_unknown_fields_is_refused(rungs: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate({**DAY, "rungs": rungs})


def test_every_version_is_kept_and_the_newest_is_armed_with(tmp_path: Path) -> None:
    for version in (1, 2, 10):
        (tmp_path / f"day.v{version}.json").write_text(json.dumps({**DAY, "version": version}))
    policies = load_policies(tmp_path)
    assert set(policies) == {("day", 1), ("day", 2), ("day", 10)}
    assert newest(policies, "day").version == 10
    with pytest.raises(KeyError):
        newest(policies, "night")


@pytest.mark.parametrize(
    ("name", "body"),
    [("day.v2.json", DAY), ("night.v1.json", DAY), ("day.v1.json", {**DAY, "surprise": 1}), ("day.v1.json", {**DAY, "unit": "moons"})],
)
def test_a_file_that_is_no_policy_or_another_one_is_refused(tmp_path: Path, name: str, body: dict[str, Any]) -> None:
    (tmp_path / name).write_text(json.dumps(body))
    with pytest.raises(ValueError, match=name):
        load_policies(tmp_path)
