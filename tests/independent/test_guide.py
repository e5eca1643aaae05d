"""The commands of docs/guides/bulk-export.md, run as they stand there, on the stack."""

import asyncio
import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.independent.conftest import Known, sharing_everything
from tests.story import Story

GUIDE = Path(__file__).parents[2] / "docs/guides/bulk-export.md"
KEYS, REGISTER, CONTRACT, TOKEN, EXPORT, DOWNLOAD, INCREMENT, RECALLS = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


async def test_R5_the_guide_leads_from_registration_to_what_is_consented_to_now(story: Story, shared: Known, tmp_path: Path) -> None:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "BASE": story.partner.base,
        "PLAN": str(story.plan),
        "SLUG": story.partner.slug,
        "OPERATIONS": story.token("operations")["authorization"].removeprefix("Bearer "),
    }

    async def run(*blocks: str) -> None:
        script = "\n".join(("set -euo pipefail", *blocks))
        pipe = asyncio.subprocess.PIPE
        shell = await asyncio.create_subprocess_exec(
            "bash", "-c", script, cwd=tmp_path, env=environment, stdout=pipe, stderr=asyncio.subprocess.STDOUT
        )
        out, _ = await asyncio.wait_for(shell.communicate(), 120)
        assert shell.returncode == 0, out.decode()

    leaving, _staying = [await sharing_everything(story) for _ in range(2)]
    before = await shared()
    await run(KEYS, REGISTER, CONTRACT, TOKEN, EXPORT, DOWNLOAD)
    taken = [json.loads(line) for line in lines(tmp_path / "resources.ndjson")]
    assert {f"{resource['resourceType']}/{resource['id']}" for resource in taken} == before
    assert len(taken) == len(before)

    await story.opt_out(leaving)
    after = await shared()
    await run(TOKEN, INCREMENT, RECALLS)
    assert set(lines(tmp_path / "delete.txt")) == before - after
    listed = await story.call("reporting", "GET", "/v1/recalls?state=attested", story.token("plan", story.plan))
    assert len(listed.json()["items"]) == 1, listed.text
    assert listed.json()["items"][0]["attested_at"] <= datetime.now(UTC).isoformat()
