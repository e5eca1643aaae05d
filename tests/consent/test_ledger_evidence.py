"""What somebody holds of the ledger outside of it: receipts, exports, keys."""

import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from string import ascii_letters, digits
from typing import Any
from uuid import uuid4

import pytest

from common.cloudevents import Entry
from consent.ledger.__main__ import told, verify_database, verify_export
from consent.ledger.exports import keys_line, line_of
from consent.ledger.rules import CheckpointRow
from consent.ledger.signing import Signer, make_key, verify_with
from consent.ledger.usecases import rows, snapshot
from consent.receipts.rules import PROOF_TYPE
from consent.receipts.rules import RECEIPT_TYPE as RECEIPT
from tests.consent.ledger import Kept, places


async def test_a_receipt_is_accepted_for_its_line_and_for_no_other(kept: Kept, tmp_path: Path) -> None:
    make_key(tmp_path / "own.pem")
    forger = Signer.from_file(tmp_path / "own.pem")
    async with kept.db.pool.acquire() as tx:
        right = await kept.receipt(tx, 0, 4)
        payload = kept.signer.verify(RECEIPT, right)
        assert (await kept.verify(tx, [], [right])).findings == []
        by_record = kept.signer.sign(RECEIPT, {"record_id": payload["event_id"], "ledger": payload["ledger"]})
        assert (await kept.verify(tx, [], [by_record])).findings == []
        proof = kept.signer.sign(PROOF_TYPE, payload | {"propagation": {}})
        assert (await kept.verify(tx, [], [proof])).findings == []
        head, _, signature = right.split(".")
        changed = kept.signer.sign(RECEIPT, payload | {"event_id": str(uuid4())}).split(".")[1]
        for wrong, found in (
            (f"{head}.{changed}.{signature}", ("receipt_invalid", None, None, None)),
            (forger.sign(RECEIPT, payload), ("receipt_invalid", None, None, None)),
            (kept.signer.sign("at+jwt", payload), ("receipt_invalid", None, None, None)),
            (kept.signer.sign(RECEIPT, {"event_id": 7}), ("receipt_invalid", None, None, None)),
            ("nonsense", ("receipt_invalid", None, None, None)),
            (await kept.receipt(tx, 0, 4, ledger={"position": 5}), ("differs_from_receipt", 0, 5, None)),
            (await kept.receipt(tx, 0, 4, ledger={"stream": 1}), ("differs_from_receipt", 1, 4, None)),
            (await kept.receipt(tx, 0, 4, ledger={"digest": "00"}), ("differs_from_receipt", 0, 4, None)),
            (await kept.receipt(tx, 0, 4, event_id=str(uuid4())), ("differs_from_receipt", 0, 4, None)),
            (await kept.receipt(tx, 0, 4, ledger={"position": 99}), ("truncated", 0, 11, None)),
            (await kept.receipt(tx, 0, 4, ledger={"stream": 3}), ("truncated", 3, 1, None)),
            (await kept.receipt(tx, 0, 4, ledger={"position": 0}), ("receipt_invalid", None, None, None)),
        ):
            assert places((await kept.verify(tx, [], [right, wrong])).findings) == [found], wrong


async def test_a_removed_line_is_missed_by_its_receipt_and_its_witness(kept: Kept) -> None:
    async with kept.tampered() as tx:
        witness, receipt = await kept.head_of(tx, 0, 4), await kept.receipt(tx, 0, 4)
        await tx.execute("delete from journal where stream = 0 and position = 4")
        assert places((await kept.verify(tx, [witness], [receipt])).findings) == [("missing", 0, 4, None)] * 3


async def test_an_export_is_verified_elsewhere_and_what_was_changed_in_it_is_found(kept: Kept, key: Path, tmp_path: Path) -> None:
    async with snapshot(kept.db.pool) as tx:
        everything = [row async for row in rows(tx, "consent")]
        receipt = await kept.receipt(tx, 2, 3)
    file, keys = tmp_path / "ledger.ndjson", tmp_path / "keys.json"
    keys.write_text(json.dumps(kept.signer.keys()))

    def write(*exported: Any) -> Path:
        file.write_text(keys_line("consent", kept.signer.keys()) + "".join(map(line_of, exported)))
        return file

    intact = verify_export(write(*everything), keys, [receipt])
    assert intact.findings == [] and (intact.lines, intact.checkpoints) == (20, 3)
    assert verify_export(file, None, [receipt]) == intact
    assert "intact" in told(intact) and not told(intact).count("\n  ")
    assert await verify_database(kept.db.url, key, [receipt]) == intact
    changed = [replace(row, payload="{}") if isinstance(row, Entry) and (row.stream, row.position) == (2, 3) else row for row in everything]
    assert places(verify_export(write(*changed), keys, []).findings) == [("changed", 2, 3, None)]
    doubled = [*everything, everything[-1]]
    assert places(verify_export(write(*doubled), keys, []).findings) == [("reordered", 2, 4, None)]
    make_key(tmp_path / "own.pem")
    keys.write_text(json.dumps(Signer.from_file(tmp_path / "own.pem").keys()))
    assert {f.what for f in verify_export(write(*everything), keys, []).findings} == {"checkpoint_signature"}
    for line in ('{"kind": "head", "stream": 0, "position": "1", "digest": ""}', '{"kind": "other"}', "[]", "7", "{"):
        file.write_text(keys_line("consent", kept.signer.keys()) + line)
        with pytest.raises(ValueError, match="line 2 cannot be read"):
            verify_export(file, None, [])
    last = next(row for row in everything if isinstance(row, CheckpointRow))
    with pytest.raises(ValueError, match="after the first line"):
        verify_export(write(*everything, last), None, [])


def test_a_token_is_what_it_was_signed_as_and_stays_so_when_its_key_is_retired(tmp_path: Path) -> None:
    old, new = tmp_path / "old.pem", tmp_path / "new.pem"
    for path in (old, new):
        make_key(path)
    before = old.read_bytes()
    make_key(old)
    assert old.read_bytes() == before and oct(old.stat().st_mode & 0o777) == "0o600" and len(os.listdir(tmp_path)) == 2
    token = Signer.from_file(old).sign("x+jwt", {"n": 1})
    with pytest.raises(ValueError, match="none of the service's"):
        Signer.from_file(new).verify("x+jwt", token)
    (tmp_path / "new.retired.json").write_text(json.dumps(Signer.from_file(old).keys()))
    signer = Signer.from_file(new)
    assert signer.verify("x+jwt", token) == {"n": 1} == verify_with(signer.keys(), "x+jwt", token)
    assert all("d" not in key for key in signer.keys()["keys"]) and len(signer.keys()["keys"]) == 2
    others = [token[:place] + ("A" if char != "A" else "B") + token[place + 1 :] for place, char in enumerate(token)]
    spare_bits = [token[:-1] + char for char in ascii_letters + digits + "-_=" if char != token[-1]]
    for other in (*others, *spare_bits, token + "=", token + ".", f" {token}"):
        with pytest.raises(ValueError, match=r".*"):
            signer.verify("x+jwt", other)


async def test_the_command_says_what_it_found_and_ends_accordingly(kept: Kept, key: Path, tmp_path: Path) -> None:
    async with snapshot(kept.db.pool) as tx:
        everything = [row async for row in rows(tx, "consent")]
        receipt = await kept.receipt(tx, 2, 3)
    text = keys_line("consent", kept.signer.keys()) + "".join(map(line_of, everything))
    file, held = written(tmp_path / "ledger.ndjson", text), written(tmp_path / "receipt.jws", receipt + "\n")
    status, out, err = await command("--export", file, "--receipt", held)
    assert (status, out.split()[:4]) == (0, ["status", "intact", "streams", "4"]) and "The keys are the export's own" in err
    status, out, err = await command("--database", kept.db.url, "--signing-key", str(key), "--receipt", held)
    assert (status, out.split()[:2], err) == (0, ["status", "intact"], "")
    written(tmp_path / "ledger.ndjson", text.replace('"number\\":5', '"number\\":6'))
    status, out, _ = await command("--export", file)
    assert status == 1 and "stream 0, position 6" in out and "broken" in out
    status, out, err = await command("--export", str(tmp_path / "none"))
    assert status == 1 and "There is no ledger at" in err
    assert (await command())[0] == 2


def written(file: Path, text: str) -> str:
    file.write_text(text)
    return str(file)


async def command(*arguments: str) -> tuple[int | None, str, str]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "consent.ledger", *arguments, stdout=pipe, stderr=pipe)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()
