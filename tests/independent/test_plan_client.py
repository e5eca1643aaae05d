"""A plan's backend that uses only what is published ends with exactly the records that are still consented to (R4, R5, C4)."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.independent.conftest import Known, sharing_everything
from tests.records import score
from tests.story import Story

SCRIPT = Path(__file__).with_name("plan_client.py")


def held(folder: Path) -> set[str]:
    return {f"{path.parent.name}/{path.stem}" for path in folder.glob("*/*.json")}


async def test_R5_an_independent_client_ends_with_exactly_the_records_still_consented_to(
    story: Story, jwks: Path, shared: Known, tmp_path: Path
) -> None:
    folder = tmp_path / "plan"
    folder.mkdir()

    async def run(what: str) -> dict[str, Any]:
        argv = [str(SCRIPT), what, f"{story.partner.base}/fhir", story.partner.client, str(jwks), str(folder)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        said: dict[str, Any] = json.loads(out)
        return said

    leaving, staying, narrowing = [await sharing_everything(story) for _ in range(3)]
    assert held(folder) == set()
    before = await shared()
    assert (await run("export"))["kept"] == len(before) > 3 * 6
    assert held(folder) == before

    await story.opt_out(leaving)
    followed = await run("follow")
    assert set(map(tuple, followed["gone"])) == {(410, "deleted")}
    assert followed["dropped"] > 6
    after = await shared()
    assert held(folder) == after < before

    coming = await sharing_everything(story)
    await score(story, staying, 3)
    await story.opt_out(narrowing)
    incremented = await run("increment")
    assert held(folder) == await shared()
    assert 0 < incremented["kept"] < len(await shared()), "what did not change is not sent again"
    assert incremented["dropped"] > 6
    assert coming not in (leaving, staying, narrowing)


def test_it_uses_nothing_of_ours() -> None:
    imported = {line.split()[1].split(".")[0] for line in SCRIPT.read_text().splitlines() if line.startswith(("import ", "from "))}
    assert imported <= {*sys.stdlib_module_names, "httpx", "joserfc"}
