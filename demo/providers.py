"""Providers who meet all that the programmes ask of them (S3), as `POST /v1/providers` takes them."""

from collections.abc import Sequence
from uuid import UUID

from common.contracts.vocabulary import Programme
from scheduling.providers.vocabulary import CURRENT_TERMS, TERMS


def participating(
    provider_id: UUID, name: str, state: str, plan_id: UUID, programmes: Sequence[Programme] = tuple(Programme), degree: str = "masters"
) -> dict[str, object]:
    """Licensed where they practise, credentialed with the plan; may be asked by whoever is in one of the programmes."""
    terms = {"terms_version": CURRENT_TERMS, "agreed": sorted(TERMS)}
    return {
        "provider_id": str(provider_id),
        "name": name,
        "state": state,
        "degree": degree,
        "licences": [{"state": state, "kind": "full", "expires_on": "2099-12-31"}],
        "credentials": [{"plan_id": str(plan_id), "under_network_tax_id": True, "starts_on": "2020-01-01"}],
        "virtual_care": True,
        "manages_in_portal": True,
        "participations": [{"programme": programme, **terms} for programme in programmes],
    }
