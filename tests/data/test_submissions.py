"""Submissions as challenges take them: the very bytes, what is refused, and that nothing is half-written."""

import zipfile
from decimal import Decimal

import polars as pl
import pytest

from facsight.core.errors import BadOutput, BadTable, MissingData, UnknownName
from facsight.data.sample_list import read_sample_list
from facsight.data.submission_check import check_submission
from facsight.data.submission_formats import FORMATS, submission_format
from facsight.data.submissions import read_any, write_submission

EXPR, VA, AU, MTL = (FORMATS[name] for name in ("expr", "va", "au", "mtl"))
EXPR_HEADER = "image_location,Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other"
SAMPLES = ["10-60_left/00001.jpg", "10-60_left/00002.jpg", "10-60/00001.jpg"]


def table_of(form, samples):
    """Predictions of every sample: the k-th class, unit pattern or value in turn."""
    columns = {"sample": samples}
    for space in form.label_spaces:
        if space.kind == "classes":
            words = [space.classes[k % len(space)] for k in range(len(samples))]
            columns[space.column] = pl.Series(words, dtype=pl.Enum(space.classes))
        for name in space.columns if space.kind != "classes" else ():
            step = 1.0 if space.kind == "units" else 0.125
            columns[name] = [(k % 2) * step for k in range(len(samples))]
    for k, name in enumerate(form.chance_columns):
        columns[name] = [(0.3, 0.7)[k ^ (n % 2)] for n in range(len(samples))]
    return pl.DataFrame(columns)


def samples_of(form):
    if form.per_video:
        return [form.frame.format(video=video, number=k) for video in ("a", "a_left") for k in range(1, 4)]
    if form.frames:
        return [f"v{k}/{n:05d}.jpg" for k in range(2) for n in range(1, 4)]
    return [f"clip{k}.mp4" for k in range(5)]


def listed_of(form, samples, tmp_path):
    path = tmp_path / "sample.txt"
    if form.per_video:
        path.write_text("video,frames\na,3\na_left,3\n")
    else:
        path.write_text("".join(f"{one}\n" for one in ([form.header] if form.header else []) + samples))
    return read_sample_list(path, form)


@pytest.fixture
def expr(tmp_path):
    """Writes a submission of expressions from its lines, and gives what the check tells of it."""
    listed = listed_of(EXPR, SAMPLES, tmp_path)

    def check(*lines, end="\n", header=EXPR_HEADER):
        path = tmp_path / "predictions.txt"
        path.write_bytes(end.join([header, *lines, ""]).encode())
        return check_submission(path, listed, EXPR)

    return check


GOOD = [f"{sample},{k}" for k, sample in enumerate(SAMPLES)]


@pytest.mark.parametrize("name", FORMATS)
class TestEveryFormat:
    def test_what_is_written_passes_the_check(self, name, tmp_path):
        form = FORMATS[name]
        samples = samples_of(form)
        listed = listed_of(form, samples, tmp_path)
        assert listed["sample"].to_list() == samples
        files = write_submission([table_of(form, samples)], listed, form, tmp_path / "out")
        assert check_submission(files[0] if form.zipped else tmp_path / "out", listed, form) == []

    def test_a_missing_row_is_caught(self, name, tmp_path):
        form = FORMATS[name]
        samples = samples_of(form)
        listed = listed_of(form, samples, tmp_path)
        write_submission([table_of(form, samples[:-1])], listed[:-1], form, tmp_path / "out")
        target = tmp_path / "out" / f"{name}.zip" if form.zipped else tmp_path / "out"
        [told] = [one for one in check_submission(target, listed, form) if one.fatal]
        assert "1 are missing" in told.message
        assert repr(samples[-1]) in told.message

    def test_a_prediction_that_is_missing_is_not_written(self, name, tmp_path):
        form = FORMATS[name]
        samples = samples_of(form)
        listed = listed_of(form, samples, tmp_path)
        with pytest.raises(BadTable, match=r"1 of .* rows that the challenge asks for have no prediction"):
            write_submission([table_of(form, samples[:-1])], listed, form, tmp_path / "out")
        assert not (tmp_path / "out").exists()


class TestBytes:
    """The formats, by hand."""

    @pytest.mark.parametrize(
        ("name", "rows"),
        [
            (
                "va",
                "image_location,valence,arousal\nv/00001.jpg,0.000000,0.000000\nv/00002.jpg,0.125000,0.125000\n",
            ),
            ("expr", f"{EXPR_HEADER}\nv/00001.jpg,0\nv/00002.jpg,1\n"),
            (
                "au",
                "image_location,AU1,AU2,AU4,AU6,AU7,AU10,AU12,AU15,AU23,AU24,AU25,AU26\n"
                "v/00001.jpg,0,0,0,0,0,0,0,0,0,0,0,0\nv/00002.jpg,1,1,1,1,1,1,1,1,1,1,1,1\n",
            ),
            (
                "mtl",
                "image,valence,arousal,expression,aus\nv/00001.jpg,0.000000,0.000000,0,0,0,0,0,0,0,0,0,0,0,0,0\n"
                "v/00002.jpg,0.125000,0.125000,1,1,1,1,1,1,1,1,1,1,1,1,1\n",
            ),
            (
                "ce",
                "image_location,Fearfully_Surprised,Happily_Surprised,Sadly_Surprised,Disgustedly_Surprised,"
                "Angrily_Surprised,Sadly_Fearful,Sadly_Angry\nv/00001.jpg,0\nv/00002.jpg,1\n",
            ),
            ("ah_frames", "v/00001.jpg,0\nv/00002.jpg,1\n"),
        ],
    )
    def test_of_frames(self, name, rows, tmp_path):
        form, samples = FORMATS[name], ["v/00001.jpg", "v/00002.jpg"]
        [path] = write_submission(
            [table_of(form, samples)], listed_of(form, samples, tmp_path), form, tmp_path
        )
        assert path.read_bytes() == rows.encode()

    def test_of_clips(self, tmp_path):
        form, samples = FORMATS["emi"], ["00001", "00002"]
        [path] = write_submission(
            [table_of(form, samples)], listed_of(form, samples, tmp_path), form, tmp_path
        )
        assert path.read_text() == (
            "Filename,Admiration,Amusement,Determination,Empathic Pain,Excitement,Joy\n"
            + "00001" + ",0.000000" * 6 + "\n00002" + ",0.125000" * 6 + "\n"
        )  # fmt: skip

    def test_of_videos_in_trials(self, tmp_path):
        form, samples = FORMATS["ah"], ["Videos/1/Visite_1/1_Question_2_Video.mp4", "Videos/2/Visite_1/b.mp4"]
        listed = listed_of(form, samples, tmp_path)
        assert listed["video"].to_list() == samples
        tables = [table_of(form, samples), table_of(form, samples[::-1])]
        files = write_submission(tables, listed, form, tmp_path / "out")
        assert [path.name for path in files] == ["trial-0.txt", "trial-1.txt"]
        assert files[0].read_text() == f"video_path,pred\n{samples[0]},0\n{samples[1]},1\n"
        assert files[1].read_text() == f"video_path,pred\n{samples[0]},1\n{samples[1]},0\n"
        with pytest.raises(BadTable, match="takes 1 to 5 trials"):
            write_submission([table_of(form, samples)] * 6, listed, form, tmp_path / "out")

    def test_of_files_a_video(self, tmp_path):
        form = FORMATS["vd"]
        samples = samples_of(form)
        listed = listed_of(form, samples, tmp_path)
        [path] = write_submission([table_of(form, samples)], listed, form, tmp_path)
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist() == ["a.csv", "a_left.csv"]
            assert archive.read("a_left.csv") == b"Frame_Number,Label\n1,1\n2,0\n3,1\n"

    def test_of_the_first_edition(self, tmp_path):
        form = FORMATS["va_folder"]
        samples = samples_of(form)
        write_submission([table_of(form, samples)], listed_of(form, samples, tmp_path), form, tmp_path)
        assert (tmp_path / "VA_Set/a.txt").read_text() == (
            "valence,arousal\n0.000,0.000\n0.125,0.125\n0.000,0.000\n"
        )

    def test_the_same_predictions_give_the_same_archive(self, tmp_path):
        form = FORMATS["vd"]
        samples = samples_of(form)
        listed = listed_of(form, samples, tmp_path)
        pair = [write_submission([table_of(form, samples)], listed, form, tmp_path / k)[0] for k in "ab"]
        assert pair[0].read_bytes() == pair[1].read_bytes()


class TestExactProbabilities:
    FORM = FORMATS["ah_private"]

    def test_two_probabilities_sum_to_one_in_decimals_and_in_floats(self, tmp_path):
        samples = [f"{k}.mp4" for k in range(101)]
        chances = [k / 100 for k in range(101)]
        table = table_of(self.FORM, samples).with_columns(
            probability_of_present=pl.Series(chances),
            probability_of_absent=pl.Series([1 - c for c in chances]),
        )
        [path] = write_submission([table], listed_of(self.FORM, samples, tmp_path), self.FORM, tmp_path)
        with zipfile.ZipFile(path) as archive:
            rows = archive.read("trial-0.txt").decode().splitlines()
        assert rows[0] == "video_id,p0,p1,label"
        for row, chance in zip(rows[1:], chances, strict=True):
            first, second = row.split(",")[1:3]
            assert Decimal(first) + Decimal(second) == 1
            assert float(first) + float(second) == 1.0
            assert float(second) == pytest.approx(chance, abs=1e-5)

    @pytest.mark.parametrize("pair", ["0.3,0.70001", "0.333,0.666", "0.5,half", "0.1,0.9000000000000001"])
    def test_others_are_refused(self, pair, tmp_path):
        listed = listed_of(self.FORM, ["1.mp4"], tmp_path)
        path = tmp_path / "trial-0.txt"
        path.write_text(f"{self.FORM.header}\n1.mp4,{pair},1\n")
        assert "sum is 1 exactly" in str(check_submission(path, listed, self.FORM)[-1])

    def test_another_order_is_fatal(self, tmp_path):
        listed = listed_of(self.FORM, ["1.mp4", "2.mp4"], tmp_path)
        path = tmp_path / "trial-0.txt"
        path.write_text(f"{self.FORM.header}\n2.mp4,0.5,0.5,1\n1.mp4,0.5,0.5,1\n")
        found = [one for one in check_submission(path, listed, self.FORM) if one.fatal]
        assert [one.line for one in found] == [2]
        assert "order of the list" in found[0].message


class TestCheck:
    def test_a_good_one(self, expr):
        assert expr(*GOOD) == []

    @pytest.mark.parametrize(
        ("lines", "told"),
        [
            (GOOD[:2], (None, "expected 3 rows, 1 are missing: '10-60/00001.jpg'")),
            ([*GOOD, GOOD[0]], (5, "it is there again, found '10-60_left/00001.jpg'")),
            ([*GOOD, "10-60_right/00001.jpg,0"], (5, "a listed sample, found '10-60_right/00001.jpg'")),
            ([*GOOD, "10-6/00001.jpg,0"], (5, "a listed sample, found '10-6/00001.jpg'")),
            ([GOOD[0], GOOD[1], "10-60/00001.jpg,8"], (4, "expected a code of affwild2_expr8")),
            ([GOOD[0], GOOD[1], "10-60/00001.jpg,2.0"], (4, "found '2.0'")),
            ([GOOD[0], GOOD[1], "10-60/00001.jpg,Fear"], (4, "found 'Fear'")),
            ([GOOD[0], GOOD[1], "10-60/00001.jpg,0,1,0"], (4, "expected 2 fields")),
            ([GOOD[0], "", *GOOD[1:]], (3, "expected no blank line")),
        ],
    )
    def test_what_is_fatal(self, expr, lines, told):
        found = [(one.line, one.message) for one in expr(*lines) if one.fatal]
        assert any(line == told[0] and told[1] in message for line, message in found), found

    def test_the_header_is_taken_literally(self, expr):
        [found] = expr(*GOOD, header=EXPR_HEADER.lower())
        assert (found.line, found.fatal) == (1, True)

    def test_another_order_and_windows_line_ends_are_odd(self, expr):
        assert [one.fatal for one in expr(*GOOD[::-1])] == [False]
        assert [one.fatal for one in expr(*GOOD, end="\r\n")] == [False]

    def test_two_kinds_of_line_ends_are_fatal(self, expr):
        found = expr(GOOD[0] + "\r", *GOOD[1:])
        assert "1 of 4 are those of Windows" in found[0].message
        assert found[0].fatal

    def test_units_are_zero_or_one(self, tmp_path):
        listed = listed_of(AU, ["v/00001.jpg"], tmp_path)
        path = tmp_path / "predictions.txt"
        path.write_text(AU.header + "\nv/00001.jpg" + ",0" * 11 + ",0.5\n")
        assert "expected 0 or 1 for AU26, found '0.5'" in str(check_submission(path, listed, AU)[0])

    @pytest.mark.parametrize("value", ["nan", "1.5", "", "-inf"])
    def test_values_are_finite_and_in_range(self, value, tmp_path):
        listed = listed_of(VA, ["v/00001.jpg"], tmp_path)
        path = tmp_path / "predictions.txt"
        path.write_text(f"{VA.header}\nv/00001.jpg,{value},0\n")
        assert [one.line for one in check_submission(path, listed, VA)] == [2]

    def test_a_sample_that_the_list_has_twice_is_wanted_twice(self, tmp_path):
        twice = ["v/00001.jpg", "v/00002.jpg", "v/00001.jpg"]
        listed = listed_of(EXPR, twice, tmp_path)
        [path] = write_submission([table_of(EXPR, twice[:2])], listed, EXPR, tmp_path)
        assert path.read_text().splitlines()[1:] == ["v/00001.jpg,0", "v/00002.jpg,1", "v/00001.jpg,0"]
        assert check_submission(path, listed, EXPR) == []
        path.write_text("\n".join(path.read_text().splitlines()[:3]) + "\n")
        assert "1 are missing: 'v/00001.jpg'" in check_submission(path, listed, EXPR)[0].message

    def test_files_of_videos(self, tmp_path):
        form = FORMATS["vd"]
        listed = listed_of(form, [], tmp_path)
        (tmp_path / "a.csv").write_text("Frame_Number,Label\n1,0\n2,0\n4,0\n")
        (tmp_path / "b.csv").write_text("Frame_Number,Label\n1,0\n")
        told = {str(one) for one in check_submission(tmp_path, listed, form) if one.fatal}
        assert told == {
            "b.csv: a file of a video that is not asked for",
            "a.csv: expected 3 rows, 1 are missing: 'a/3'; `facsight submit complete` fills them",
            "a.csv, line 4: expected a listed sample, found 'a/4'",
            "a_left.csv: expected a file for this video, 3 rows",
        }

    @pytest.mark.parametrize("name", ["../a.csv", "/a.csv", "a.exe", "x\\a.csv"])
    def test_an_archive_with_a_strange_entry_is_not_unpacked(self, name, tmp_path):
        form = FORMATS["vd"]
        path = tmp_path / "vd.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, "Frame_Number,Label\n1,0\n")
        [found] = check_submission(path, listed_of(form, [], tmp_path), form)
        assert "does not belong there" in found.message

    def test_nothing_there(self, tmp_path):
        with pytest.raises(MissingData, match=r"expected predictions\.txt there"):
            check_submission(tmp_path, listed_of(EXPR, SAMPLES, tmp_path), EXPR)


class TestLists:
    def test_a_list_without_a_header(self, tmp_path):
        path = tmp_path / "list.txt"
        path.write_text("v/00001.jpg\r\nv/00002.jpg\r\n\r\n")
        listed = read_sample_list(path, EXPR)
        assert listed.rows() == [("v/00001.jpg", "v", 1), ("v/00002.jpg", "v", 2)]

    def test_a_folder_of_sample_files(self, tmp_path):
        (tmp_path / "b.csv").write_text("Frame_Number,Label\n3,0\n4,0\n")
        (tmp_path / "a.csv").write_text("Frame_Number,Label\n1,0\n")
        assert read_sample_list(tmp_path, FORMATS["vd"])["sample"].to_list() == ["a/1", "b/3", "b/4"]

    def test_what_is_no_list(self, tmp_path):
        with pytest.raises(MissingData, match="expected a sample submission"):
            read_sample_list(tmp_path / "none.txt", EXPR)
        (tmp_path / "empty.txt").write_text(EXPR.header + "\n")
        with pytest.raises(BadTable, match="found none"):
            read_sample_list(tmp_path / "empty.txt", EXPR)
        (tmp_path / "t.csv").write_text("video,frames\na,many\n")
        with pytest.raises(BadTable, match=r"line 2: expected a number of frames, found 'many'"):
            read_sample_list(tmp_path / "t.csv", FORMATS["vd"])


class TestWriting:
    def test_names_do_not_lead_out_of_the_folder(self, tmp_path):
        form = FORMATS["vd"]
        (tmp_path / "t.csv").write_text("video,frames\n../../evil,1\n")
        listed = read_sample_list(tmp_path / "t.csv", form)
        with pytest.raises(BadTable, match="names of videos that can name a file"):
            write_submission([table_of(form, ["../../evil/1"])], listed, form, tmp_path / "out")
        assert not (tmp_path.parent / "evil.csv").exists()

    def test_a_folder_is_replaced_as_a_whole(self, tmp_path):
        form = FORMATS["va_folder"]
        samples = samples_of(form)
        listed = listed_of(form, samples, tmp_path)
        (tmp_path / "VA_Set").mkdir()
        (tmp_path / "VA_Set" / "old.txt").write_text("old")
        write_submission([table_of(form, samples)], listed, form, tmp_path)
        assert sorted(path.name for path in tmp_path.rglob("*.txt") if "VA_Set" in str(path)) == [
            "a.txt",
            "a_left.txt",
        ]
        assert not list(tmp_path.glob("VA_Set.*"))

    def test_where_no_folder_can_be(self, tmp_path):
        (tmp_path / "out").write_text("a file")
        listed = listed_of(EXPR, SAMPLES, tmp_path)
        with pytest.raises(BadOutput, match="cannot be made a folder"):
            write_submission([table_of(EXPR, SAMPLES)], listed, EXPR, tmp_path / "out")

    def test_a_submission_is_read_as_predictions(self, tmp_path):
        samples = pl.Series("sample", SAMPLES)
        listed = listed_of(MTL, SAMPLES, tmp_path)
        table = table_of(MTL, SAMPLES)
        [path] = write_submission([table], listed, MTL, tmp_path)
        found = read_any(path, samples, MTL.label_spaces, MTL, None)
        assert not found.findings.deviations
        wanted = found.table.select(table.columns)
        assert (
            wanted.cast({"valence": pl.Float64, "arousal": pl.Float64})
            .select("sample", "valence", "expression")
            .equals(table.select("sample", "valence", "expression"))
        )

    def test_an_unknown_format(self):
        with pytest.raises(UnknownName, match="did you mean 'expr'"):
            submission_format("exp")
