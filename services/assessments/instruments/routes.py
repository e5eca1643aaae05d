"""The instruments, for whoever shows them. Their test vectors are for the loader and are not shown."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from assessments.instruments import catalogue
from assessments.instruments.rules import Instrument
from common.auth import Allow, Role
from common.http import problems
from common.never_kept import StructuredText
from common.problems import Problem

readers = Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.OPERATIONS))
router = APIRouter(prefix="/v1/instruments", tags=["instruments"], dependencies=[readers])
Language = Annotated[
    StructuredText,
    Query(
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$",
        max_length=40,
        description="A BCP 47 tag such as es-US. English where there is none in that language.",
    ),
]
Version = Annotated[StructuredText, Query(pattern=r"^[1-9][0-9]{0,3}$", description="The newest one where none is named.")]
InstrumentName = Annotated[StructuredText, Path(max_length=40)]
Digest = Annotated[StructuredText, Path(pattern=r"^[0-9a-f]{64}$")]


class Instruments(BaseModel):
    items: list[Instrument]


@router.get("", operation_id="listInstruments", responses=problems())
async def list_instruments(language: Language = catalogue.FALLBACK) -> Instruments:
    return Instruments(items=[catalogue.newest(name, language) for name in catalogue.NAMES])


@router.get("/by-digest/{digest}", operation_id="readInstrumentByDigest", responses=problems("not_found"))
async def read_instrument_by_digest(digest: Digest) -> Instrument:
    """Exactly the text that somebody was shown, whatever is newest by now."""
    try:
        return catalogue.by_digest(digest)
    except KeyError:
        raise Problem("not_found", "There is no such instrument.") from None


@router.get("/{name}", operation_id="readInstrument", responses=problems("not_found"))
async def read_instrument(name: InstrumentName, language: Language = catalogue.FALLBACK, version: Version | None = None) -> Instrument:
    try:
        return catalogue.find(name, version, language) if version else catalogue.newest(name, language)
    except KeyError:
        raise Problem("not_found", "There is no such instrument.") from None
