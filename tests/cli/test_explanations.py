"""`facsight explain` in sentences, as it is run."""

import json

import pytest

from planted import saved_photo, tiny_unit_file


@pytest.fixture
def photo(tmp_path):
    return saved_photo(tmp_path / "photo.png", 2)


def test_styles_and_languages(facsight, photo, tmp_path):
    code, told, _ = facsight("explain", photo, "--style", "chain")
    assert code == 0
    assert [line.split(":")[0] for line in told.splitlines()[:3]] == [
        "Observations",
        "Interpretation",
        "Conclusion",
    ]
    assert "calibrated probability" in told
    code, told, _ = facsight("explain", photo, "--style", "short", "--language", "de", "--face", 2)
    assert code == 0
    assert told.startswith("Das Gesicht sieht")
    assert facsight("explain", photo, "--style", "observations")[1].startswith(
        ("Some", "Outside", "What", "The head")
    )
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_a_network_of_units_is_heard(facsight, photo, tmp_path):
    units = tiny_unit_file(tmp_path / "units.safetensors")
    code, told, _ = facsight("explain", photo, "--style", "observations", "--model", units)
    assert code == 0
    assert "The inner brows are raised (AU 1), with a probability of" in told


def test_an_explanation_with_its_cues(facsight, photo, tmp_path):
    code, told, _ = facsight("explain", photo, "--style", "chain", "--out", "why.json")
    assert (code, told.split()) == (0, ["explanation", "why.json"])
    whole = json.loads((tmp_path / "why.json").read_text(encoding="utf-8"))
    looks = whole["explanation"]["parts"]["conclusion"][0]
    assert looks["cues"][0]["value"] == max(whole["reading"]["expression"].values())


def test_a_text_is_checked(facsight, photo, tmp_path):
    said = facsight("explain", photo, "--style", "chain")[1]
    (tmp_path / "said.txt").write_text(said, encoding="utf-8")
    code, told, _ = facsight("explain", photo, "--check", "said.txt")
    assert code == 0
    assert told.rstrip().endswith("0 unsupported")
    (tmp_path / "said.txt").write_text("She feels ecstatic. AU 43 is strong. Blue sky.", encoding="utf-8")
    code, told, _ = facsight("explain", photo, "--check", "said.txt")
    assert code == 1
    assert told.splitlines()[0].split()[:3] == ["unsupported", "felt", "feels"]
    assert "unsupported unit       AU 43" in told
    assert "not judged" in told


def test_instructions_of_a_folder(facsight, photo, tmp_path):
    (tmp_path / "bad\n<b>.png").write_bytes(b"")
    code, told, _ = facsight("explain", tmp_path, "--instructions", "out.jsonl")
    assert code == 1
    assert "2 explanations of 2 photos, 0 without a face" in told
    assert "bad\\n<b>.png: " in told
    code, told, _ = facsight("explain", "out.jsonl")
    assert (code, told) == (0, "0 faults in out.jsonl\n")


def test_a_file_is_scored_by_references(facsight, tmp_path):
    for name, said in (("out.jsonl", "AU 6 and AU 12 show."), ("reference.jsonl", "AU 12 shows.")):
        (tmp_path / name).write_text(json.dumps({"image": "a.png", "text": said}) + "\n", encoding="utf-8")
    code, told, _ = facsight("explain", "out.jsonl", "--against", "reference.jsonl")
    assert code == 0
    assert told.splitlines()[1].split() == ["units", "0.500", "1.000", "0.667", "0.667"]
    assert told.splitlines()[3].split() == ["labels", "nan", "nan", "nan", "nan"]
    assert "1 text; without a reference 0" in told


def test_a_photo_without_a_face_or_broken(facsight, tmp_path):
    code, _, problem = facsight("explain", saved_photo(tmp_path / "empty\n<b>.png", 0), "--style", "short")
    assert code == 2
    assert "no face was found in" in problem
    assert "empty\\n<b>.png" in problem.replace("\n", "")
    (tmp_path / "bad.jpg").write_bytes(b"")
    code, _, problem = facsight("explain", "bad.jpg", "--style", "short")
    assert code == 1
    assert "is empty (0 bytes)" in problem


def test_wrong_use_is_told(facsight, photo, tmp_path):
    (tmp_path / "said.txt").write_text("a", encoding="utf-8")
    (tmp_path / "other.jsonl").write_text("{}\n", encoding="utf-8")
    for arguments, expected in (
        ((photo, "--style", "long"), "Invalid value for '--style'"),
        ((photo, "--style", "short", "--language", "fr"), "in the language 'fr'"),
        ((photo, "--style", "short", "--about", "anger"), "--about and --method are for the picture"),
        ((photo, "--check", "said.txt", "--style", "short"), "one thing at a time"),
        ((photo, "--check", "said.txt", "--language", "fr"), "no explanations in 'fr'"),
        ((photo, "--check", "none.txt"), "none.txt cannot be read as a text file"),
        ((photo, "--style", "short", "--out", "why.png"), "an explanation is written as .json"),
        ((photo, "--against", "other.jsonl"), "--against scores a file .jsonl"),
        (("other.jsonl", "--against", "said.txt"), "expected JSON with image"),
        (("other.jsonl",), "expected a line of facsight-instructions/1"),
        ((photo, "--style", "short", "--face", 3), "has 2 face(s), face 3 was asked for"),
    ):
        code, _, problem = facsight("explain", *arguments)
        assert code == 2, arguments
        assert expected in problem, problem
