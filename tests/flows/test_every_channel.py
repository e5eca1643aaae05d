"""C4: by portal, through staff, by the one-click link in a mail. The mail itself is in test_mail_intake.py."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from uuid import UUID, uuid4

from tests.story import NOTICE, Story, eventually


def payload_of(jws: str) -> dict[str, Any]:
    part = jws.split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


async def link_of(story: Story, client: UUID, **body: str) -> dict[str, Any]:
    answer = await story.call("consent", "POST", f"/v1/clients/{client}/opt-out-links", story.token("service"), json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_C4_staff_opt_a_client_out_and_who_asked_and_how_identity_was_checked_is_on_the_receipt(story: Story) -> None:
    client, officer = await story.sharing_client(), uuid4()
    answer = await story.call(
        "consent",
        "POST",
        f"/v1/clients/{client}/opt-outs",
        story.token("privacy_officer", officer),
        json={"on_behalf": {"asked_by": "personal_representative", "identity_check": "called_back"}},
        headers={"prefer": "wait=10"},
    )
    item = next(item for item in answer.json()["items"] if item["programme"] == "care_connect")
    assert item["status"] in ("effective", "complete")
    event = payload_of(item["receipt"])["event"]
    assert (event["collection_method"], event["event_type"]) == ("staff", "consent_withdrawn")
    assert event["on_behalf"] == {"staff_id": str(officer), "asked_by": "personal_representative", "identity_check": "called_back"}


async def test_C4_staff_need_nothing_to_opt_somebody_out_and_an_identity_check_to_opt_somebody_in(story: Story) -> None:
    client = await story.sharing_client()
    officer = story.token("privacy_officer")
    bare = await story.call("consent", "POST", f"/v1/clients/{client}/opt-outs", officer)
    assert bare.status_code == 200
    body: dict[str, Any] = {"choice": "opt_in", "programme": "care_connect", "notice_digest": NOTICE}
    version = (await story.sharing(client))["version"]
    for on_behalf in (None, {"asked_by": "client", "identity_check": "not_checked"}):
        refused = await story.call(
            "consent",
            "POST",
            f"/v1/clients/{client}/decisions",
            officer,
            json=body | {"on_behalf": on_behalf},
            headers={"if-match": f'"{version}"'},
        )
        assert (refused.status_code, refused.json()["code"], refused.json()["rule"]) == (422, "identity_not_checked", "C4")
    assert (await story.sharing(client))["shared"] is False
    taken = await story.call(
        "consent",
        "POST",
        f"/v1/clients/{client}/decisions",
        officer,
        json=body | {"on_behalf": {"asked_by": "client", "identity_check": "government_id"}},
        headers={"if-match": f'"{version}"'},
    )
    assert taken.json()["shared"] is True


async def test_C4_a_client_cannot_claim_to_be_staff(story: Story) -> None:
    client = await story.client()
    body = {"on_behalf": {"asked_by": "client", "identity_check": "in_person"}}
    answer = await story.call("consent", "POST", f"/v1/clients/{client}/opt-outs", story.token("client", client), json=body)
    event = payload_of(answer.json()["items"][0]["receipt"])["event"]
    assert (event["collection_method"], event["on_behalf"]) == ("portal", None)


async def test_C4_one_click_in_a_mail_opts_out_without_a_login(story: Story) -> None:
    client = await story.sharing_client()
    link = await link_of(story, client)
    assert link["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", "RFC 8058"
    assert f"<{link['url']}>" in link["headers"]["List-Unsubscribe"]
    looked = await story.http.get(link["url"])
    assert (looked.status_code, str(client) in looked.text) == (200, False)
    assert (await story.sharing(client))["shared"] is True, "a scanner that follows the link changes nothing"
    posted = await story.http.post(link["url"], data={"List-Unsubscribe": "One-Click"})
    assert posted.status_code == 200, "no redirect (RFC 8058, 3.1)"
    assert (await story.sharing(client))["decision"] == "opted_out"
    again = await story.http.post(link["url"], data={"List-Unsubscribe": "One-Click"})
    assert again.status_code == 200, "and as often as the mail program likes"


async def test_C4_a_link_of_one_programme_leaves_the_others_alone(story: Story) -> None:
    client = await story.sharing_client()
    link = await link_of(story, client, programme="emotional_wellbeing_solutions")
    await story.http.post(link["url"], data={"List-Unsubscribe": "One-Click"})
    assert (await story.sharing(client))["shared"] is True


async def test_C4_a_link_can_only_opt_out_and_a_forged_one_does_nothing(story: Story) -> None:
    client = await story.sharing_client()
    token = (await link_of(story, client))["url"].rsplit("/", 1)[1]
    header, payload, signature = token.split(".")
    receipt = (await story.opt_out(await story.client()))["receipt"]
    none = urlsafe_b64decode(header + "==").replace(b"ES256", b"none")
    for forged in (
        f"{header}.{payload}.{signature[:-4]}AAAA",
        f"{header}.{payload[:-2]}AA.{signature}",
        f"{urlsafe_b64encode(none).decode().rstrip('=')}.{payload}.{signature}",
        receipt,
        story.token("client", client)["authorization"].removeprefix("Bearer "),
        "a.b.c",
    ):
        answer = await story.http.post(f"{story.stack.url('consent')}/opt-out/{forged}", data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code in (404, 422), answer.text
    assert (await story.sharing(client))["shared"] is True
    as_bearer = await story.call("consent", "GET", f"/v1/clients/{client}/sharing/care_connect", {"authorization": f"Bearer {token}"})
    assert as_bearer.status_code == 401, "a link is no login"


async def test_C4_whatever_the_channel_what_was_produced_is_redacted(story: Story) -> None:
    client = await story.sharing_client()
    manifest = await story.export_of(1)
    await story.http.post((await link_of(story, client))["url"], data={"List-Unsubscribe": "One-Click"})

    async def redacted() -> bool:
        return (await story.manifest(manifest["export_id"]))["output"] == []

    await eventually(redacted)
