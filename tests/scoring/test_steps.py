"""Files of steps: read back as they were written, and everything that is wrong with one told."""

import pytest

from facsight.core.errors import BadRecipe
from facsight.data.protocol import load_protocol
from facsight.scoring.steps import Step, Steps, read_steps

SPACES = load_protocol("abaw7-mtl").spaces
BOX = '[[step]]\nname = "box"\n'


def test_steps_are_read_back_as_they_were_written(tmp_path):
    written = Steps(
        (
            Step("fill", {"longest_gap": 2.0, "method": "nearest"}),
            Step("box", {"seconds": 1.5, "padding": "zero"}, ("valence", "arousal")),
            Step("threshold", {"of": {"AU01": 0.3, "AU26": 0.05}}),
            Step("bias", {"of": {"fear": -0.25}}),
            Step("scale", {"of": {"valence": [1.25, -0.03]}}),
            Step("one_euro", {"min_cutoff": 1.0, "beta": 0.0}, ("expression",)),
        ),
        29.97,
        'of "all" rows',
        "affwild2, val",
    )
    (tmp_path / "s.toml").write_text(written.to_toml())
    assert read_steps(tmp_path / "s.toml", SPACES) == written


def test_classes_of_two_words_are_read_back(tmp_path):
    space = load_protocol("abaw9-ce").spaces
    written = Steps((Step("bias", {"of": {space[0].classes[0]: 0.5}}),))
    assert " " in space[0].classes[0]
    (tmp_path / "s.toml").write_text(written.to_toml())
    assert read_steps(tmp_path / "s.toml", space) == written


def test_no_steps(tmp_path):
    (tmp_path / "s.toml").write_text(Steps(()).to_toml())
    assert read_steps(tmp_path / "s.toml", SPACES) == Steps(())


def test_words():
    assert str(Steps((), 30.0)) == "nothing"
    assert str(Steps((Step("threshold", {"of": {"AU01": 0.3}}),), 30.0)) == "threshold AU01=0.3"
    many = Step("box", {"seconds": 2.0}, SPACES[2].columns)
    assert str(Steps((many,), 25.0)) == "box seconds=2 (AU01, AU02, AU04 and 9 more) at 25 frames a second"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[step]", "cannot be read as steps"),
        ("fsp = 30", "unknown key 'fsp': did you mean 'fps'"),
        ("step = 3", r"expected steps as \[\[step\]\]"),
        ('fps = "30"', "expected frames a second above 0, such as 30, found '30'"),
        ("fps = 0", "expected frames a second above 0"),
        ("fps = true", "expected frames a second above 0"),
        ("[[step]]\nseconds = 1", "step 1: expected a name"),
        (BOX.replace("box", "bxo"), "'bxo' is no step: did you mean 'box'"),
        (BOX, "box needs seconds"),
        (BOX + 'seconds = "1"', "expected a number for seconds, found '1'"),
        (BOX + "seconds = 1\npadding = 0", "expected a word for padding"),
        (BOX + "seconds = nan", "expected a number for seconds, found nan"),
        (BOX + "second = 1", "box has no option 'second': did you mean 'seconds'"),
        (BOX + 'seconds = 1\ncolumns = ["valance"]', "no column 'valance': did you mean 'valence'"),
        (BOX + 'seconds = 1\ncolumns = "valence"', "expected columns as a list of names"),
        ('[[step]]\nname = "threshold"', r"expected threshold with a table \[step.of\] of units"),
        ('[[step]]\nname = "threshold"\n[step.of]\nAU99 = 0.5', "no 'AU99' to adjust"),
        ('[[step]]\nname = "threshold"\n[step.of]\nAU01 = true', "expected a number for AU01"),
        ('[[step]]\nname = "scale"\n[step.of]\nvalence = 2.0', "two numbers, scale and offset, for valence"),
        ('[[step]]\nname = "bias"\n[step.of]\nfear = inf', "expected a number for fear"),
    ],
)
def test_what_is_wrong_is_told(tmp_path, text, message):
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(BadRecipe, match=message):
        read_steps(tmp_path / "s.toml", SPACES)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BadRecipe, match="cannot be read"):
        read_steps(tmp_path / "none.toml", SPACES)


def test_adjustments_for_another_kind_of_label(tmp_path):
    (tmp_path / "s.toml").write_text('[[step]]\nname = "bias"\n[step.of]\nfear = 1.0')
    with pytest.raises(BadRecipe, match="step 1: expected bias with a table"):
        read_steps(tmp_path / "s.toml", load_protocol("abaw10-va").spaces)
