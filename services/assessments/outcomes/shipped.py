"""The rule sets that come with the code: `rule_sets/<code>.v<N>.json`. A published version never changes; a new one is a new file.

`SHA256SUMS` beside them holds each published file's digest (`sha256sum *.json >SHA256SUMS` after adding one).
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError

from assessments.outcomes.definitions import RuleSet

RuleSets = Mapping[tuple[str, int], RuleSet]
FOLDER = Path(__file__).parent / "rule_sets"


def load_rule_sets(folder: Path) -> RuleSets:
    """Raises ValueError for what is no rule set, is inconsistent, has another name than it says, or was edited after publication."""
    found: dict[tuple[str, int], RuleSet] = {}
    published = {name: digest for digest, name in map(str.split, (folder / "SHA256SUMS").read_text().splitlines())}
    for file in sorted(folder.glob("*.json")):
        body = file.read_bytes()
        try:
            rule_set = RuleSet.model_validate_json(body)
        except ValidationError as error:
            raise ValueError(f"{file.name}: {error}") from error
        if file.name != f"{rule_set.code}.v{rule_set.version}.json":
            raise ValueError(f"{file.name} holds {rule_set.key}")
        if published.pop(file.name, None) != sha256(body).hexdigest():
            raise ValueError(f"{file.name} is not what was published: a change is a new version, with its digest in SHA256SUMS")
        found[rule_set.code, rule_set.version] = rule_set
    if published:
        raise ValueError(f"{min(published)} was published and is not there")
    return found


RULE_SETS = load_rule_sets(FOLDER)
CODES = tuple(sorted({code for code, _ in RULE_SETS}))


def newest(code: str) -> RuleSet:
    """Raises KeyError where there is none."""
    return RULE_SETS[code, max((version for known, version in RULE_SETS if known == code), default=0)]
