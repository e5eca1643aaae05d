"""Every route of every service states who may call it; the ones that anybody may call are listed here."""

import importlib
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from common.auth import Allow, Public, Role
from deploy.generate import SETTINGS, app_of

LOOKED_AT = (
    "/livez", "/readyz", "/metrics", "/v1/notices", "/v1/notices/{digest}", "/v1/ledger/keys", "/opt-out/{token}",
    "/fhir/metadata", "/fhir/.well-known/smart-configuration",
)  # fmt: skip
FORM = "/forms/{token}"
QUESTION = "/questions/{instrument}/{link_id}"
OPENED = {("GET", FORM + page) for page in ("", QUESTION, "/help/{instrument}/{link_id}", "/review", "/thanks")}
ANSWERED = {("POST", FORM + page) for page in (QUESTION, "/review")}
PUBLIC = {("GET", path) for path in LOOKED_AT} | {("POST", "/opt-out/{token}"), ("POST", "/v1/oauth2/token")} | OPENED | ANSWERED
"""What needs no token. A link is its own proof: one can only opt out, the other only answer one form. An assertion is proof as well."""
INDIVIDUAL = ("/fhir/bulk", "/fhir/$export", "/fhir/Patient", "/fhir/Group", "/v1/sealing-keys")

AGGREGATES = ("/v1/employers", "/v1/measures", "/reports")
"""All that an employer may call: its own reports as data and as pages, and what the measures are."""


def rules(dependant: Any) -> list[Allow]:
    own = [dependant.call] if isinstance(dependant.call, Allow) else []
    return own + [rule for inner in dependant.dependencies for rule in rules(inner)]


def routes(app: FastAPI) -> list[APIRoute]:
    """Also those that were included: FastAPI keeps them with the router they came from."""
    return [route for holder in (app, *(r.original_router for r in app.routes if hasattr(r, "original_router"))) for route in _own(holder)]


def _own(holder: Any) -> list[APIRoute]:
    return [route for route in holder.routes if isinstance(route, APIRoute)]


@pytest.mark.parametrize("service", SETTINGS)
def test_a_route_without_a_stated_rule_does_not_exist(service: str) -> None:
    found = routes(app_of(service))
    assert len(found) > 8
    for route in found:
        stated = rules(route.dependant)
        assert len(stated) == 1, f"{route.methods} {route.path} states {len(stated)} rules"
        public = {(method, route.path) for method in route.methods} <= PUBLIC
        assert isinstance(stated[0], Public) == public, f"{route.methods} {route.path}"
        assert isinstance(stated[0], Public) or stated[0].roles


@pytest.mark.parametrize("service", SETTINGS)
def test_C6_no_route_that_an_employer_may_call_is_about_a_client(service: str) -> None:
    for route in routes(app_of(service)):
        if Role.EMPLOYER in rules(route.dependant)[0].roles:
            names = {parameter.name for parameter in (*route.dependant.path_params, *route.dependant.query_params)}
            assert "client_id" not in names, route.path
            assert route.path.startswith(AGGREGATES), route.path


def test_R4_individual_data_leaves_only_to_the_plan() -> None:
    found = [route for route in routes(app_of("reporting")) if route.path.startswith(INDIVIDUAL)]
    assert {path for path in INDIVIDUAL if any(route.path.startswith(path) for route in found)} == set(INDIVIDUAL)
    for route in found:
        assert rules(route.dependant)[0].roles == {Role.PLAN}, route.path


def test_a_route_without_a_rule_would_be_seen() -> None:
    app = FastAPI()

    @app.get("/v1/open")
    async def open_door() -> None: ...

    assert [rules(route.dependant) for route in routes(app)] == [[]]


def test_invariant_8_scheduling_and_assessments_read_no_decision() -> None:
    """They know of consent what is published for everybody: its notice texts; they pass a choice on and never ask for one."""
    import ast
    from pathlib import Path

    for service in ("scheduling", "assessments"):
        folder = Path(importlib.import_module(f"{service}.app").__file__ or "").parent
        for file in folder.rglob("*.py"):
            source = file.read_text()
            imported = {getattr(node, "module", "") or "" for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
            assert not any(module.startswith(("consent", "common.contracts.consent")) for module in imported), file
            assert "/sharing/" not in source, file
