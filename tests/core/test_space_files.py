import pytest

from facsight.core.errors import BadLabels
from facsight.core.labels import LabelSpace
from facsight.core.space_files import parse_spaces, shipped_files


def test_a_file_becomes_the_arguments_of_its_spaces():
    text = """
    [aliases]
    glad = "happiness"
    [mine]
    classes = ["happiness", "fear"]
    codes = [3, 4]
    takes = { terror = "fear" }
    [units]
    kind = "levels"
    action_units = [1, 12]
    low = 0
    high = 5
    """
    spaces, aliases = parse_spaces(text, "mine.toml")
    assert aliases == {"glad": "happiness"}
    mine, units = (LabelSpace(name=name, **arguments) for name, arguments in spaces.items())
    assert (mine.classes, mine.codes, mine.takes) == (("happiness", "fear"), (3, 4), (("terror", "fear"),))
    assert (units.columns, units.low, units.high) == (("AU01_intensity", "AU12_intensity"), 0.0, 5.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]\nclasses = [", "mine.toml: not valid TOML"),
        ('[a]\nclasses = ["x"]\n[a]\nclasses = ["y"]', "not valid TOML"),
        ("a = 1", "expected a table"),
        ('[a]\nclases = ["x"]', "did you mean 'classes'"),
        ("[a]\nclasses = 'x'", "of the wrong kind"),
        ("[a]\nclasses = [1]", "classes are words"),
        ("[a]\ncodes = [1]", "either classes or action_units"),
        ('[a]\nclasses = ["x"]\naction_units = [1]', "either classes or action_units"),
        ("[a]\naction_units = ['AU1']", "action_units are numbers"),
        ('[a]\nclasses = ["x"]\n[a.takes]\ny = 1', "expected words"),
        ("[aliases]\ny = 1", "expected words"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(text, message):
    with pytest.raises(BadLabels, match=message):
        parse_spaces(text, "mine.toml")


def test_no_word_means_two_things_and_no_space_stands_twice():
    parsed = [parse_spaces(text, name) for name, text in shipped_files()]
    words = [word for _, aliases in parsed for word in aliases]
    names = [name for spaces, _ in parsed for name in spaces]
    assert len(set(words)) == len(words)
    assert len(set(names)) == len(names)
