"""One bundle in each language, and the browser that looks at its page."""

import pytest

from consent.bundles.composing import compose
from tests.consent.bundles import sample
from tests.pages.conftest import browser

__all__ = ["browser"]


@pytest.fixture(scope="session", params=["en", "es"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def files() -> dict[str, bytes]:
    return compose(sample.ABOUT, sample.parts(), sample.disclosures(), "en")
