"""Which papers are taken in: known by their first bytes, whatever they are called. Pure."""

from enum import StrEnum

from common.problems import Problem

LARGEST = 16 << 20
"""Bytes."""

MAGIC = {
    b"%PDF-": "application/pdf",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
}


class DocumentKind(StrEnum):
    DEMAND = "demand"
    ASSURANCE = "assurance"
    """Satisfactory assurance, or proof of our own efforts: 45 CFR 164.512(e)(1)(ii) and (vi)."""
    SUSPENSION = "suspension"
    """An agency's written statement: 45 CFR 164.528(a)(2)(i)."""


def media_type_of(content: bytes) -> str:
    """Raises Problem for what is none of PDF, TIFF, JPEG and PNG, and for what is too large."""
    if len(content) > LARGEST:
        raise Problem("body_too_large", f"At most {LARGEST} bytes.", limit=LARGEST)
    for beginning, media_type in MAGIC.items():
        if content.startswith(beginning):
            return media_type
    raise Problem("document_refused", "A paper is a PDF, TIFF, JPEG or PNG file.", field="document", rule="C7")
