"""The geometry of the charts: fixed axes, one row a group, and nothing drawn that is not shown."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reporting.reports.chart import ABOVE, PERCENT, SCORE, TALL, WIDEST, Bar, Beside, Seen, bars, comparison, trend

shares = st.none() | st.floats(0, 100)


@given(st.lists(shares, min_size=1, max_size=12))
def test_D13_a_chart_is_as_high_and_its_axis_as_long_whatever_is_withheld(values: list[float | None]) -> None:
    drawn = bars([Bar(f"Group {n}", "", share) for n, share in enumerate(values)])
    empty = bars([Bar(f"Group {n}", "", None) for n, _ in enumerate(values)])
    assert (drawn.height, drawn.ticks, len(drawn.rows)) == (empty.height, empty.ticks, len(empty.rows))
    assert [(row.y, row.lines) for row in drawn.rows] == [(row.y, row.lines) for row in empty.rows]
    assert all(0 <= row.width <= WIDEST for row in drawn.rows)
    assert all(row.width == 0 for row in empty.rows)


@given(st.lists(shares, min_size=1, max_size=12))
def test_D13_a_trend_has_one_place_a_period_and_no_line_across_what_is_withheld(values: list[float | None]) -> None:
    drawn = trend(PERCENT, [Seen(str(n), value) for n, value in enumerate(values)])
    empty = trend(PERCENT, [Seen(str(n), None) for n, _ in enumerate(values)])
    assert (drawn.height, drawn.ticks, [spot.x for spot in drawn.spots]) == (empty.height, empty.ticks, [spot.x for spot in empty.spots])
    assert len(drawn.steps) == sum(a is not None and b is not None for a, b in pairwise(values))
    assert all(spot.y is None or ABOVE <= spot.y <= ABOVE + TALL for spot in drawn.spots)


def test_a_promise_is_drawn_after_the_last_bar_that_keeps_it() -> None:
    given = [Bar("1st day", "", 20, "within"), Bar("2nd day", "", 30, "within"), Bar("later", "", 40, "later")]
    drawn = bars(given, "S9")
    assert drawn.promise_y is not None and drawn.rows[1].y < drawn.promise_y < drawn.rows[2].y
    assert bars(given).promise_y is None


def test_a_score_stands_on_an_axis_from_minus_100_to_100() -> None:
    low, middle, high = (trend(SCORE, [Seen("2025", value)]).spots[0].y for value in (-100, 0, 100))
    assert (low, middle, high) == (ABOVE + TALL, ABOVE + TALL / 2, ABOVE)
    row = comparison(SCORE, [Beside("Score", "", 0, -50, 50, None)]).rows[0]
    assert (row.low_x, row.x, row.high_x, row.norm_x) == (28, 50, 72, None)


def test_what_is_not_shown_says_so_under_its_title() -> None:
    row = comparison(PERCENT, [Beside("Recovered", "Not shown: protects privacy", None, None, None, 60)]).rows[0]
    assert " ".join(line for line, _ in row.lines) == "Recovered: Not shown: protects privacy"
    assert row.x is None and row.norm_x is not None


def test_long_titles_are_broken_into_lines_that_fit_the_smallest_screen() -> None:
    row = bars([Bar("Same or next business day; 2nd business day; 3rd business day", "", 10)]).rows[0]
    assert len(row.lines) == 2 and all(len(line) <= 38 for line, _ in row.lines)
