"""Instruction data of photos: lines that stand for themselves, and that anybody can check again."""

import json

import pytest

from facsight.analysis.reader import Reader
from facsight.core.errors import BadFaces, BadOutput, BadRecipe, BadTable, MissingData
from facsight.words.explanation.instructions import check_instructions, export_instructions
from planted import PlantedFinder, saved_photo, tiny_reader_file


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    weights = tiny_reader_file(tmp_path_factory.mktemp("weights") / "tiny.safetensors")
    return Reader(weights, finder=PlantedFinder())


@pytest.fixture
def photos(tmp_path):
    """A folder with a face, two faces, none, and a photo that is none."""
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    saved_photo(folder / "deep" / "one.png", 1)
    saved_photo(folder / "two.png", 2)
    saved_photo(folder / "none.png", 0)
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


def rows(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_line_a_face_and_nothing_is_lost(reader, photos, tmp_path):
    told = export_instructions(photos, tmp_path / "out.jsonl", reader)
    assert (told.photos, told.faces, told.without_face, told.unfaithful) == (4, 3, ("none.png",), ())
    ((name, reason),) = told.failed
    assert name == "bad.png"
    assert reason
    found = rows(tmp_path / "out.jsonl")
    assert [(row["image"], row["face"]) for row in found] == [
        ("two.png", 1),
        ("two.png", 2),
        ("deep/one.png", 1),
    ]
    for row in found:
        user, assistant = row["messages"]
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        assert assistant["content"].startswith("Observations: ")
        assert "\nConclusion: The face looks" in assistant["content"]
        assert all(clause["cues"] for part in row["explanation"]["parts"].values() for clause in part)
        assert ("face in the box from (" in user["content"]) == (row["image"] == "two.png")
    assert not list(tmp_path.glob("*.part"))


def test_paths_are_inside_the_folder_wherever_it_is(reader, photos, tmp_path, monkeypatch):
    monkeypatch.chdir(photos / "deep")
    export_instructions(photos / "deep" / "..", tmp_path / "out.jsonl", reader)
    assert {row["image"] for row in rows(tmp_path / "out.jsonl")} == {"two.png", "deep/one.png"}
    export_instructions(photos / "two.png", tmp_path / "one.jsonl", reader)
    assert {row["image"] for row in rows(tmp_path / "one.jsonl")} == {"two.png"}


def test_names_with_html_and_control_characters_are_data(reader, tmp_path):
    name = "<script>a\n\x07'\"{x0}.png"
    saved_photo(tmp_path / name, 1)
    export_instructions(tmp_path, tmp_path / "out.jsonl", reader)
    (row,) = rows(tmp_path / "out.jsonl")
    assert row["image"] == name
    assert "script" not in json.dumps(row["messages"])


def test_what_was_exported_is_checked_again(reader, photos, tmp_path):
    file = tmp_path / "out.jsonl"
    export_instructions(photos, file, reader, style="short", in_language="de")
    assert check_instructions(file) == []
    text = file.read_text(encoding="utf-8")
    row = json.loads(text.splitlines()[0])
    row["messages"][1]["content"] += " Und mehr."
    row["reading"]["expression"] = dict.fromkeys(row["reading"]["expression"], 1 / 8)
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")
    faults = check_instructions(file)
    assert any("where the reading has 0.125" in fault for fault in faults)
    assert "line 1: the message is another text than its clauses" in faults


def test_a_face_whose_text_is_refused_is_left_out_and_named(reader, photos, tmp_path, monkeypatch):
    from facsight.words.explanation import instructions
    from facsight.words.explanation.checking import Fault

    monkeypatch.setattr(instructions, "check_explanation", lambda *_: [Fault(0, "a", "is false")])
    told = export_instructions(photos, tmp_path / "out.jsonl", reader)
    assert told.faces == 0
    assert told.unfaithful[0] == ("two.png, face 1", "is false")


def test_a_reading_that_is_no_number_is_named_and_ends_nothing(reader, photos, tmp_path, monkeypatch):
    from dataclasses import replace

    read_many = reader.read_many

    def spoilt(paths):
        for result in read_many(paths):
            if result.name.endswith("deep/one.png"):
                chances = dict.fromkeys(result.readings[0].expression, float("nan"))
                result = replace(result, readings=[replace(result.readings[0], expression=chances)])
            yield result

    monkeypatch.setattr(reader, "read_many", spoilt)
    told = export_instructions(photos, tmp_path / "out.jsonl", reader)
    assert told.faces == 2
    assert [name for name, _ in told.failed] == ["bad.png", "deep/one.png, face 1"]


def test_only_its_own_files_are_replaced(reader, photos, tmp_path):
    file = tmp_path / "out.jsonl"
    export_instructions(photos, file, reader)
    before = file.read_bytes()
    export_instructions(photos, file, reader)
    assert file.read_bytes() == before
    for other in ('{"schema": "facsight-text/1"}\n', "notes\n", "\xff"):
        file.write_bytes(other.encode("latin-1"))
        with pytest.raises(BadOutput, match="is no file of instructions"):
            export_instructions(photos, file, reader)
        assert file.read_bytes() == other.encode("latin-1")


def test_an_interruption_leaves_what_was_there(reader, photos, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_instructions(photos, tmp_path / "out.jsonl", reader, on_result=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_wrong_use_is_told(reader, photos, tmp_path):
    with pytest.raises(BadRecipe, match=r"instructions are a file \.jsonl"):
        export_instructions(photos, tmp_path / "out.json", reader)
    with pytest.raises(BadOutput, match="there is no folder"):
        export_instructions(photos, tmp_path / "no" / "out.jsonl", reader)
    with pytest.raises(BadRecipe, match="in the language 'fr'"):
        export_instructions(photos, tmp_path / "out.jsonl", reader, in_language="fr")
    with pytest.raises(BadRecipe, match="no style 'long'"):
        export_instructions(photos, tmp_path / "out.jsonl", reader, style="long")
    with pytest.raises(MissingData, match="found nothing"):
        export_instructions(tmp_path / "nowhere", tmp_path / "out.jsonl", reader)
    (tmp_path / "bare").mkdir()
    with pytest.raises(MissingData, match="no photo in"):
        export_instructions(tmp_path / "bare", tmp_path / "out.jsonl", reader)
    assert not (tmp_path / "out.jsonl").exists()


def test_a_line_without_its_parts_is_refused(reader, photos, tmp_path):
    file = tmp_path / "out.jsonl"
    export_instructions(photos, file, reader, style="short")
    row = json.loads(file.read_text(encoding="utf-8").splitlines()[0])
    cue = {"kind": "probability", "name": "x", "value": "much", "region": None, "time": None}
    clause = {"sentence": "a", "cues": [cue]}
    for part, value in (
        ("messages", []),
        ("messages", None),
        ("reading", row["reading"] | {"attention": {"12": "much"}}),
        ("reading", row["reading"] | {"expression": {}}),
        ("explanation", row["explanation"] | {"parts": {"conclusion": [clause]}}),
        ("explanation", row["explanation"] | {"parts": 3}),
    ):
        file.write_text(json.dumps(row | {part: value}) + "\n", encoding="utf-8")
        with pytest.raises((BadTable, BadFaces), match="expected"):
            check_instructions(file)


@pytest.mark.parametrize("line", ["nothing", "[]", '{"schema": "facsight-instructions/1"}', "[" * 9999])
def test_other_files_are_no_instructions(tmp_path, line):
    (tmp_path / "a.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(BadTable, match="expected"):
        check_instructions(tmp_path / "a.jsonl")
