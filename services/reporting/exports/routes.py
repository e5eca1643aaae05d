"""FHIR Bulk Data: kick-off, status, manifest, cancel. Files are in `files.py`."""

from fastapi import APIRouter

router = APIRouter(prefix="/fhir", tags=["exports"])
