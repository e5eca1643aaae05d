"""What the loader refuses: copies of the real files, each broken in one way. Every refusal names the file and what is wrong."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import assessments.instruments.catalogue as catalogue
from assessments.instruments.loading import LOCK, digest_of, load

PUBLISHED = Path(catalogue.__file__).parent / "published"
PHQ, GAD, NPS = "phq-9.v1.en", "gad-7.v1.en", "satisfaction.v1.en"
Document = dict[str, Any]
Change = Callable[[Document], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PUBLISHED, tmp_path / "published"))


def content(folder: Path, name: str) -> Document:
    found: Document = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


def publish(folder: Path, name: str, document: Document) -> None:
    """Writes it, and its digest with it, so that nothing but the document itself can be refused."""
    (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
    (folder / LOCK).write_text(json.dumps(lock | {name: digest_of(document)}), encoding="utf-8")


def change(folder: Path, name: str, how: Change) -> None:
    document = content(folder, name)
    how(document)
    publish(folder, name, document)


def item(document: Document, link_id: str) -> Document:
    found: Document = next(each for each in document["items"] if each["link_id"] == link_id)
    return found


def test_the_copy_itself_is_read(folder: Path) -> None:
    assert load(folder) == load(PUBLISHED) == catalogue.published()


LOINC: dict[str, tuple[str, Change, str]] = {
    "item": (PHQ, lambda d: item(d, "44254-1").update(link_id="44254-2"), "44254-2 is no LOINC code: its check digit is wrong"),
    "panel": (GAD, lambda d: d.update(panel="69737-4"), "69737-4 is no LOINC code"),
    "total": (PHQ, lambda d: d["score"].update(code="44261-7"), "44261-7 is no LOINC code"),
    "flag": (PHQ, lambda d: d["flags"][0].update(item="44260-9"), "44260-9 is no LOINC code"),
    "form": (PHQ, lambda d: d.update(panel="LP12345-6"), "does not have the form of a LOINC code"),
}
RANGES: dict[str, tuple[str, Change, str]] = {
    "gap": (PHQ, lambda d: d["bands"][1].update(low=6), "a gap between the bands minimal and mild"),
    "overlap": (PHQ, lambda d: d["bands"][1].update(low=4), "bands minimal and mild overlap"),
    "order": (PHQ, lambda d: d["bands"].reverse(), "overlap"),
    "too short": (PHQ, lambda d: d["bands"][-1].update(high=26), "the bands go from 0 to 26, totals from 0 to 27"),
    "too late": (GAD, lambda d: d["bands"][0].update(low=1), "the bands go from 1 to 21"),
    "turned": (GAD, lambda d: d["bands"][0].update(low=5), "band minimal ends before it begins"),
    "twice": (GAD, lambda d: d["bands"][1].update(severity="minimal"), "two bands are minimal"),
    "none": (GAD, lambda d: d["bands"].clear(), "bands: Tuple should have at least 1 item"),
    "maximum": (PHQ, lambda d: d["score"].update(high=28), "said to be 0 to 28; the items allow 0 to 27"),
    "minimum": (GAD, lambda d: d["score"].update(low=-1), "said to be -1 to 21; the items allow 0 to 21"),
    "an item less": (PHQ, lambda d: d["items"].pop(0), "the items allow 0 to 24"),
    "difficulty scored": (
        PHQ,
        lambda d: item(d, "69722-7").update(scored=True),
        "69722-7 is scored, and some of its answers have no score",
    ),
    "nothing scored": (NPS, lambda d: d["items"].pop(0), "no item is scored"),
    "all prorated": (GAD, lambda d: d["score"]["missing"].update(prorated=7), "cannot be prorated from no answer at all"),
}
CODES: dict[str, tuple[str, Change, str]] = {
    "link id": (PHQ, lambda d: item(d, "44255-8").update(link_id="44250-9"), "44250-9 stands there twice"),
    "item and total": (PHQ, lambda d: d["score"].update(code="44250-9"), "44250-9 stands there twice"),
    "answer code": (PHQ, lambda d: d["answer_lists"]["frequency"][1].update(code="LA6568-5"), "answer list frequency has LA6568-5 twice"),
    "score": (PHQ, lambda d: d["answer_lists"]["frequency"][1].update(score=0), "answer list frequency has the score 0 twice"),
    "no list": (PHQ, lambda d: item(d, "44250-9").update(answers="often"), "item 44250-9 has answers of no list: often"),
    "alias loop": (GAD, lambda d: item(d, "68509-9").update(aliases={"LA1-1": "LA2-2", "LA2-2": "LA1-1"}), "alias LA1-1 makes a loop"),
    "alias of itself": (GAD, lambda d: item(d, "68509-9").update(aliases={"LA1-1": "LA1-1"}), "alias LA1-1 makes a loop"),
    "alias of an answer": (GAD, lambda d: item(d, "68509-9").update(aliases={"LA6571-9": "LA6570-1"}), "alias LA6571-9 makes a loop"),
    "alias to nothing": (GAD, lambda d: item(d, "68509-9").update(aliases={"LA18938-3": "LA6570-2"}), "which is none of its answers"),
    "text with answers": (NPS, lambda d: item(d, "comment").update(answers="likelihood"), "a text has a length, and neither answers nor"),
    "text without end": (NPS, lambda d: item(d, "comment").pop("max_length"), "a text has a length"),
    "choice without list": (NPS, lambda d: item(d, "recommend").pop("answers"), "a choice names its list of answers"),
}
FLAGS: dict[str, tuple[str, Change, str]] = {
    "unknown item": (PHQ, lambda d: d["flags"][0].update(item="69725-0"), "flag safety is on 69725-0, which is no scored item"),
    "unscored item": (PHQ, lambda d: d["flags"][0].update(item="69722-7"), "flag safety is on 69722-7, which is no scored item"),
    "unknown score": (PHQ, lambda d: d["flags"][1].update(score="subtotal"), "flags.1.score: Input should be 'total'"),
    "item and score": (PHQ, lambda d: d["flags"][1].update(item="44260-8"), "a flag is on an item or on a score"),
    "neither": (PHQ, lambda d: d["flags"][1].pop("score"), "a flag is on an item or on a score"),
    "never reached": (PHQ, lambda d: d["flags"][1].update(value=28), "flag elevated is at 28, which is no score there"),
    "twice": (PHQ, lambda d: d["flags"][1].update(name="safety"), "two flags are safety"),
    "unknown flag": (PHQ, lambda d: d["flags"][1].update(name="urgent"), "flags.1.name"),
}
OPERATORS: dict[str, tuple[str, Change, str]] = {
    "of the score": (PHQ, lambda d: d["score"].update(operator="mean"), "score.operator: Input should be 'sum' (it says 'mean')"),
    "of a flag": (PHQ, lambda d: d["flags"][0].update(operator="more_than"), "flags.0.operator: Input should be 'at_least'"),
    "missing": (PHQ, lambda d: d["score"].pop("operator"), "score.operator: Field required"),
    "an expression": (PHQ, lambda d: d["score"].update(expression="1 + 1"), "score.expression: Extra inputs are not permitted"),
    "another field": (PHQ, lambda d: d.update(scoring="sum"), "scoring: Extra inputs are not permitted"),
    "a number as a text": (PHQ, lambda d: d["score"].update(high="27"), "score.high: Input should be a valid integer"),
}
VECTORS: dict[str, tuple[str, Change, str]] = {
    "missing": (PHQ, lambda d: d.pop("vectors"), "vectors: Field required"),
    "none": (PHQ, lambda d: d["vectors"].clear(), "no test vector shows minimal"),
    "no prorated one": (PHQ, lambda d: d.update(vectors=[v for v in d["vectors"] if v["total_method"] != "prorated"]), "shows prorated"),
    "no invalid one": (GAD, lambda d: d.update(vectors=[v for v in d["vectors"] if v["total_method"] != "invalid"]), "shows invalid"),
    "no flag": (PHQ, lambda d: d.update(vectors=[v for v in d["vectors"] if "safety" not in v["flags"]]), "shows safety"),
    "no band": (GAD, lambda d: d.update(vectors=[v for v in d["vectors"] if v["severity"] != "severe"]), "shows severe"),
    "wrong total": (PHQ, lambda d: d["vectors"][1].update(total=5), "test vector 2: says"),
    "wrong sum": (PHQ, lambda d: d["vectors"][1].update(raw_sum=5), "test vector 2: says"),
    "wrong method": (PHQ, lambda d: d["vectors"][11].update(total_method="complete"), "test vector 12: says"),
    "wrong severity": (GAD, lambda d: d["vectors"][1].update(severity="mild"), "test vector 2: says"),
    "wrong flags": (PHQ, lambda d: d["vectors"][10].update(flags=[]), "test vector 11: says"),
    "too few answers": (GAD, lambda d: d["vectors"][0]["answers"].pop(), "test vector 1: 6 answers to 7 scored items"),
    "no such answer": (GAD, lambda d: d["vectors"][0]["answers"].__setitem__(0, 4), "test vector 1: an answer that an item does not have"),
    "more may be missing": (PHQ, lambda d: d["score"]["missing"].update(prorated=3), "test vector 19: says"),
    "no alarm at 1": (PHQ, lambda d: d["flags"][0].update(value=2), "test vector 11: says"),
    "a lower cut-off": (PHQ, lambda d: d["flags"][1].update(value=9), "test vector 4: says"),
}


def named(cases: dict[str, tuple[str, Change, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "how", "said"), cases.values(), ids=cases.keys())


def refuse(folder: Path, name: str, how: Change, said: str) -> None:
    change(folder, name, how)
    with pytest.raises(ValueError, match=r"^") as refused:
        load(folder)
    assert str(refused.value).startswith(f"{name}.json")
    assert said in str(refused.value)


@named(LOINC)
def test_a_code_without_its_check_digit_is_refused(folder: Path, name: str, how: Change, said: str) -> None:
    refuse(folder, name, how, said)


@named(RANGES)
def test_bands_and_totals_that_do_not_fit_are_refused(folder: Path, name: str, how: Change, said: str) -> None:
    refuse(folder, name, how, said)


@named(CODES)
def test_codes_that_stand_twice_or_for_nothing_are_refused(folder: Path, name: str, how: Change, said: str) -> None:
    refuse(folder, name, how, said)


@named(FLAGS)
def test_a_flag_on_what_is_not_there_is_refused(folder: Path, name: str, how: Change, said: str) -> None:
    refuse(folder, name, how, said)


@named(OPERATORS)
def test_an_operator_or_field_that_nobody_knows_is_refused(folder: Path, name: str, how: Change, said: str) -> None:
    refuse(folder, name, how, said)


@named(VECTORS)
def test_test_vectors_that_are_missing_or_fail_are_refused(folder: Path, name: str, how: Change, said: str) -> None:
    refuse(folder, name, how, said)


def test_all_that_is_wrong_is_said_at_once(folder: Path) -> None:
    change(folder, PHQ, lambda d: (d["bands"][1].update(low=6), d["score"].update(high=28)))
    with pytest.raises(ValueError, match=r"said to be 0 to 28.*gap between the bands minimal and mild"):
        load(folder)


def test_a_file_that_is_not_what_its_name_says_is_refused(folder: Path) -> None:
    publish(folder, "phq-9.v2.en", content(folder, PHQ))
    with pytest.raises(ValueError, match=r"^phq-9\.v2\.en\.json holds phq-9\.v1\.en$"):
        load(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '"phq-9"'])
@pytest.mark.parametrize("name", [PHQ, LOCK.removesuffix(".json")])
def test_what_is_no_JSON_object_is_refused(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"^{name}.json"):
        load(folder)


def test_a_file_that_says_a_thing_twice_is_refused(folder: Path) -> None:
    twice = (folder / f"{PHQ}.json").read_text(encoding="utf-8").replace('"version": "1"', '"version": "2", "version": "1"')
    (folder / f"{PHQ}.json").write_text(twice, encoding="utf-8")
    with pytest.raises(ValueError, match=r"^phq-9\.v1\.en\.json: 'version' stands twice in one object$"):
        load(folder)


LANGUAGES: dict[str, tuple[str, Change, str]] = {
    "an item more": ("gad-7.v1.es", lambda d: item(d, "69722-7").update(link_id="44250-9"), "items"),
    "another order": ("phq-9.v1.es", lambda d: d["items"].insert(0, d["items"].pop(1)), "items"),
    "no alias": ("gad-7.v1.es", lambda d: item(d, "68509-9").pop("aliases"), "items"),
    "another recall": ("phq-9.v1.es", lambda d: d.update(recall_days=7), "recall_days"),
    "another order of answers": ("phq-9.v1.es", lambda d: d["answer_lists"]["difficulty"].reverse(), "answer_lists"),
    "fewer vectors": ("gad-7.v1.es", lambda d: d["vectors"].pop(), "vectors"),
}


@named(LANGUAGES)
def test_a_language_that_differs_in_more_than_texts_is_refused(folder: Path, name: str, how: Change, said: str) -> None:
    refuse(folder, name, how, f"differs from the English in more than texts: {said}")


def test_a_version_without_English_is_refused(folder: Path) -> None:
    publish(folder, "gad-7.v2.es", content(folder, "gad-7.v1.es") | {"version": "2"})
    with pytest.raises(ValueError, match=r"^gad-7\.v2\.es\.json: there is no English of this version$"):
        load(folder)


@pytest.mark.parametrize("name", [PHQ, "phq-9.v1.es", NPS])
def test_a_published_file_that_was_edited_is_refused(folder: Path, name: str) -> None:
    edited = content(folder, name)
    edited["prompt"] += " "
    (folder / f"{name}.json").write_text(json.dumps(edited), encoding="utf-8")
    with pytest.raises(ValueError, match=f"^{name}.json was changed after it was published: make a new version of it$"):
        load(folder)


def test_a_published_file_that_was_only_laid_out_anew_is_the_same(folder: Path) -> None:
    anew = json.dumps(dict(reversed(content(folder, PHQ).items())), indent=4)
    (folder / f"{PHQ}.json").write_text(anew, encoding="utf-8")
    assert set(load(folder)) == set(catalogue.published())


def test_a_published_file_that_is_gone_is_refused(folder: Path) -> None:
    (folder / "gad-7.v1.es.json").unlink()
    with pytest.raises(ValueError, match=r"^gad-7\.v1\.es\.json was published and is gone"):
        load(folder)


def test_a_file_that_nobody_published_is_refused_with_what_to_do(folder: Path) -> None:
    new = content(folder, GAD) | {"version": "2"}
    (folder / "gad-7.v2.en.json").write_text(json.dumps(new), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^gad-7\.v2\.en\.json is not published") as refused:
        load(folder)
    assert f'add "gad-7.v2.en": "{digest_of(new)}" to digests.json' in str(refused.value)


def test_a_new_version_is_read_beside_the_old_one_and_is_then_the_newest(folder: Path) -> None:
    for version in ("2", "10"):
        publish(folder, f"gad-7.v{version}.en", content(folder, GAD) | {"version": version})
    loaded = load(folder)
    assert len({instrument.digest for instrument in loaded}) == len(loaded) == len(catalogue.published()) + 2
    gad_7 = [instrument for instrument in loaded if instrument.name == "gad-7"]
    assert catalogue.in_language(gad_7, "en").version == "10"
    assert catalogue.in_language(gad_7, "es").version == "1", "not yet in Spanish"
