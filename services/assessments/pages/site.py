"""The pages of this service: the form that a link opens, and the scores over time."""

from pathlib import Path

from assessments.settings import AssessmentsSettings
from common.pages.rendering import Site

FOLDER = Path(__file__).parent
SCORES = "/scores"
FORMS = "/forms"
"""No area: a form has no session, its link is all that it takes."""


def site_of(settings: AssessmentsSettings) -> Site:
    """What is keyed here is keyed by the key of the links, each under a label of its own (proofs.py)."""
    return Site(FOLDER, (SCORES,), settings.public_url, settings.link_key, settings.cors_origins, settings.cookie_secure)
