"""What clients are sent, over HTTP."""

from fastapi import APIRouter

from assessments.assignments import tables as _
from assessments.care import tables as _care
from assessments.notices import tables as _notices
from assessments.schedules import tables as _schedules

router = APIRouter(prefix="/v1", tags=["assignments"])
