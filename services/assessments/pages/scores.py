"""A client's scores over time, for the client and for the provider."""

from fastapi import APIRouter

from common.pages.errors import PageRoute

router = APIRouter(route_class=PageRoute, tags=["pages"])
