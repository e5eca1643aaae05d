"""Hundreds change their minds while the plan takes whatever it may, and a checker goes through all that was recorded."""

from collections.abc import Sequence
from math import ceil
from typing import cast

from demo.history import Anomaly, Report
from demo.play import Play
from demo.race import Course, Race, race
from demo.race_acts import Sharer
from demo.race_checker import check
from deploy.local.stack import Stack


async def race_against_downloads(play: Play) -> None:
    """Invariants 1, 2 and 4 over a recorded history."""
    tell, course = play.tell, Course(webhook=play.system.embedded)
    tell.act("Hundreds opt out while downloads run")
    sharers = [Sharer(client.client_id, client.programme) for client in play.programme.clients if client.opts_in]
    tell.say(
        f"{min(course.opt_outs, len(sharers))} clients opt out within {course.seconds:.0f} s, some opt in and out again, while "
        f"{course.downloaders} downloads run side by side, somebody follows the increments, and the plan reads its topics.\n"
        "Every answer and every record is noted with its time on one monotonic clock. Then the checker reads the history."
    )
    with tell.waiting("racing"):
        # The race asks a stack for addresses and tokens only, and those a `System` has as well.
        raced = await race(cast(Stack, play.system), play.partner, sharers, course)
    report = check(raced.history)
    _tell_of(play, raced, report)
    found = report.anomalies
    play.check(not report.violations, f"The checker found {len(report.violations)} violations." + _named(found))
    for violation in report.violations[:10]:
        tell.bad(f"{violation.anomaly}: {violation.about}: {violation.detail}")
    play.check(raced.sinks_complete, "Every sink has answered every opt-out; the plan has attested every recall.")
    play.propagation_ms += raced.applied_ms
    play.summary |= {
        "opt_outs": play.opt_outs + report.counts["opt_outs_acknowledged"],
        "downloads_racing": raced.downloads,
        "released_after_opt_out": found[Anomaly.RELEASED_AFTER_OPT_OUT] + found[Anomaly.BYTE_AFTER_EFFECTIVE],
        "lost_decisions": found[Anomaly.LOST_DECISION],
        "violations": len(report.violations),
        "sinks_complete": raced.sinks_complete,
    }


def _named(found: dict[Anomaly, int]) -> str:
    return " It looked for " + ", ".join(str(anomaly).replace("_", " ") for anomaly in found) + "."


def _tell_of(play: Play, raced: Race, report: Report) -> None:
    counts = report.counts
    rows = [
        ("opt-outs acknowledged", counts["opt_outs_acknowledged"]),
        ("exports downloaded whole meanwhile", raced.downloads),
        ("increments followed, and resources in that copy at the end", f"{raced.increments} / {counts['followed']}"),
        ("recalls, each told on the topic and at the plan's endpoint" if play.system.embedded else "recalls", counts["recalls"]),
        ("parts refused, as they had been redacted", counts.get("releases_refused", 0)),
        ("records received", counts["records"]),
        ("decisions in the ledger", counts["decisions"]),
        ("opt-out sent to answered, p50 / p99 ms", f"{percentile(raced.answered_ms, 50):.1f} / {percentile(raced.answered_ms, 99):.1f}"),
        ("ledger to all sinks, p50 / p99 ms", f"{percentile(raced.applied_ms, 50):.1f} / {percentile(raced.applied_ms, 99):.1f}"),
        ("all settled after, s", f"{raced.settled_seconds:.1f}"),
    ]
    play.tell.table(("", ""), rows, right=(1,))


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent do not exceed (nearest rank)."""
    return sorted(values)[max(ceil(len(values) * percent / 100) - 1, 0)]
