"""The files of an export: its parts, and what was deleted."""

from fastapi import APIRouter

router = APIRouter(prefix="/fhir", tags=["exports"])
