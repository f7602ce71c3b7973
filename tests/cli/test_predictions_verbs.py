"""Scoring, comparing and submitting predictions from the command line."""

import json

import polars as pl
import pytest

from facsight.data.opening import dataset_module, open_dataset


@pytest.fixture
def rafdb(tmp_path):
    """A tiny copy of RAF-DB in `raf`, and its test labels as predictions in `p.csv`."""
    dataset_module("rafdb").mock(tmp_path / "raf")
    table = open_dataset("rafdb", tmp_path / "raf", sealed=False).table
    test = table.filter(pl.col("split") == "test").select("sample", "expression")
    test.write_csv(tmp_path / "p.csv")
    test.with_columns(expression=pl.lit("anger")).write_csv(tmp_path / "worse.csv")
    return tmp_path


class TestScore:
    def test_a_score_is_told_and_kept(self, facsight, rafdb):
        code, told, _ = facsight("score", "p.csv", "--protocol", "rafdb7", "--root", "raf")
        assert code == 0
        assert "official: accuracy of rafdb7" in told
        data = json.loads((rafdb / "p.csv.rafdb7.json").read_text())
        assert data["official"]["value"] == 1
        assert data["label_spaces"] == ["rafdb7"]
        assert data["crop"].startswith("not told")
        assert len(data["predictions"]["sha256"]) == 64

    def test_every_opening_of_test_labels_is_counted(self, facsight, rafdb):
        for times in (1, 2, 3):
            code, _, problem = facsight(
                "score", "p.csv", "--protocol", "rafdb7", "--root", "raf", "--out", "s.json"
            )
            opened = json.loads((rafdb / "s.json").read_text())["test_labels"]
            assert (code, opened["opened"]) == (0, times)
            assert ("have now been opened" in problem) == (times > 1)
        (rafdb / "test-labels-opened.json").write_text("[")
        code, _, problem = facsight(
            "score", "p.csv", "--protocol", "rafdb7", "--root", "raf", "--out", "s.json"
        )
        assert code == 1
        assert "does not list openings of test labels any more" in problem

    def test_what_a_file_says_of_itself_is_kept_and_the_untuned_score_stands_beside(self, facsight, rafdb):
        (rafdb / "p.csv.json").write_text(json.dumps({"crop": "aligned", "postprocess": "box 3 s"}))
        options = ("--protocol", "rafdb7", "--root", "raf", "--out", "s.json")
        _, told, _ = facsight("score", "p.csv", *options)
        assert "give --untuned FILE" in told
        _, told, _ = facsight("score", "p.csv", *options, "--untuned", "worse.csv")
        data = json.loads((rafdb / "s.json").read_text())
        assert (data["crop"], data["about"]["postprocess"]) == ("aligned", "box 3 s")
        assert (data["official"]["value"], round(data["untuned"]["value"], 3)) == (1, 0.143)
        assert "before post-processing" in told

    def test_a_claim_is_told_by_its_convention(self, facsight, rafdb):
        _, told, _ = facsight(
            "score", "worse.csv", "--protocol", "rafdb7", "--root", "raf", "--claimed", "0.0357"
        )
        assert "it is macro F1 over all classes" in told

    def test_withheld_labels(self, facsight, tmp_path):
        dataset_module("affwild2_expr").mock(tmp_path / "aff")
        table = open_dataset("affwild2_expr", tmp_path / "aff").table
        table.filter(pl.col("split") == "val").select("sample", "expression").drop_nulls().write_csv("p.csv")
        options = ("--protocol", "abaw10-expr", "--root", "aff")
        code, _, problem = facsight("score", "p.csv", *options)
        assert (code, "have now been opened" in problem) == (0, False)
        assert json.loads((tmp_path / "p.csv.abaw10-expr.json").read_text())["split"] == "val"
        code, _, problem = facsight("score", "p.csv", *options, "--split", "test")
        assert code == 2
        assert "the organisers keep them" in problem

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("p.csv",), "predictions need a protocol: --protocol NAME"),
            (("p.csv", "--protocol", "rafdb"), "did you mean 'rafdb7'"),
            (("p.csv", "--protocol", "rafdb7"), "needs labels: --root FOLDER of rafdb, or --truth FILE"),
            (("none.csv", "--protocol", "rafdb7", "--root", "raf"), "expected a table of predictions"),
            (("p.csv", "--protocol", "rafdb7", "--root", "nowhere"), "nowhere"),
            (
                ("p.csv", "--protocol", "rafdb7", "--truth", "p.csv", "--codes", "rafdb"),
                "no label space 'rafdb'",
            ),
        ],
    )
    def test_wrong_use(self, facsight, rafdb, arguments, message):
        code, _, problem = facsight("score", *arguments)
        assert code == 2
        assert message in problem

    def test_nothing_is_written_where_predictions_cannot_be_used(self, facsight, rafdb):
        (rafdb / "p.csv").write_text("sample,expression\ntest_0015.jpg,surprise\n")
        code, _, problem = facsight(
            "score", "p.csv", "--protocol", "rafdb7", "--root", "raf", "--out", "s.json"
        )
        assert code == 2
        assert "13 are missing" in problem
        assert not (rafdb / "s.json").exists()


class TestCompare:
    def test_two_tables(self, facsight, rafdb):
        code, told, _ = facsight(
            "compare", "worse.csv", "p.csv", "--protocol", "rafdb7", "--root", "raf", "--out", "c.json"
        )
        assert code == 0
        assert "paired over 14 samples" in told
        found = json.loads((rafdb / "c.json").read_text())["scores"]["official"]
        assert found["difference"] == pytest.approx(12 / 14)
        assert found["p"] < 0.01

    def test_three_tables_are_too_many(self, facsight, rafdb):
        code, _, problem = facsight(
            "compare", "p.csv", "p.csv", "p.csv", "--protocol", "rafdb7", "--root", "raf"
        )
        assert code == 2
        assert "two tables of predictions" in problem


class TestProtocol:
    def test_list_and_show(self, facsight):
        assert "abaw10-va" in facsight("protocol", "list")[1]
        code, told, _ = facsight("protocol", "show", "abaw1-expr")
        assert code == 0
        assert "0.67 x macro_f1 of abaw1_expr7 + 0.33 x accuracy of abaw1_expr7" in told
        assert "mixed-five-fold" in facsight("protocol", "show", "biovid")[1]
        assert facsight("protocol", "show", "biovod")[0] == 2

    def test_folds_are_written_as_a_file(self, facsight, tmp_path):
        dataset_module("biovid").mock(tmp_path / "bio")
        code, told, problem = facsight("protocol", "split", "biovid", "--root", "bio", "--out", "folds")
        assert (code, problem) == (0, "")
        assert "2 folds of 10 samples" in told
        text = (tmp_path / "folds/biovid-leave-one-subject-out.csv").read_text()
        assert text.startswith("# facsight folds 1\n")
        arguments = ("protocol", "split", "biovid", "--root", "bio", "--out", "folds", "--scheme")
        code, _, problem = facsight(*arguments, "mixed-five-fold")
        assert code == 0
        assert "warning: this published scheme has every person on both sides" in problem
        code, _, problem = facsight(*arguments, "ten")
        assert code == 2
        assert "ten-targets" in problem


SAMPLE = "image_location,valence,arousal\n" + "".join(
    f"{v}/{k:05d}.jpg,0,0\n" for v in ("a", "a_left") for k in (1, 2, 3)
)


class TestSubmit:
    OPTIONS = ("--protocol", "abaw10-va", "--sample", "sample.txt")

    @pytest.fixture
    def predicted(self, tmp_path):
        (tmp_path / "sample.txt").write_text(SAMPLE)
        rows = "a/00001.jpg,0.25,0\na/00003.jpg,0.75,0.5\na_left/00001.jpg,-1,1\na/00004.jpg,0,0\n"
        (tmp_path / "p.csv").write_text("sample,valence,arousal\n" + rows)
        return tmp_path

    def test_complete_write_check(self, facsight, predicted):
        code, _, problem = facsight("submit", "write", "p.csv", *self.OPTIONS, "--out", "sub")
        assert code == 2
        assert "3 of 6 rows that the challenge asks for have no prediction" in problem
        code, told, problem = facsight("submit", "complete", "p.csv", *self.OPTIONS, "--out", "sub")
        assert code == 0
        assert "filled 3 of 6 rows in 2 videos" in told
        assert "1 rows are of samples that the list does not have" in problem
        assert (predicted / "sub/filled.csv").read_text() == (
            "video,rows,head,gap,tail,whole\na,3,0,1,0,0\na_left,3,0,0,2,0\n"
        )
        code, told, _ = facsight("submit", "write", "sub/completed.parquet", *self.OPTIONS, "--out", "sub")
        assert code == 0
        assert "complete, 6 rows" in told
        assert (predicted / "sub/predictions.txt").read_text().splitlines()[1:4] == [
            "a/00001.jpg,0.250000,0.000000",
            "a/00002.jpg,0.500000,0.250000",
            "a/00003.jpg,0.750000,0.500000",
        ]
        assert facsight("submit", "check", "sub", *self.OPTIONS)[0] == 0

    def test_a_submission_with_a_row_missing_leaves_with_1(self, facsight, predicted):
        (predicted / "predictions.txt").write_text("".join(SAMPLE.splitlines(keepends=True)[:-1]))
        code, told, _ = facsight("submit", "check", "predictions.txt", *self.OPTIONS)
        assert code == 1
        assert "error: predictions.txt: expected 6 rows, 1 are missing: 'a_left/00003.jpg'" in told

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (
                ("--protocol", "rafdb7", "--sample", "sample.txt"),
                "rafdb7 is no challenge and takes no submissions",
            ),
            (("--protocol", "abaw10-va", "--sample", "none.txt"), "expected a sample submission"),
            ((*OPTIONS, "--method", "linear"), "Known: forward, nearest"),
        ],
    )
    def test_wrong_use(self, facsight, predicted, arguments, message):
        code, _, problem = facsight("submit", "complete", "p.csv", *arguments, "--out", "sub")
        assert code == 2
        assert message in problem
