"""Tables of predictions: what is found in them, by name, and every kind of row that cannot be used."""

import json
import tracemalloc

import numpy as np
import polars as pl
import pytest

from facsight.core.errors import BadOutput, BadTable, MissingData
from facsight.core.labels import label_space
from facsight.data import text_blocks
from facsight.data.predictions import read_predictions, write_predictions

SAMPLES = pl.Series("sample", ["a", "b", "c"])


@pytest.fixture
def read(tmp_path):
    def call(text, space, samples=SAMPLES, **options):
        path = tmp_path / "p.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_predictions(path, samples, [label_space(name) for name in space.split()], **options)

    return call


def told(predictions):
    return [(one.line, one.message) for one in predictions.findings.deviations]


class TestFindingColumns:
    @pytest.mark.parametrize("name", ["sample", "image_location", "Filename", "video_path", "File_ID"])
    def test_spellings_of_the_sample(self, read, name):
        assert read(f"{name},valence,arousal\nb,0.5,-1\n", "affwild2_va").missing.to_list() == ["a", "c"]

    @pytest.mark.parametrize(
        "name", ["expression", "Expression", "prediction", "label", "predicted_expression"]
    )
    def test_spellings_of_the_answer(self, read, name):
        found = read(f"sample,{name}\na,Happy\nb,sad\nc,ANGER\n", "affectnet7").table
        assert found["expression"].to_list() == ["happiness", "sadness", "anger"]

    def test_probabilities_are_found_by_name_and_decide(self, read):
        head = "sample,p_anger,p_neutral,prob_Fear,disgust,happy,sad,surprise\n"
        found = read(head + "a,0.1,0.4,0.3,0.05,0.05,0.05,0.05\n", "affectnet7").table
        assert found["expression"][0] == "neutral"
        assert found["probability_of_fear"][0] == pytest.approx(0.3)

    def test_a_class_that_the_space_lacks_is_not_chosen(self, read):
        text = (
            "sample,neutral,happiness,sadness,surprise,fear,disgust,anger,contempt\na,0,0,0,0,0.3,0.1,0,0.6\n"
        )
        assert read(text, "affectnet7").table["expression"][0] == "fear"

    def test_one_probability_of_two_classes(self, read):
        found = read("sample,p_present\na,0.25\nb,0.75\n", "bah2").table
        assert found["ambivalence"].to_list() == ["absent", "present", None]
        assert found["probability_of_absent"].to_list()[:2] == [0.75, 0.25]

    def test_units_and_emotions_by_any_spelling(self, read):
        units = [1, 2, 4, 6, 9, 12, 25, 26]
        found = read("sample," + ",".join(f"AU{k}" for k in units) + "\na,1,0,0,0,1,0,0,0\n", "disfa8").table
        assert (found["AU01"][0], found["AU02"][0], found["AU09"][0]) == (1, 0, 1)
        text = "Filename,Admiration,Amusement,Determination,Empathic Pain,Excitement,Joy\na,0,0,0,0.5,0,0\n"
        assert read(text, "emi6").table["empathic_pain"][0] == 0.5

    def test_what_is_lacking_is_named(self, read):
        with pytest.raises(BadTable, match=r"p\.csv, line 1.*lacks arousal: did you mean 'arousel'"):
            read("sample,valence,arousel\na,0,0\n", "affwild2_va")
        with pytest.raises(BadTable, match="affectnet7 needs its answers in a column `expression`"):
            read("sample,neutral,happiness\na,0.5,0.5\n", "affectnet7")
        with pytest.raises(BadTable, match="expected a column that names the sample"):
            read("who,valence,arousal\na,0,0\n", "affwild2_va")

    def test_what_could_be_several_is_refused(self, read):
        with pytest.raises(BadTable, match="image, path could all name the sample"):
            read("image,path,valence,arousal\na,b,0,0\n", "affwild2_va")
        with pytest.raises(BadTable, match="prediction, label could all be the answer"):
            read("sample,prediction,label\na,fear,fear\n", "affectnet7")


class TestCodes:
    def test_numbers_are_no_classes(self, read):
        [(line, message)] = told(read("sample,expression\na,3\n", "affectnet7"))
        assert line == 2
        assert "numbers are classes only with --codes" in message

    def test_codes_are_those_of_the_space_that_is_named(self, read):
        text = "sample,expression\na,3\nb,1\nc,0\n"
        assert read(text, "affectnet7", codes="affectnet8").table["expression"].to_list() == [
            "surprise", "happiness", "neutral",
        ]  # fmt: skip
        assert read(text, "affectnet7", codes="fer2013").table["expression"].to_list() == [
            "happiness", "disgust", "anger",
        ]  # fmt: skip

    def test_a_code_of_a_class_that_is_lost_is_told(self, read):
        found = read("sample,expression\na,7\nb,9\n", "affectnet7", codes="affectnet8")
        assert told(found)[0][0] == 2
        assert "2 such rows" in told(found)[0][1]


class TestRowsThatStray:
    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ("b,nan,0", "expected a finite number for valence, found 'nan'"),
            ("b,inf,0", "expected a finite number for valence, found 'inf'"),
            ("b,1.01,0", "expected valence from -1 to 1, found '1.01'"),
            ("b,,0", "expected a number for valence"),
            ("b,half,0", "expected a number for valence, found 'half'"),
            ("b,0", "expected 3 fields (sample, valence, arousal), found '2: b,0'"),
            ("b,0,0,0", "expected 3 fields (sample, valence, arousal), found '4: b,0,0,0'"),
            ("a,0.5,0.5", "expected every sample once, it is there again, found 'a'"),
        ],
    )
    def test_each_is_told_with_its_line(self, read, row, message):
        found = read(f"sample,valence,arousal\na,0,0\n{row}\nc,0,0\n", "affwild2_va")
        assert told(found) == [(3, message)]
        with pytest.raises(BadTable, match=r"p\.csv, line 3"):
            found.refuse_strays()

    def test_the_first_of_two_rows_is_kept(self, read):
        found = read("sample,valence,arousal\na,0.25,0\na,0.5,0\n", "affwild2_va")
        assert found.table["valence"][0] == 0.25

    def test_probabilities_that_are_none(self, read):
        head = "sample,neutral,happiness,sadness,surprise,fear,disgust,anger\n"
        found = read(f"{head}a,0.2,0.2,0.2,0.2,0.2,0.2,0.2\nb,5,-1,0,0,0,0,0\n", "affectnet7")
        assert told(found)[0] == (2, "expected probabilities of 7 classes that sum to 1, found '1.4'")
        assert told(found)[1][0] == 3
        assert "softmax" in told(found)[1][1]

    def test_an_id_that_begins_another_is_another(self, read):
        samples = pl.Series("sample", ["140/00001.jpg", "140-30/00001.jpg", "9_left/00001.jpg"])
        text = "sample,valence,arousal\n140-30/00001.jpg,0.5,0\n9/00001.jpg,0,0\n9_right/00001.jpg,0,0\n"
        found = read(text, "affwild2_va", samples)
        assert found.table["valence"].to_list() == [None, 0.5, None]
        assert found.unknown == 2
        assert found.unknown_named == ((3, "9/00001.jpg"), (4, "9_right/00001.jpg"))

    def test_windows_ends_and_a_blank_line_at_the_end_are_no_matter(self, read):
        found = read("sample,valence,arousal\r\na,0,0\r\nb,0,0\r\nc,0,0.5\r\n\r\n", "affwild2_va")
        assert found.table["arousal"].to_list() == [0, 0, 0.5]
        assert not found.findings.fatal

    def test_a_blank_line_in_the_middle_is_told(self, read):
        found = read("sample,valence,arousal\na,0,0\n\nb,0,0\n", "affwild2_va")
        assert told(found) == [(3, "expected no blank line")]
        assert found.table["line"].to_list() == [2, 4, None]

    def test_quoted_fields(self, read):
        found = read('sample,valence,arousal\n"a",0,0\n"b","0.5",0\n', "affwild2_va")
        assert found.table["valence"].to_list() == [0, 0.5, None]

    def test_a_quote_that_never_closes(self, read):
        rows = "".join(f"{k},0,0\n" for k in range(40_000))
        found = read(f'sample,valence,arousal\na,0,0\n"b,0,0\n{rows}', "affwild2_va")
        assert (3, "expected quotes that close on their line") in [
            (n, m.split(", found")[0]) for n, m in told(found)
        ]

    def test_mixed_encodings_are_told_with_their_line(self, read):
        found = read(b"sample,valence,arousal\na,0,0\n" + b"caf\xe9,0,0\n", "affwild2_va")
        assert told(found) == [(3, "expected UTF-8 throughout, mixed encodings, found 'byte 0xe9'")]


class TestFilesThatAreNoTables:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"sample;valence;arousal\na;0;0\n", "line 1: expected columns separated by commas"),
            (b"sample\tvalence\tarousal\na\t0\t0\n", "separated by commas"),
            ("sample,valence\n".encode("utf-16"), "UTF-16"),
            (b"", "header of at least two columns"),
            (b"sample,valence,valence\n", "'valence' is there 2 times"),
            (b"sample,valen\xe7e\n", "line 1: expected UTF-8"),
            (b"x" * 2_000_000, "without a line end"),
        ],
    )
    def test_each_is_told(self, read, data, message):
        with pytest.raises(BadTable, match=message):
            read(data, "affwild2_va")

    def test_no_file(self, tmp_path):
        with pytest.raises(MissingData, match="expected a table of predictions"):
            read_predictions(tmp_path / "none.csv", SAMPLES, [label_space("affwild2_va")])

    def test_damaged_parquet(self, tmp_path):
        path = tmp_path / "p.parquet"
        pl.DataFrame({"sample": ["a"], "valence": [0.0], "arousal": [0.0]}).write_parquet(path)
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(BadTable, match="damaged Parquet"):
            read_predictions(path, SAMPLES, [label_space("affwild2_va")])


class TestParquet:
    def test_typed_columns(self, tmp_path):
        path = tmp_path / "p.parquet"
        table = {"sample": ["c", "a"], "expression": pl.Series([1, 0], dtype=pl.Int8), "other": [0, 0]}
        pl.DataFrame(table).write_parquet(path)
        found = read_predictions(path, SAMPLES, [label_space("affectnet7")], codes="affectnet7")
        assert found.table["expression"].to_list() == ["neutral", None, "happiness"]
        assert found.table["line"].to_list() == [2, None, 1]

    def test_words_of_an_enumeration(self, tmp_path):
        path = tmp_path / "p.parquet"
        words = pl.Series(["fear"], dtype=pl.Enum(["fear", "anger"]))
        pl.DataFrame({"sample": ["b"], "expression": words}).write_parquet(path)
        found = read_predictions(path, SAMPLES, [label_space("affectnet7")])
        assert found.table["expression"].to_list() == [None, "fear", None]

    def test_nan_and_null(self, tmp_path):
        path = tmp_path / "p.parquet"
        numbers = {"valence": [float("nan"), None, 0.5], "arousal": [0.0, 0.0, 0.5]}
        pl.DataFrame({"sample": ["a", "b", "c"]} | numbers).write_parquet(path)
        found = read_predictions(path, SAMPLES, [label_space("affwild2_va")])
        assert [line for line, _ in told(found)] == [1, 2]

    def test_what_a_file_says_of_itself(self, tmp_path, read):
        path = tmp_path / "p.parquet"
        table = pl.DataFrame({"sample": ["a"], "valence": [0.0], "arousal": [0.0]})
        table.write_parquet(path, metadata={"crop": "cropped_aligned"})
        found = read_predictions(path, SAMPLES, [label_space("affwild2_va")])
        assert dict(found.about) == {"crop": "cropped_aligned"}
        (tmp_path / "p.csv.json").write_text(json.dumps({"crop": "cropped"}))
        assert read("sample,valence,arousal\na,0,0\n", "affwild2_va").about == {"crop": "cropped"}


def test_blocks_do_not_change_what_is_read(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    names = [f"v{k % 7}/{k:05d}.jpg" for k in range(400)]
    values = rng.uniform(-1, 1, (400, 2)).round(4)
    order = rng.permutation(400)
    rows = "".join(f"{names[k]},{values[k, 0]},{values[k, 1]}\n" for k in order)
    path = tmp_path / "p.csv"
    path.write_text("sample,valence,arousal\n" + rows + "v1/00001.jpg,0,0\n")
    monkeypatch.setattr(text_blocks, "BLOCK_BYTES", 97)
    found = read_predictions(path, pl.Series("sample", names), [label_space("affwild2_va")])
    assert found.table.select("valence", "arousal").to_numpy() == pytest.approx(values, abs=1e-6)
    assert found.table["line"].to_list() == [int(np.flatnonzero(order == k)[0]) + 2 for k in range(400)]
    assert told(found) == [(402, "expected every sample once, it is there again, found 'v1/00001.jpg'")]


def test_memory_depends_on_the_list_and_not_on_the_file(tmp_path, monkeypatch):
    path = tmp_path / "p.csv"
    with path.open("w") as file:
        file.write("sample,valence,arousal\na,0,0\n")
        for k in range(20):
            file.write("".join(f"{k}-{n},0,0\n" for n in range(20_000)))
    monkeypatch.setattr(text_blocks, "BLOCK_BYTES", 1 << 16)
    tracemalloc.start()
    found = read_predictions(path, SAMPLES, [label_space("affwild2_va")])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.unknown == 400_000
    assert peak < path.stat().st_size / 4


class TestWriting:
    HEAD = "sample,p_anger,p_neutral,p_fear,p_disgust,p_happy,p_sad,p_surprise,valence,arousal\n"

    @pytest.mark.parametrize("ending", ["csv", "parquet"])
    def test_what_is_written_is_read_back_with_what_it_says_of_itself(self, read, tmp_path, ending):
        row = "0.1,0.4,0.3,0.05,0.05,0.05,0.05,-0.125,1"
        found = read(self.HEAD + f"c,{row}\na,{row}\n", "affectnet7 affwild2_va")
        path = tmp_path / f"kept.{ending}"
        write_predictions(path, found.table, {"crop": "aligned", "postprocess": "box \u00bd s"})
        spaces = [label_space("affectnet7"), label_space("affwild2_va")]
        again = read_predictions(path, SAMPLES, spaces)
        assert again.missing.to_list() == ["b"]
        assert again.table.drop("line").equals(found.table.drop("line"))
        assert again.about == {"crop": "aligned", "postprocess": "box \u00bd s"}

    def test_another_ending(self, read, tmp_path):
        found = read("sample,valence,arousal\na,0.5,-1\n", "affwild2_va")
        with pytest.raises(BadOutput, match=r"ends in \.csv or \.parquet"):
            write_predictions(tmp_path / "kept.txt", found.table, {})
        assert not list(tmp_path.glob("kept*"))
