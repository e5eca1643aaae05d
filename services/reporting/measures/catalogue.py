"""The families that there are, in the order in which they are offered and shown: the one fixed catalogue (D9).

A published version never changes, so that a number always means what it meant: a new one is a new file beside it. `SHA256SUMS` holds
each published file's digest (`sha256sum *.json >SHA256SUMS` after adding one).
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError

from reporting.measures.families import Family

PUBLISHED = Path(__file__).parent / "published"
ORDER = ("care_sought", "asked", "in_treatment")


def load_families(folder: Path) -> Mapping[tuple[str, int], Family]:
    """All versions. Raises ValueError for what is no family, has another name than it says, or was edited after publication."""
    found: dict[tuple[str, int], Family] = {}
    published = {name: digest for digest, name in map(str.split, (folder / "SHA256SUMS").read_text().splitlines())}
    for file in sorted(folder.glob("*.json")):
        body = file.read_bytes()
        try:
            family = Family.model_validate_json(body)
        except ValidationError as error:
            raise ValueError(f"{file.name}: {error}") from error
        if file.name != f"{family.code}.v{family.version}.json":
            raise ValueError(f"{file.name} holds {family.code} {family.version}")
        if published.pop(file.name, None) != sha256(body).hexdigest():
            raise ValueError(f"{file.name} is not what was published: a change is a new version, with its digest in SHA256SUMS")
        found[family.code, family.version] = family
    if published:
        raise ValueError(f"{min(published)} was published and is not there")
    return found


VERSIONS = load_families(PUBLISHED)
FAMILIES: dict[str, Family] = {code: VERSIONS[max(key for key in VERSIONS if key[0] == code)] for code in ORDER}
"""The newest version of each."""
