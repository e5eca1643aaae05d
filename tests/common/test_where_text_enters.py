"""C13: every place where a text enters over HTTP, in every service, tried out with SSNs: refused or masked, whatever is around them."""

import types
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Query
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from common.never_kept import FreeText, StructuredText, find_ssns
from deploy.generate import SETTINGS, app_of
from tests.flows.test_who_may_call_what import routes

FORMS = ["078-05-1120", "078 05 1120", "078.05.1120", "078–05–1120"]
AROUND = ["{}", "en-{}", "v{}", "a {} b", "A.{}", "2026-{}", "{}-01", "x" * 300 + "{}" + "x" * 300]
"""Patterns and lengths let some of these through and not others."""
COLLECTIONS = (dict, list, set, frozenset, tuple)
PROBES = [around.format(form) for form in FORMS for around in AROUND]


def entries(app: FastAPI) -> Iterator[tuple[str, Any]]:
    """Every leaf of all that a caller sends: where it stands and its type, with its constraints."""
    for route in routes(app):
        for parameter in parameters(route.dependant):
            info = parameter.field_info
            yield from leaves(
                f"{'|'.join(route.methods or ())} {route.path} {parameter.alias}", with_metadata(info.annotation, info.metadata)
            )


def parameters(dependant: Dependant) -> Iterator[Any]:
    for kind in ("path_params", "query_params", "header_params", "cookie_params", "body_params"):
        yield from getattr(dependant, kind)
    for inner in dependant.dependencies:
        yield from parameters(inner)


def with_metadata(annotation: Any, metadata: list[Any]) -> Any:
    return Annotated[(annotation, *metadata)] if metadata else annotation


def leaves(where: str, kind: Any) -> Iterator[tuple[str, Any]]:
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        yield from fields(where, bare)
    elif is_dataclass(bare) or (isinstance(bare, type) and issubclass(bare, COLLECTIONS)):
        yield f"{where} (cannot be looked into)", Any
    elif get_origin(bare) in COLLECTIONS:
        for inner in get_args(bare):
            if inner is not Ellipsis:
                yield from leaves(f"{where}[]", inner)
    else:
        yield where, kind  # a union is tried out as a whole: its constraints may stand around it
        if get_origin(bare) in (Union, types.UnionType):
            for inner in get_args(bare):
                yield from (leaf for leaf in leaves(where, inner) if leaf != (where, inner))


def fields(where: str, model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    if model.model_config.get("extra") == "allow":
        yield f"{where}.*", Any
    for name, info in model.model_fields.items():
        yield from leaves(f"{where}.{name}", with_metadata(info.annotation, info.metadata))


def keeps_an_ssn(kind: Any) -> bool:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    for probe in PROBES:
        try:
            kept = adapter.validate_python(probe)
        except ValidationError:
            continue
        if find_ssns(str(kept)):
            return True
    return False


@pytest.mark.parametrize("service", SETTINGS)
def test_C13_no_text_that_enters_can_hold_an_ssn(service: str) -> None:
    found = list(entries(app_of(service)))
    assert len(found) > 10
    open_to_ssns = [where for where, kind in found if keeps_an_ssn(kind)]
    assert not open_to_ssns, "\n".join(open_to_ssns)


class Inner(BaseModel):
    text: str


class Bad(BaseModel):
    model_config = ConfigDict(extra="allow")

    plain: str
    bounded: str = Field(max_length=200)
    perhaps: str | None = None
    pattern: str = Field(pattern="^[a-z]{2}(-[A-Za-z0-9]{2,8})*$")
    listed: list[str]
    many: tuple[str, ...]
    keyed: dict[str, int]
    loose: dict = {}  # type: ignore[type-arg]
    anything: Any
    inner: Inner
    inners: list[Inner] | None = None


class Good(BaseModel):
    name: StructuredText = Field(max_length=200)
    perhaps: StructuredText | None = None
    comments: list[FreeText]
    state: str = Field(pattern="^[A-Z]{2}$")


async def dependency(header: Annotated[str | None, Header()] = None) -> None:
    """Dependencies take text as well."""


def test_C13_a_text_that_could_hold_an_ssn_would_be_seen() -> None:
    router = APIRouter()

    @router.post("/bad/{path}", dependencies=[Depends(dependency)])
    async def bad(path: str, body: Bad, query: Annotated[str | None, Query(max_length=99)] = None) -> None: ...

    app = FastAPI()
    app.include_router(router)
    seen = {where.removeprefix("POST /bad/{path} ") for where, kind in entries(app) if keeps_an_ssn(kind)}
    fields = {"plain", "bounded", "perhaps", "pattern", "listed[]", "many[]", "keyed[]", "loose (cannot be looked into)", "anything", "*"}
    assert seen == {"path", "query", "header", "body.inner.text", "body.inners[].text", *(f"body.{name}" for name in fields)}


def test_C13_texts_of_the_two_kinds_pass() -> None:
    assert not any(keeps_an_ssn(kind) for _, kind in leaves("good", Good))
