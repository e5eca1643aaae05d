"""The office of the tests of eligibility."""

from tests.scheduling.eligibility.conftest import office, shared_office

__all__ = ["office", "shared_office"]
