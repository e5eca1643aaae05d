"""The geometry of the score chart: whatever the scores, every point is in the frame, in its band, and in its order."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assessments.instruments.catalogue import newest
from assessments.instruments.rules import Instrument
from assessments.pages.chart import APART, LEFT, RIGHT, Chart, Scored, draw

INSTRUMENTS = st.sampled_from([newest("phq-9"), newest("gad-7")])
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
Made = tuple[Instrument, list[Scored], list[datetime], Chart]
DAY = datetime(2026, 11, 22, tzinfo=UTC)


@st.composite
def charts(draw_one: st.DrawFn) -> Made:
    instrument = draw_one(INSTRUMENTS)
    totals = st.integers(instrument.low, instrument.high)
    scores = draw_one(st.lists(st.builds(Scored, MOMENTS, totals, st.booleans()), min_size=1, max_size=30))
    happened = draw_one(st.lists(MOMENTS, max_size=3))
    return instrument, scores, happened, draw(instrument.bands, scores, happened)


@given(charts())
def test_every_point_stands_inside_the_frame(made: Made) -> None:
    _, scores, happened, chart = made
    assert len(chart.points) == len(scores)
    for x in [*(point.x for point in chart.points), *(mark.x for mark in chart.marks), *(tick.x for tick in chart.ticks)]:
        assert LEFT <= x <= RIGHT
    assert all(chart.top < point.y < chart.bottom < chart.height for point in chart.points)
    assert len(chart.marks) == len(happened)
    assert all(0 < mark.label_y < chart.top for mark in chart.marks)


@given(charts())
def test_every_point_stands_in_the_band_of_its_total(made: Made) -> None:
    _, _, _, chart = made
    for point in chart.points:
        [band] = [s.band for s in chart.stripes if s.top < point.y < s.top + s.height]
        assert band.low <= point.scored.total <= band.high


@given(charts())
def test_the_bands_fill_the_frame_without_gaps_the_highest_on_top(made: Made) -> None:
    instrument, _, _, chart = made
    assert [stripe.band for stripe in chart.stripes] == list(reversed(instrument.bands))
    edges = [chart.top]
    for stripe in chart.stripes:
        assert stripe.top == edges[-1]
        edges.append(stripe.top + stripe.height)
    assert edges[-1] == chart.bottom


@given(charts())
def test_what_was_earlier_stands_further_left_and_what_was_higher_further_up(
    made: Made,
) -> None:
    _, scores, _, chart = made
    assert [point.scored.at for point in chart.points] == sorted(score.at for score in scores)
    for one, next_one in chart.steps:
        assert one.x <= next_one.x
        assert (one.y < next_one.y) == (one.scored.total > next_one.scored.total)
        assert (one.y == next_one.y) == (one.scored.total == next_one.scored.total)


@given(charts())
def test_time_is_real_twice_as_long_is_twice_as_far(made: Made) -> None:
    _, _, _, chart = made
    first, last = chart.points[0], chart.points[-1]
    if (span := last.scored.at - first.scored.at) > timedelta(days=1):
        for point in chart.points:
            part = (point.scored.at - first.scored.at) / span
            assert abs(point.x - (first.x + part * (last.x - first.x))) < 1e-6


@given(charts())
def test_scores_that_are_written_do_not_run_into_each_other(made: Made) -> None:
    _, _, _, chart = made
    written = [point for point in chart.points if point.label_y is not None]
    assert chart.points[0] in written
    assert all(other.x - one.x >= APART for one, other in pairwise(written))
    assert all(chart.top < point.label_y <= chart.bottom for point in written if point.label_y is not None)


def test_one_score_stands_in_the_middle_with_one_date() -> None:
    chart = draw(newest("phq-9").bands, [Scored(DAY, 27)])
    assert [point.x for point in chart.points] == [(LEFT + RIGHT) / 2]
    assert [(tick.at, tick.anchor) for tick in chart.ticks] == [(DAY, "middle")]
    assert chart.steps == []


def test_scores_of_one_day_stay_apart_in_their_order_under_one_date() -> None:
    scores = [Scored(DAY + timedelta(hours=hour), total) for hour, total in ((15, 4), (9, 12))]
    chart = draw(newest("gad-7").bands, scores)
    assert [(point.x, point.scored.total) for point in chart.points] == [(LEFT, 12), (RIGHT, 4)]
    assert len(chart.ticks) == 1


def test_the_same_moment_twice_is_two_points_in_one_place() -> None:
    chart = draw(newest("gad-7").bands, [Scored(DAY, 4), Scored(DAY, 9)])
    assert len({point.x for point in chart.points}) == 1
    assert len({point.y for point in chart.points}) == 2


def test_a_first_session_after_the_last_score_is_in_the_frame_and_written_towards_the_middle() -> None:
    later = DAY + timedelta(days=30)
    chart = draw(newest("phq-9").bands, [Scored(DAY, 3)], [later])
    assert [(mark.x, mark.leftwards) for mark in chart.marks] == [(RIGHT, True)]
    assert [(tick.at, tick.minor) for tick in chart.ticks if not tick.minor] == [(DAY, False), (later, False)]
