"""Where consent's texts stand."""

from pathlib import Path

from common.pages.language import LANGUAGES, _preferred

TEXTS = Path(__file__).parent / "texts"

__all__ = ["LANGUAGES", "TEXTS", "_preferred"]
