"""The families that there are, in the order in which they are offered and shown: the one fixed catalogue (D9)."""

from pathlib import Path

from reporting.measures.families import Family

PUBLISHED = Path(__file__).parent / "published"
ORDER = ("care_sought", "asked", "in_treatment")


def _read(code: str) -> Family:
    newest = max(PUBLISHED.glob(f"{code}.v*.json"), key=lambda file: int(file.stem.rsplit(".v", 1)[1]))
    return Family.model_validate_json(newest.read_text(encoding="utf-8"))


FAMILIES: dict[str, Family] = {code: _read(code) for code in ORDER}
