"""The instruments, for whoever shows them."""

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from assessments.instruments.definitions import INSTRUMENTS
from assessments.instruments.rules import Instrument
from common.auth import Allow, Role
from common.http import problems
from common.never_kept import StructuredText
from common.problems import Problem

readers = Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.OPERATIONS))
router = APIRouter(prefix="/v1/instruments", tags=["instruments"], dependencies=[readers])


class Instruments(BaseModel):
    items: list[Instrument]


@router.get("", operation_id="listInstruments", responses=problems())
async def list_instruments() -> Instruments:
    return Instruments(items=list(INSTRUMENTS.values()))


@router.get("/{name}", operation_id="readInstrument", responses=problems("not_found"))
async def read_instrument(name: StructuredText) -> Instrument:
    if name not in INSTRUMENTS:
        raise Problem("not_found", "There is no such instrument.")
    return INSTRUMENTS[name]
