import pytest

from facsight.data.sets import SETS

LIST = "basic/EmoLabel/list_patition_label.txt"


@pytest.fixture
def rafdb(facsight, tmp_path):
    assert facsight("data", "mock", "rafdb", "--out", str(tmp_path / "raf"))[0] == 0
    return tmp_path / "raf"


def test_every_dataset_is_listed_with_how_to_get_it(facsight):
    code, told, _ = facsight("data", "list")
    assert code == 0
    assert [line.split()[0] for line in told.splitlines() if line[:1].strip()] == list(SETS)
    assert told.count("obtain") >= len(SETS)


def test_a_card_has_the_layout(facsight):
    code, told, _ = facsight("data", "list", "rafdb")
    assert (code, "list_patition_label.txt" in told) == (0, True)
    code, _, problem = facsight("data", "list", "rafd")
    assert code == 2
    assert "did you mean 'rafdb'" in problem


def test_a_made_up_copy_passes_the_check(facsight, rafdb):
    code, told, _ = facsight("data", "check", str(rafdb), "--as", "rafdb", "--pictures")
    assert code == 0
    assert "28 samples (train 14, test 14)" in told
    assert f"odd       {LIST}, line 29: sample 'train_00001.jpg' stands here again" in told
    assert "0 unusable places, 2 odd ones" in told


def test_a_wrong_line_is_named_and_the_exit_code_says_so(facsight, rafdb):
    path = rafdb / LIST
    path.write_text(path.read_text().replace("train_00003.jpg 3", "train_00003.jpg 33"))
    code, told, _ = facsight("data", "check", str(rafdb), "--as", "rafdb")
    assert code == 1
    assert f"unusable  {LIST}, line 3: expected a label of rafdb7" in told


def test_a_picture_that_cannot_be_read_is_found_by_decoding(facsight, rafdb):
    (rafdb / "basic/Image/aligned/test_0015_aligned.jpg").write_bytes(b"no picture")
    assert facsight("data", "check", str(rafdb), "--as", "rafdb")[0] == 0
    code, told, _ = facsight("data", "check", str(rafdb), "--as", "rafdb", "--pictures")
    assert code == 1
    assert "unread    rafdb, test_0015.jpg: is no picture" in told


def test_a_folder_that_is_another_dataset_is_wrong_use(facsight, rafdb):
    code, _, problem = facsight("data", "check", str(rafdb), "--as", "affectnet")
    assert code == 2
    assert "has no train_set/annotations" in problem
    assert "train_set/images/0.jpg" in problem


def test_options_reach_the_reader(facsight, rafdb):
    code, told, _ = facsight("data", "check", str(rafdb), "--as", "rafdb", "--reader", "pictures=original")
    assert (code, "0 unusable places, 1 odd one" in told) == (0, True)
    code, _, problem = facsight("data", "check", str(rafdb), "--as", "rafdb", "--reader", "picture=original")
    assert code == 2
    assert "did you mean 'pictures'" in problem


def test_a_page_is_written(facsight, rafdb, tmp_path):
    page = tmp_path / "page.html"
    code, told, _ = facsight("data", "describe", "rafdb", "--root", str(rafdb), "--out", str(page))
    assert code == 0
    assert str(page) in told
    assert "RAF-DB" in page.read_text()


def test_nothing_is_overwritten(facsight, rafdb):
    code, _, problem = facsight("data", "mock", "rafdb", "--out", str(rafdb))
    assert code == 1
    assert "exists already and is not empty" in problem
    assert not list(rafdb.parent.glob(".*"))
