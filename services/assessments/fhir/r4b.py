"""FHIR R4B as `fhir.resources` has it. Loaded when first needed: it takes half a second, which no start of the service waits for."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

Fault = tuple[str, str]
"""Where, and what."""
MOST_FAULTS = 10
WHAT = {"missing": "This element is missing.", "extra_forbidden": "R4B has no such element here."}
OTHERWISE = "R4B does not allow this value here."


@lru_cache(maxsize=1)
def _validators() -> Mapping[str, Callable[[Any], Any]]:
    from fhir.resources.R4B.bundle import Bundle
    from fhir.resources.R4B.observation import Observation
    from fhir.resources.R4B.questionnaire import Questionnaire
    from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

    models = (Bundle, Observation, Questionnaire, QuestionnaireResponse)
    return {model.get_resource_type(): model.model_validate for model in models}


def faults(resource: Mapping[str, Any]) -> list[Fault]:
    """What is not R4B in it, without any of its values (C13). What it contains is looked at where it is read: a flaw in a form that is
    sent along says nothing about the answers."""
    validate = _validators()[resource["resourceType"]]
    try:
        validate({name: value for name, value in resource.items() if name != "contained"})
    except ValidationError as error:
        return [(_path(e["loc"]), WHAT.get(e["type"], OTHERWISE)) for e in error.errors(include_input=False, include_context=False)][
            :MOST_FAULTS
        ]
    except Exception:  # its validators take the form of what is sent for granted, and fail in any way where it has another
        return [("", OTHERWISE)]
    return []


def checked(resource: dict[str, Any]) -> dict[str, Any]:
    """What we build ourselves. A fault in it is a defect of ours."""
    if found := faults(resource):
        raise AssertionError(f"{resource['resourceType']} is not valid R4B: {found}")
    return resource


def _path(loc: tuple[int | str, ...]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part if _is_name(part) else '?'}" for part in loc]
    return "".join(parts).lstrip(".")


def _is_name(part: str) -> bool:
    """Only letters: names that are made up may hold anything, a number as well."""
    return part.isascii() and part.isalpha() and len(part) <= 40
