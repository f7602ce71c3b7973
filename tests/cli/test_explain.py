import pytest
from PIL import Image

from planted import saved_photo


@pytest.fixture
def photo(tmp_path):
    return saved_photo(tmp_path / "photo.png", 2)


def test_the_sentence_the_shares_and_a_picture(facsight, photo, tmp_path):
    code, told, _ = facsight("explain", photo, "--about", "happiness", "--out", "why.png")
    assert code == 0
    assert "Asked about happiness" in told or "Looks" in told
    for part in ("AU12 lip corner puller", "AU6 cheek raiser", "elsewhere", "agreement", "why.png"):
        assert part in told
    with Image.open(tmp_path / "why.png") as picture:
        assert picture.size[0] > 900


def test_by_default_the_expression_that_was_read(facsight, photo, tmp_path):
    code, told, _ = facsight("explain", photo)
    assert code == 0
    assert told.startswith("Looks")
    assert len(list(tmp_path.glob("photo-*.png"))) == 1


def test_another_face_of_the_photo(facsight, photo):
    assert facsight("explain", photo, "--face", 2)[0] == 0
    code, _, problem = facsight("explain", photo, "--face", 3)
    assert code == 2
    assert "has 2 face(s), face 3 was asked for" in problem


def test_an_unknown_expression_is_refused_with_the_nearest_known_one(facsight, photo):
    code, _, problem = facsight("explain", photo, "--about", "angre")
    assert code == 2
    assert "did you mean 'anger'" in problem


def test_a_photo_without_a_face(facsight, tmp_path):
    code, _, problem = facsight("explain", saved_photo(tmp_path / "empty.png", 0))
    assert code == 2
    assert "no face was found" in problem


def test_a_photo_that_cannot_be_read(facsight, tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"")
    code, _, problem = facsight("explain", "bad.jpg")
    assert code == 1
    assert "is empty (0 bytes)" in problem


def test_a_place_that_does_not_exist_is_told_before_the_work(facsight, photo):
    code, _, problem = facsight("explain", photo, "--out", "no/such/why.png")
    assert code == 1
    assert "there is no folder no/such" in problem


def test_a_folder_takes_the_picture_under_its_usual_name(facsight, photo, tmp_path):
    (tmp_path / "pictures").mkdir()
    assert facsight("explain", photo, "--about", "anger", "--out", "pictures")[0] == 0
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["photo-anger.png"]


def test_what_the_decision_needs_is_told_in_words(facsight, photo):
    code, told, _ = facsight("explain", photo, "--about", "happiness")
    assert code == 0
    assert "what the decision for happiness needs" in told
    assert "removing AU12" in told
    assert "(control" in told


def test_another_explainer_names_its_picture(facsight, photo, tmp_path):
    code, _, _ = facsight("explain", photo, "--about", "predicted", "--method", "gradcam++")
    assert code == 0
    assert len(list(tmp_path.glob("photo-*-gradcampp.png"))) == 1


def test_an_unknown_explainer_is_refused_with_the_nearest(facsight, photo, tmp_path):
    code, _, problem = facsight("explain", photo, "--method", "layercm")
    assert code == 2
    assert "did you mean 'layercam'" in problem
    assert not list(tmp_path.glob("*-layercm.png"))


def test_a_photo_has_no_true_label(facsight, photo):
    code, _, problem = facsight("explain", photo, "--about", "true")
    assert code == 2
    assert "name an expression" in problem
