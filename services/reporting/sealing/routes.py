"""The keys of sealed values, for the recipient that holds them: only while the consent stands."""

from fastapi import APIRouter

router = APIRouter(prefix="/v1/sealing-keys", tags=["sealing"])
