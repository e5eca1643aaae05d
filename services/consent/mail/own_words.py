"""What the sender wrote now, out of the text of a mail. Pure.

Only what is surely somebody else's goes: a rule that drops a line too many can drop the "not" (C4). So no signature is recognised by
its wording; the libraries that do so drop "Thanks, but on second thought don't" as a signature.
"""

import re

_QUOTE = re.compile(r"\s*>")
_SIGNATURE = re.compile(r"--\s?")
_RULE = re.compile(r"\s*_{8,}\s*")
_FORWARDED = re.compile(
    r"[\s>]*(?:-{2,}\s?(?:original message|forwarded message|forwarded by .{1,80}|mensaje original|mensaje reenviado)\s?-{0,}"
    r"|begin forwarded message:|inicio del mensaje reenviado:)\s*",
    re.IGNORECASE,
)
_FROM = re.compile(r"\s*\*?(?:from|de):\*?\s*\S", re.IGNORECASE)
_HEADER = re.compile(r"\s*\*?(?:sent|date|to|cc|subject|enviado|enviado el|fecha|para|asunto)\s?:", re.IGNORECASE)
_ATTRIBUTION_START = re.compile(r"\s*(?:on|el)\s.{0,200}\d", re.IGNORECASE)
_ATTRIBUTION_END = re.compile(r"(?:wrote|escribió|escribio)\s?:\s*$", re.IGNORECASE)
_OF_A_MAIL = re.compile(r"\d{1,2}:\d\d|\b(?:19|20)\d\d\b|@")
_DEVICE = re.compile(
    r"\s*(?:sent from my (?:\w+ ){0,3}\w+|sent from (?:outlook|yahoo mail|mail)(?: (?:for|on) \w+)?"
    r"|get outlook for \w+(?: ?<\S*>)?|enviado desde mi (?:\w+ ){0,3}\w+)\.?\s*",
    re.IGNORECASE,
)


def own_words(text: str) -> str:
    lines = _until_quoted_rest(text.split("\n"))
    kept = [line for at, line in enumerate(lines) if not (_is_quote(lines, at) or _DEVICE.fullmatch(line))]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _is_quote(lines: list[str], at: int) -> bool:
    """A line straight beneath a quoted one may be the quote's own, wrapped. Then the quote stays, and a person reads it."""
    runs_on = at + 1 < len(lines) and bool(lines[at + 1].strip()) and not _QUOTE.match(lines[at + 1])
    return bool(_QUOTE.match(lines[at])) and not runs_on


def _until_quoted_rest(lines: list[str]) -> list[str]:
    """Cut where a signature, a forwarded mail or an unmarked quote begins; attributions above marked quotes are left out."""
    kept: list[str] = []
    at = 0
    while at < len(lines):
        if _ends_own_words(lines, at):
            break
        if length := _attribution(lines, at):
            at += length
            if not _QUOTE.match(_next_written(lines, at)):
                break
        else:
            kept.append(lines[at])
            at += 1
    return kept


def _ends_own_words(lines: list[str], at: int) -> bool:
    line = lines[at]
    if _SIGNATURE.fullmatch(line) or _RULE.fullmatch(line) or _FORWARDED.fullmatch(line):
        return True
    return bool(_FROM.match(line)) and len(lines) > at + 2 and all(_HEADER.match(below) for below in lines[at + 1 : at + 3])


def _attribution(lines: list[str], at: int) -> int:
    """How many lines "On …, … wrote:" takes from here, 0 if it is none."""
    if not _ATTRIBUTION_START.match(lines[at]):
        return 0
    for length in (1, 2, 3):
        taken = lines[at : at + length]
        if len(taken) < length or not _may_belong_to_attribution(taken[-1], first=length == 1):
            return 0
        if _ATTRIBUTION_END.search(taken[-1]):
            return length if _OF_A_MAIL.search(" ".join(taken)) else 0
    return 0


def _may_belong_to_attribution(line: str, first: bool) -> bool:
    """One that begins anew ends the one before: "On second thought 2 …" above "On 3 May … wrote:" is the sender's."""
    return 0 < len(line.strip()) <= 500 and not _QUOTE.match(line) and (first or not _ATTRIBUTION_START.match(line))


def _next_written(lines: list[str], at: int) -> str:
    return next((line for line in lines[at:] if line.strip()), "")
