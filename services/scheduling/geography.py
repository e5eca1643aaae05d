"""The states, districts and territories of the United States, each with the time zone of most of its people.

Source: PyPI `us` 4.0.0 (facts), and tzdata.
"""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from common.problems import Problem

ZONES: Mapping[str, str] = {
    "AK": "America/Anchorage",  # Alaska
    "AL": "America/Chicago",  # Alabama
    "AR": "America/Chicago",  # Arkansas
    "AS": "Pacific/Samoa",  # American Samoa
    "AZ": "America/Phoenix",  # Arizona
    "CA": "America/Los_Angeles",  # California
    "CO": "America/Denver",  # Colorado
    "CT": "America/New_York",  # Connecticut
    "DC": "America/New_York",  # District of Columbia
    "DE": "America/New_York",  # Delaware
    "FL": "America/New_York",  # Florida
    "GA": "America/New_York",  # Georgia
    "GU": "Pacific/Guam",  # Guam
    "HI": "Pacific/Honolulu",  # Hawaii
    "IA": "America/Chicago",  # Iowa
    "ID": "America/Boise",  # Idaho
    "IL": "America/Chicago",  # Illinois
    "IN": "America/Indiana/Indianapolis",  # Indiana
    "KS": "America/Chicago",  # Kansas
    "KY": "America/New_York",  # Kentucky
    "LA": "America/Chicago",  # Louisiana
    "MA": "America/New_York",  # Massachusetts
    "MD": "America/New_York",  # Maryland
    "ME": "America/New_York",  # Maine
    "MI": "America/New_York",  # Michigan
    "MN": "America/Chicago",  # Minnesota
    "MO": "America/Chicago",  # Missouri
    "MP": "Pacific/Guam",  # Northern Mariana Islands
    "MS": "America/Chicago",  # Mississippi
    "MT": "America/Denver",  # Montana
    "NC": "America/New_York",  # North Carolina
    "ND": "America/Chicago",  # North Dakota
    "NE": "America/Chicago",  # Nebraska
    "NH": "America/New_York",  # New Hampshire
    "NJ": "America/New_York",  # New Jersey
    "NM": "America/Denver",  # New Mexico
    "NV": "America/Los_Angeles",  # Nevada
    "NY": "America/New_York",  # New York
    "OH": "America/New_York",  # Ohio
    "OK": "America/Chicago",  # Oklahoma
    "OR": "America/Los_Angeles",  # Oregon
    "PA": "America/New_York",  # Pennsylvania
    "PR": "America/Puerto_Rico",  # Puerto Rico
    "RI": "America/New_York",  # Rhode Island
    "SC": "America/New_York",  # South Carolina
    "SD": "America/Chicago",  # South Dakota
    "TN": "America/Chicago",  # Tennessee
    "TX": "America/Chicago",  # Texas
    "UT": "America/Denver",  # Utah
    "VA": "America/New_York",  # Virginia
    "VI": "America/Puerto_Rico",  # Virgin Islands
    "VT": "America/New_York",  # Vermont
    "WA": "America/Los_Angeles",  # Washington
    "WI": "America/Chicago",  # Wisconsin
    "WV": "America/New_York",  # West Virginia
    "WY": "America/Denver",  # Wyoming
}


def zone_of(state: str) -> str:
    """Raises Problem where there is no such state."""
    if state not in ZONES:
        raise Problem("invalid_request", "No state of the United States has these two letters.", field="state")
    return ZONES[state]


def check_zone(name: str) -> str:
    """An IANA time zone's name as it came. Raises Problem where there is no such zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Problem("invalid_request", "No time zone of this name.", field="time_zone") from error
    return name
