"""The pages of this service: reports, for employers and plans."""

from pathlib import Path

from common.pages.rendering import Site
from reporting.settings import ReportingSettings

FOLDER = Path(__file__).parent
REPORTS = "/reports"


def site_of(settings: ReportingSettings) -> Site:
    return Site(FOLDER, (REPORTS,), settings.public_url, settings.client_secret, settings.cors_origins, settings.cookie_secure)
