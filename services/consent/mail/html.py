"""HTML of a mail made to text: what a reader sees, and the part of it that the sender wrote. Pure."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

MAX_TAGS = 2_000

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_BLOCK = frozenset(
    {"p", "div", "br", "hr", "tr", "li", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "body"}
)
_PARAGRAPH = frozenset({"p", "hr", "blockquote", "table", "h1", "h2", "h3", "h4", "h5", "h6"})
_UNSEEN = frozenset({"head", "title", "style", "script", "template", "noscript", "object", "svg"})
_HIDING_STYLE = re.compile(r"display:none|visibility:hidden|font-size:0(?![.\d]*[1-9])|mso-hide:all|opacity:0(?![.\d]*[1-9])")
_QUOTE_NAMES = frozenset(
    {"gmail_quote", "gmail_attr", "gmail_signature", "yahoo_quoted", "moz-cite-prefix", "moz-signature", "moz-forward-container"}
    | {"protonmail_quote", "protonmail_signature_block", "ms-outlook-mobile-signature", "signature", "x_signature"}
)
_REST_IS_QUOTED = frozenset({"divrplyfwdmsg", "x_divrplyfwdmsg", "appendonsend", "x_appendonsend"})
"""Outlook marks only where the quoted mail begins; the mail itself follows as siblings."""


@dataclass(frozen=True, slots=True)
class Readable:
    seen: str
    own: str
    trusted: bool
    """False where an element that is left out was never closed: nobody can say what it should have hidden."""


def text_of(html: str) -> Readable:
    parser = _Reader()
    cleaned = _without_comments(html)
    if cleaned is None or html.count("<") > MAX_TAGS or _unclosed_tags(cleaned) > 20:
        return Readable(_tidy([re.sub(r"<[^<>]*>", " ", html)]), "", False)
    parser.feed(cleaned)
    parser.close()
    return Readable(_tidy(parser.seen), _tidy(parser.own), parser.hidden == 0 and parser.quoted == 0)


def _without_comments(html: str) -> str | None:
    """The parser takes quadratic time over comments that never close, and Outlook hides conditional text in them."""
    kept, position = [], 0
    while (start := html.find("<!--", position)) >= 0:
        kept.append(html[position:start])
        end = html.find("-->", start + 4)
        if end < 0:
            return None
        position = end + 3
    return "".join([*kept, html[position:]])


def _unclosed_tags(html: str) -> int:
    return sum(">" not in piece for piece in html.split("<")[1:])


def _tidy(pieces: list[str]) -> str:
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.own: list[str] = []
        self.open: list[tuple[str, bool, bool]] = []
        self.hidden = 0
        self.quoted = 0
        self.rest_is_quoted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._break(tag)
        if tag == "body":
            self._close_all()
        values = {name: (value or "").lower() for name, value in attrs}
        names = {*values.get("class", "").split(), values.get("id", "")}
        self.rest_is_quoted |= not names.isdisjoint(_REST_IS_QUOTED)
        if tag in _VOID:
            return
        hidden = tag in _UNSEEN or "hidden" in values or bool(_HIDING_STYLE.search(re.sub(r"\s", "", values.get("style", ""))))
        quoted = tag == "blockquote" or not names.isdisjoint(_QUOTE_NAMES)
        self.open.append((tag, hidden, quoted))
        self.hidden += hidden
        self.quoted += quoted

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A browser ignores the slash of `<div/>`."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._break(tag)
        if not any(tag == name for name, _, _ in self.open[-100:]):
            return
        while True:
            name, hidden, quoted = self.open.pop()
            self.hidden -= hidden
            self.quoted -= quoted
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        self._write(re.sub(r"\s+", " ", data))

    def _close_all(self) -> None:
        """The end tag of <head> may be left out."""
        self.open.clear()
        self.hidden = self.quoted = 0

    def _break(self, tag: str) -> None:
        if tag in _BLOCK:
            self._write("\n\n" if tag in _PARAGRAPH else "\n")

    def _write(self, text: str) -> None:
        if self.hidden:
            return
        self.seen.append(text)
        if not self.quoted and not self.rest_is_quoted:
            self.own.append(text)
