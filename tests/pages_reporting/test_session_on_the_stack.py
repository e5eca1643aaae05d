"""The reports in the running service: wired as they are tested elsewhere, opened by a session, read as the role that reads nothing else."""

import re
from uuid import uuid4

import asyncpg
import httpx
import pytest

from deploy.local.stack import Stack


async def signs_in(stack: Stack, http: httpx.AsyncClient, role: str) -> httpx.Response:
    token = {"access_token": stack.issuer.mint(role, uuid4())}
    return await http.post(f"{stack.url('reporting')}/reports/session", data=token)


@pytest.mark.parametrize("role", ["employer", "plan"])
async def test_a_session_is_opened_shows_the_own_reports_and_is_closed(stack: Stack, http: httpx.AsyncClient, role: str) -> None:
    opened = await signs_in(stack, http, role)
    assert (opened.status_code, opened.headers["location"]) == (303, "/reports?lang=en")
    cookie = {"cookie": f"session={opened.cookies['session']}"}
    http.cookies.clear()
    here = f"{stack.url('reporting')}/reports"
    page = await http.get(here, headers=cookie)
    assert page.status_code == 200 and (role == "employer" or "There is no report yet" in page.text)
    assert page.headers["cache-control"] == "no-store" and "<script" not in page.text
    missing = await http.get(f"{here}/all/2025", headers=cookie)
    assert missing.status_code == 404 and "nothing here that you may see" in missing.text
    csrf = re.findall(r'name="csrf" value="(\w+)"', page.text)[0]
    assert (await http.post(f"{here}/sign-out", headers=cookie, data={"csrf": "0" * 64})).status_code == 403
    closed = await http.post(f"{here}/sign-out", headers=cookie, data={"csrf": csrf})
    assert closed.status_code == 200 and "Max-Age=0" in closed.headers["set-cookie"]


async def test_C6_no_other_role_opens_one(stack: Stack, http: httpx.AsyncClient) -> None:
    for role in ("client", "provider", "operations", "privacy_officer"):
        assert (await signs_in(stack, http, role)).status_code == 403


async def test_R2_the_running_service_reads_reports_as_the_reader(stack: Stack, http: httpx.AsyncClient) -> None:
    employer = uuid4()
    listed = await http.get(f"{stack.url('reporting')}/v1/employers/{employer}/reports", headers=stack.issuer.bearer("employer", employer))
    assert listed.status_code == 200
    assert all(item["pooled"] for item in listed.json()["items"]), "what others on this stack released is of all smaller employers"
    connection = await asyncpg.connect(stack.database("reporting"))
    await connection.execute("revoke select on published_cell from care_connect_reports")
    try:
        refused = await http.get(str(listed.url), headers=stack.issuer.bearer("employer", employer))
        assert refused.status_code == 500
    finally:
        await connection.execute("grant select on published_cell to care_connect_reports")
        await connection.close()
