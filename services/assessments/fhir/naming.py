"""Which item is meant: by its LOINC code, and by its wording alone as a last resort. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from assessments.fhir import known
from assessments.fhir.vocabulary import OTHER_DIFFICULTY, OTHER_INSTRUMENTS, PHQ_PANEL, is_cms_item, plain
from assessments.instruments.loinc import has_check_digit, looks_like_loinc


@dataclass(frozen=True, slots=True)
class Named:
    """`finding`: what is to be said of how it is named."""

    code: str | None
    finding: str | None = None


def name_item(link_id: str | None, codes: Sequence[str], wording: str | None) -> Named:
    """LHC-Forms writes the codes into the link ids, one below the other: /44249-1/44250-9."""
    last = (link_id or "").rsplit("/", 1)[-1]
    said = [*codes, *([last] if looks_like_loinc(last) else [])]
    ours = [code for code in said if _is_known(code)]
    worded = known.item_by_wording().get(plain(wording)) if wording else None
    if len(set(ours)) > 1 or (ours and worded not in (None, ours[0]) and ours[0] in known.names_by_item()):
        return Named(None, "item_contradicts_itself")
    if ours:
        return Named(ours[0])
    return Named(said[0]) if said else Named(worded, "matched_by_text" if worded else None)


def _is_known(code: str) -> bool:
    return code in known.names_by_item() or code in known.name_by_total()


def wrong_with(code: str | None) -> str | None:
    """The finding for a code that is no item of ours; none for one that is."""
    if code is not None and _is_known(code):
        return None
    if code is None or not looks_like_loinc(code):
        return "unknown_item"
    if not has_check_digit(code):
        return "wrong_check_digit"
    if is_cms_item(code):
        return "cms_item"
    return {PHQ_PANEL: "panel_as_item", OTHER_DIFFICULTY: "other_difficulty_item"}.get(code, _other(code))


def _other(code: str) -> str:
    return "other_instrument" if code in OTHER_INSTRUMENTS else "unknown_item"


def meant_by(code: str | None) -> str:
    """The code of ours that differs in its check digit alone, as a sentence."""
    if code is None or not looks_like_loinc(code) or has_check_digit(code):
        return ""
    same = [ours for ours in known.names_by_item() if ours.split("-")[0] == code.split("-")[0]]
    return f"{same[0]} seems to be meant." if same else ""
