"""To be written."""

from fastapi import APIRouter

router = APIRouter(prefix="/my-data-sharing", include_in_schema=False)
