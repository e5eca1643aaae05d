"""The pages of this service: the provider's work queue and the client's request."""

from pathlib import Path

from common.pages.rendering import Site
from scheduling.settings import SchedulingSettings

FOLDER = Path(__file__).parent
QUEUE, MINE = "/provider-queue", "/my-request"


def site_of(settings: SchedulingSettings) -> Site:
    return Site(FOLDER, (QUEUE, MINE), settings.public_url, settings.client_secret, settings.cors_origins, settings.cookie_secure)
