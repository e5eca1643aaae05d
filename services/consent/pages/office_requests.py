"""To be written."""

from fastapi import APIRouter

router = APIRouter(prefix="/privacy-office", include_in_schema=False)
