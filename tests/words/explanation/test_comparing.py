"""What texts name, and files of texts against files of references, by hand."""

import json

import pytest

from facsight.core.errors import BadTable
from facsight.words.explanation.comparing import compare_files, mentioned, score_texts
from facsight.words.explanation.writing import explain_in_words, to_text
from planted_measured import NEUTRAL, SURE


def test_names_by_hand():
    found = mentioned("Raised cheeks (AU 6) and AU12. No AU 4, and it is not sad. The head tilts. Joy!")
    assert found.units == {6, 12}
    assert found.clues == {"cheeks", "mouth corners", "head"}
    assert found.labels == {"happiness"}
    assert mentioned("Gehobene Wangen, kein Ärger, Freude.", "de").labels == {"happiness"}


def test_our_own_texts():
    found = mentioned(to_text(explain_in_words(SURE)))
    assert found.units == {6, 12}
    assert found.labels == {"happiness"}
    assert {"mouth corners", "cheeks", "head"} <= found.clues
    assert mentioned(to_text(explain_in_words(NEUTRAL))).labels == {"neutral", "sadness"}


def test_scores_by_hand():
    told = score_texts([("AU 6, AU 12 and AU 4: anger.", "AU 6 and AU 12: happiness.")])
    assert (told.units.precision, told.units.recall, told.labels.f1) == (pytest.approx(2 / 3), 1.0, 0.0)
    assert told.clues.precision == pytest.approx(2 / 3)  # brows are said, not meant


def write(file, rows):
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def test_files_are_matched_by_image_and_face(tmp_path):
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "AU 12."}]
    said = write(
        tmp_path / "said.jsonl",
        [{"image": "a.png", "face": 1, "messages": messages}, {"image": "b.png", "text": "AU 4."}],
    )
    reference = write(
        tmp_path / "reference.jsonl",
        [{"image": "a.png", "text": "AU 12 and AU 6."}, {"image": "a.png", "face": 2, "text": "AU 1."}],
    )
    told = compare_files(said, reference)
    assert (told.score.texts, told.score.units.precision, told.score.units.recall) == (1, 1.0, 0.5)
    assert told.only_said == (("b.png", 1),)
    assert told.only_reference == (("a.png", 2),)


@pytest.mark.parametrize(
    "line", ["x", "{}", '{"image": "a"}', '{"image": "a", "messages": []}', "[]", "[" * 9999]
)
def test_other_lines_are_refused(tmp_path, line):
    (tmp_path / "a.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(BadTable, match="line 1: expected JSON with image"):
        compare_files(tmp_path / "a.jsonl", tmp_path / "a.jsonl")


def test_a_face_that_comes_twice_is_refused(tmp_path):
    file = write(tmp_path / "a.jsonl", [{"image": "a\n", "text": "AU 1."}] * 2)
    with pytest.raises(BadTable, match=r"line 2: a\\n, face 1, comes twice"):
        compare_files(file, file)
    with pytest.raises(BadTable, match="cannot be read"):
        compare_files(tmp_path / "none.jsonl", file)
