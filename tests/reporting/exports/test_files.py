"""The files of an export on their way out: what leaves, what does not any more, and what is on record of it (R4, R5, C5, C9)."""

import asyncio
import gzip
import io
import json
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pyarrow.parquet as pq
import pytest

from deploy.local.stack import Stack
from reporting.disclosures.tables import Row
from reporting.exports.files import takes_gzip
from reporting.exports.parquet import ParquetFile
from reporting.release_gate.gate import LOCK_CLASS
from reporting.release_gate.pace import LONG, SHORT, next_rows
from tests.reporting.exports.filled import RECORDS, addresses, code_of, downloaded, filled, kept, sql
from tests.story import Story

PARQUET = "application/vnd.apache.parquet"


@pytest.fixture
async def story(stack: Stack, http: httpx.AsyncClient) -> Story:
    return await Story(stack, http).open()


async def known_client(story: Story, scores: int = 3) -> UUID:
    client = await story.sharing_client()
    await story.settled()
    await sql(story, RECORDS, client, scores)
    return client


async def side_by_side(story: Story, first: UUID, second: UUID) -> None:
    """Both in the first one's stream: their rows stand in the same parts."""
    for table in ("record", "sharing", "recipient_token"):
        await sql(
            story,
            f"update {table} set stream = (select stream from sharing where client_id = $1) where client_id = $2",
            first,
            second,
        )


async def disclosed(story: Story, export_id: UUID) -> list[Any]:
    return await sql(story, "select * from disclosure where export_id = $1 order by disclosure_id", export_id)


async def test_R4_a_part_is_read_as_ndjson_whole_and_in_its_order(story: Story) -> None:
    export_id = await filled(story, await known_client(story, 500))
    read = []
    for url in await addresses(story, export_id):
        answer = await downloaded(story, url)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/fhir+ndjson")
        assert answer.headers["cache-control"] == "no-store"
        read += answer.text.splitlines()
    assert read == await kept(story, export_id)
    assert len(read) > 1000


async def test_C9_what_is_on_record_is_what_was_received(story: Story) -> None:
    first, second = await known_client(story, 300), await known_client(story, 5)
    await side_by_side(story, first, second)
    export_id = await filled(story, first, second)
    received: Counter[str] = Counter()
    for url in await addresses(story, export_id):
        for line in (await downloaded(story, url)).text.splitlines():
            resource = json.loads(line)
            about = resource.get("subject") or resource.get("patient") or {"reference": f"Patient/{resource['id']}"}
            received[about["reference"].removeprefix("Patient/")] += 1
    on_record: Counter[str] = Counter()
    for row in await disclosed(story, export_id):
        on_record[str(row["token"])] += row["records"]
        assert (row["recipient_id"], row["recipient"], row["path"]) == (story.plan, "health_plan", "export")
    assert on_record == received
    assert len(received) == 2
    answer = await story.call("reporting", "GET", f"/v1/clients/{first}/disclosures", story.token("client", first))
    shown = [item for item in answer.json()["items"] if item["export_id"] == str(export_id)]
    assert sum(item["records"] for item in shown) == max(on_record.values())
    assert {category for item in shown for category in item["categories"]} == {"assessment_results", "satisfaction"}


async def test_R5_an_old_part_is_gone_after_a_redaction(story: Story) -> None:
    first, second = await known_client(story), await known_client(story)
    await side_by_side(story, first, second)
    export_id = await filled(story, first, second)
    (old,) = await addresses(story, export_id, "Observation")
    taken, left = [
        await sql(story, "select * from export_row where export_id = $1 and client_id = $2", export_id, client)
        for client in (first, second)
    ]
    (token,) = await sql(story, "select token from sharing where client_id = $1", first)
    for url in await addresses(story, export_id):  # what was never taken is not listed afterwards
        assert (await downloaded(story, url)).status_code == 200
    assert (await story.opt_out(first))["status"] == "effective"
    assert code_of(await downloaded(story, old)) == (410, "part_redacted")
    (new,) = await addresses(story, export_id, "Observation")
    assert new != old
    answer = await downloaded(story, new)
    assert set(answer.text.splitlines()) == {row["line"] for row in left if row["part"] == "Observation"}
    (bundle,) = map(json.loads, (await downloaded(story, f"{new.partition('/g')[0]}/deleted")).text.splitlines())
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")
    dropped = {entry["request"]["url"] for entry in bundle["entry"] if entry["request"]["method"] == "DELETE"}
    assert {f"Patient/{token['token']}", *(row["resource"] for row in taken)} == dropped


REDACT = """
with gone as (delete from export_row where export_id = $1 and client_id = $2),
closed as (update sharing set decision = 'opted_out', token = null where client_id = $2)
update export_part set generation = generation + 1 where export_id = $1"""


async def test_R5_a_redaction_during_a_download_keeps_the_rest(story: Story) -> None:
    """As the consumer does it: with the stream's lock, between two pages."""
    first, second = await known_client(story, 2000), await known_client(story, 2000)
    await side_by_side(story, first, second)
    export_id = await filled(story, *sorted([first, second]))
    (url,) = await addresses(story, export_id, "Observation")
    (shared,) = await sql(story, "select token, stream from sharing where client_id = $1", second)
    others = [line for line in await kept(story, export_id, "Observation") if str(shared["token"]) not in line]
    consumer = await asyncpg.connect(story.stack.database("reporting"))
    begun = asyncio.Event()

    async def received() -> bytes:
        headers = await story.partner.bearer() | {"accept-encoding": "identity"}
        async with story.http.stream("GET", url, headers=headers) as answer:
            read = b""
            async for chunk in answer.aiter_bytes():
                begun.set()
                read += chunk
            return read

    reading = asyncio.create_task(received())
    await begun.wait()
    async with consumer.transaction():
        await consumer.execute("select pg_advisory_xact_lock($1, $2)", LOCK_CLASS, shared["stream"])
        await consumer.execute(REDACT, export_id, second)
    lines = (await reading).decode().splitlines()
    await consumer.close()
    assert [line for line in lines if str(shared["token"]) not in line] == others, "nothing of the others is missing"
    assert len(lines) == sum(row["records"] for row in await disclosed(story, export_id)), "what left before is on record"
    assert code_of(await downloaded(story, url)) == (410, "part_redacted")


async def test_C17_a_category_that_is_shared_no_more_does_not_leave(story: Story) -> None:
    client = await known_client(story, 10)
    export_id = await filled(story, client)
    await sql(story, "update sharing set categories = '{satisfaction}' where client_id = $1", client)
    lines = [line for url in await addresses(story, export_id) for line in (await downloaded(story, url)).text.splitlines()]
    assert lines
    assert not any('"assessment_results"}' in line.replace('"code": ', '"code":') and '"Consent"' not in line for line in lines)
    assert len(lines) == len(await kept(story, export_id)) - 20


async def test_R4_of_what_does_not_exist_or_is_another_recipients_the_answer_is_the_same(story: Story, stack: Stack) -> None:
    export_id = await filled(story, await known_client(story))
    other = await Story(stack, story.http).open()
    url, *_ = await addresses(story, export_id)
    base = url.partition("/g1/")[0]
    nobodys = [base.replace(str(export_id), str(uuid4())) + "/g1/0/Patient", f"{base}/g1/999/Patient", f"{base}/g1/0/Nothing"]
    for path in nobodys:
        assert code_of(await downloaded(story, path)) == (404, "unknown_export"), path
    for path in (url, f"{base}/deleted"):
        assert code_of(await downloaded(other, path)) == (404, "unknown_export"), path


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("status = 'in_progress'", (404, "unknown_export")),
        ("status = 'cancelled'", (404, "unknown_export")),
        ("status = 'expired'", (410, "export_expired")),
        ("expires_at = now() - interval '1 year'", (410, "export_expired")),
    ],
)
async def test_R4_the_files_of_an_export_that_is_not_there_any_more(story: Story, change: str, code: tuple[int, str]) -> None:
    export_id = await filled(story, await known_client(story))
    url, *_ = await addresses(story, export_id)
    base = url.partition("/g1/")[0]
    await sql(story, f"update export set {change} where export_id = $1", export_id)
    for path in (url, f"{base}/deleted"):
        assert code_of(await downloaded(story, path)) == code, path


async def test_C5_a_token_for_another_purpose_or_other_types_reads_nothing(story: Story) -> None:
    client = await known_client(story)
    export_id = await filled(story, client, purpose="something_else")
    for url in await addresses(story, export_id):
        assert code_of(await downloaded(story, url)) == (403, "insufficient_scope")
    export_id = await filled(story, client)
    answer = await story.partner.ask_for_token("system/Patient.rs")
    narrow = {"authorization": f"Bearer {answer.json()['access_token']}"}
    (allowed,), (refused,) = [await addresses(story, export_id, part) for part in ("Patient", "Observation")]
    assert (await story.http.get(allowed, headers=narrow)).status_code == 200
    assert code_of(await story.http.get(refused, headers=narrow)) == (403, "insufficient_scope")
    plan = story.token("plan", story.plan)
    assert (await story.http.get(allowed, headers=plan)).status_code == 403, "an identity provider's token has no scopes"


async def test_a_part_is_packed_for_who_takes_gzip(story: Story) -> None:
    export_id = await filled(story, await known_client(story, 500))
    (url,) = await addresses(story, export_id, "Observation")
    async with story.http.stream("GET", url, headers=await story.partner.bearer() | {"accept-encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        packed = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert gzip.decompress(packed).decode().splitlines() == await kept(story, export_id, "Observation")
    plain = await downloaded(story, url, **{"accept-encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers


async def test_R4_parquet_says_what_ndjson_says(story: Story) -> None:
    client = await known_client(story, 300)
    export_id = await filled(story, client, output_format=PARQUET)
    for part in ("Patient", "Consent", "Observation"):
        (url,) = await addresses(story, export_id, part)
        answer = await downloaded(story, url)
        assert answer.headers["content-type"] == PARQUET
        rows = pq.ParquetFile(io.BytesIO(answer.content)).read().to_pylist()
        assert [row["resource"] for row in rows] == await kept(story, export_id, part)
        for row in rows:
            resource = json.loads(row["resource"])
            assert (row["id"], row["resourceType"]) == (resource["id"], resource["resourceType"])
            assert resource["meta"]["lastUpdated"].startswith(row["lastUpdated"].strftime("%Y-%m-%dT%H:%M:%S"))
            assert row["patient"] in row["resource"]


def rows_of(count: int) -> list[Row]:
    made = []
    for n in range(count):
        token, number = uuid4(), uuid4()
        line = json.dumps({"resourceType": "Patient", "id": str(token), "meta": {"lastUpdated": "2026-11-22T08:00:00.123456Z"}, "n": n})
        made.append(Row(token, "care_connect", "assessment_results", f"Observation/{number}", line))
    return made


def test_R5_a_parquet_page_leaves_under_its_own_hold_and_the_footer_knows_nobody() -> None:
    file, pages = ParquetFile(), [rows_of(50), [], rows_of(200)]
    groups = [file.row_group(page) for page in pages]
    footer = file.footer()
    whole = b"".join(groups) + footer
    read = pq.ParquetFile(io.BytesIO(whole))
    assert [read.metadata.row_group(n).num_rows for n in range(read.metadata.num_row_groups)] == [50, 200]
    assert read.read().column("resource").to_pylist() == [row.line for page in pages for row in page]
    said = {
        value for page in pages for row in page for value in (str(row.token), row.resource, row.line, "care_connect", "assessment_results")
    }
    assert not any(value and value.encode() in footer for value in said)
    assert not any(row.token.bytes in footer or b"2026" in footer for page in pages for row in page)
    chunk = read.metadata.row_group(0).column(0)
    assert chunk.statistics is None
    assert not chunk.has_column_index
    assert chunk.data_page_offset < len(groups[0]), "the first page's bytes left with the first page"


def test_pages_grow_while_they_are_taken_at_once_and_shrink_when_they_are_not() -> None:
    assert next_rows(200, SHORT / 2, 200, 6400) == 400
    assert next_rows(6400, SHORT / 2, 200, 6400) == 6400
    assert next_rows(800, (SHORT + LONG) / 2, 200, 6400) == 800
    assert next_rows(800, 2 * LONG, 200, 6400) == 400
    assert next_rows(200, 2 * LONG, 200, 6400) == 200


def test_who_takes_gzip() -> None:
    assert takes_gzip("gzip, deflate, br")
    assert takes_gzip("br;q=1.0, GZIP; q=0.8")
    assert not takes_gzip("gzip;q=0")
    assert not takes_gzip("identity")
    assert not takes_gzip("")
