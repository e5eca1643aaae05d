"""The client of the act before is assessed: before the first visit, and again after some weeks (A1 to A4)."""

from datetime import timedelta
from typing import Any

from demo.calling import Caller, until
from demo.episode import SWEEPS, Episode

FIRST = {"phq-9": [2, 2, 2, 1, 2, 1, 2, 1, 1], "gad-7": [2, 2, 2, 1, 1, 1, 2]}
"""The last answer to the PHQ-9 asks for a clinician's look."""
AFTERWARDS = {"phq-9": [1, 1, 0, 1, 0, 0, 1, 0, 0], "gad-7": [1, 0, 1, 0, 0, 1, 0]}


async def answer_first(episode: Episode, provider: Caller) -> None:
    """A1, and what follows from an answer to item 9."""
    await episode.at(episode.now + timedelta(hours=1, minutes=1))
    sent = await _sent(episode, "first_assessments")
    told = await episode.told(episode.client, "assessment_sent_client")
    episode.note("deadline", "PHQ-9 and GAD-7 are sent, by a link, before the first visit (A1)")
    await _answer(episode, sent["assignment_id"], FIRST)
    alarmed = await episode.told(provider, "safety_flag_provider")
    episode.note("client", "answers both; item 9 is flagged the moment it is saved, and the provider is told")
    flags = (await provider.get("assessments", "/v1/safety-flags", unacknowledged="true"))["items"]
    mine = [flag for flag in flags if flag["client_id"] == str(episode.client.id)]
    for flag in mine:
        await provider.post("assessments", f"/v1/safety-flags/{flag['flag_id']}/acknowledgement")
    episode.note("provider", "acknowledges the flag: a clinician looks after it")
    in_time = sent["sent_at"] <= sent["due_at"]
    episode.play.check(told and alarmed and len(mine) == 1 and in_time, "Assessed before the first visit; the safety flag was seen to.")


async def follow_up(episode: Episode) -> None:
    """A3, A4, and what came of it."""
    tell = episode.play.tell
    tell.say("Four weeks pass. The baseline was elevated, so the follow-up comes by itself.")
    await episode.at(episode.now + timedelta(days=1, hours=16))
    satisfaction = await _sent(episode, "satisfaction_first")
    await _answer(episode, satisfaction["assignment_id"], {"satisfaction": [9]})
    await episode.at(episode.now + timedelta(days=27))
    again = await _sent(episode, "follow_up")
    await _answer(episode, again["assignment_id"], AFTERWARDS)
    listed = (await episode.client.get("assessments", f"/v1/clients/{episode.client.id}/outcomes"))["items"]
    measures = next(outcome["measures"] for outcome in listed if outcome["rule_set"] == "programme")
    rows = [(m["measure"].replace("_", " "), _said(m["value"]), m["explanation"]) for m in measures]
    tell.table(("the programme's rule set says", "", "because"), rows)
    reached = {m["measure"]: m["value"] for m in measures}
    episode.play.summary["outcome"] = reached
    better = reached["depression_response"] and reached["reliable_improvement"] and reached["recovery"]
    episode.play.check(bool(better), "Followed up after four weeks; what came of it is explained score by score (A3).")


async def _sent(episode: Episode, schedule: str) -> dict[str, Any]:
    """Waits for the sweep; KeyError where it is not sent."""
    found: dict[str, Any] = {}

    async def there() -> bool:
        listed = await episode.client.get("assessments", "/v1/assignments", client_id=str(episode.client.id))
        found.update({item["schedule"]: item for item in listed["items"] if item["state"] == "sent"})
        return schedule in found

    await until(there, SWEEPS)
    sent: dict[str, Any] = found[schedule]
    return sent


async def _answer(episode: Episode, assignment: str, answers: dict[str, list[int]]) -> None:
    """One answer at a time, as the form does it."""
    for instrument, given in answers.items():
        shown = await episode.client.get("assessments", f"/v1/instruments/{instrument}")
        scored = [item["link_id"] for item in shown["items"] if item["scored"]]
        for item, answer in zip(scored, given, strict=True):
            await episode.client.put("assessments", f"/v1/assignments/{assignment}/answers/{instrument}/{item}", {"answer": answer})
    await episode.client.post("assessments", f"/v1/assignments/{assignment}/submission")


def _said(value: bool | None) -> str:
    return "not measurable" if value is None else "yes" if value else "no"
