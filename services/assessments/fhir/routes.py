"""FHIR R4B over HTTP."""

from fastapi import APIRouter

router = APIRouter(prefix="/v1", tags=["fhir"])
