"""The form that a link opens."""

from fastapi import APIRouter

from common.pages.errors import PageRoute

router = APIRouter(route_class=PageRoute, tags=["pages"])
