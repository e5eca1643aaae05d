"""The reports, and the browser that looks at them."""

from tests.pages.conftest import browser, page, window
from tests.reporting.reports.conftest import published, site

__all__ = ["browser", "page", "published", "site", "window"]
