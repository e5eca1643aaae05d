"""The form of a published file: one instrument of one version in one language, with the test vectors that it was published with."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from assessments.instruments import loinc
from assessments.instruments.rules import Band, Choice, Flag, FlagName, Instrument, Item, Kind, Missing, Name, TotalMethod

_WORD = re.compile(r"[a-z][a-z_]{0,39}")


def _link_id(value: str) -> str:
    """A LOINC code, or a word for an item that LOINC does not have."""
    return value if _WORD.fullmatch(value) else loinc.checked(value)


Loinc = Annotated[str, AfterValidator(loinc.checked)]
LinkId = Annotated[str, AfterValidator(_link_id)]
AnswerCode = Annotated[str, Field(pattern=r"^(LA[0-9]{1,7}-[0-9]|[0-9]{1,3})$")]
Text = Annotated[str, Field(min_length=1, max_length=2000)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ChoiceDocument(Part):
    code: AnswerCode
    text: Text
    score: int | None = None


class ItemDocument(Part):
    """`answers` names one of the answer lists; a text item has none."""

    link_id: LinkId
    text: Text
    kind: Kind = "choice"
    answers: str | None = None
    scored: bool = True
    aliases: Mapping[str, str] = Field(default_factory=dict)
    max_length: int | None = Field(default=None, ge=1, le=10_000)

    @model_validator(mode="after")
    def _is_of_its_kind(self) -> Self:
        if self.kind == "choice" and (self.answers is None or self.max_length is not None):
            raise ValueError("a choice names its list of answers, and has no length")
        if self.kind == "text" and (self.answers or self.scored or self.aliases or self.max_length is None):
            raise ValueError("a text has a length, and neither answers nor a score")
        return self


class MissingDocument(Part):
    prorated: int = Field(ge=0)
    source: Text


class ScoreDocument(Part):
    code: Loinc | None = None
    operator: Literal["sum"]
    low: int
    high: int
    missing: MissingDocument


class BandDocument(Part):
    low: int
    high: int
    severity: str = Field(pattern=r"^[a-z_]{1,40}$")


class FlagDocument(Part):
    """On the answer to an item, or on the total."""

    name: FlagName
    item: LinkId | None = None
    score: Literal["total"] | None = None
    operator: Literal["at_least"]
    value: int

    @model_validator(mode="after")
    def _is_on_one(self) -> Self:
        if (self.item is None) == (self.score is None):
            raise ValueError("a flag is on an item or on a score")
        return self


class VectorDocument(Part):
    """What these answers (the scores of the scored items in their order; null where one is missing) come to."""

    answers: tuple[int | None, ...]
    raw_sum: int
    total: int | None
    total_method: TotalMethod
    severity: str | None
    flags: tuple[FlagName, ...] = ()


class Document(Part):
    name: Name
    version: str = Field(pattern=r"^[1-9][0-9]{0,3}$")
    language: str = Field(pattern=r"^[a-z]{2}$")
    title: Text
    prompt: Text
    panel: Loinc | None = None
    recall_days: int | None = Field(default=None, ge=1)
    answer_lists: Mapping[str, tuple[ChoiceDocument, ...]]
    items: tuple[ItemDocument, ...] = Field(min_length=1)
    score: ScoreDocument
    bands: tuple[BandDocument, ...] = Field(min_length=1)
    flags: tuple[FlagDocument, ...] = ()
    copyright: Text
    source: Text
    vectors: tuple[VectorDocument, ...]

    @property
    def scored(self) -> list[ItemDocument]:
        return [item for item in self.items if item.scored]


def instrument_of(document: Document, digest: str) -> Instrument:
    return Instrument(
        name=document.name,
        version=document.version,
        language=document.language,
        digest=digest,
        title=document.title,
        prompt=document.prompt,
        panel=document.panel,
        total=document.score.code,
        recall_days=document.recall_days,
        items=tuple(_item_of(item, document) for item in document.items),
        low=document.score.low,
        high=document.score.high,
        bands=tuple(Band(band.low, band.high, band.severity) for band in document.bands),
        missing=Missing(document.score.missing.prorated, document.score.missing.source),
        flags=tuple(Flag(flag.name, flag.item, flag.value) for flag in document.flags),
        copyright=document.copyright,
        source=document.source,
    )


def _item_of(item: ItemDocument, document: Document) -> Item:
    answers = document.answer_lists[item.answers] if item.answers else ()
    choices = tuple(Choice(choice.code, choice.text, choice.score) for choice in answers)
    return Item(item.link_id, item.text, item.kind, choices, item.scored, tuple(item.aliases.items()), item.max_length)
