from pathlib import Path

import pytest

from facsight.core.errors import BadRecipe, UnknownName
from facsight.recipe import check_recipe, read_recipe, supplied_to

RECIPES = sorted((Path(__file__).parent.parent / "recipes").rglob("*.toml"))
SMALL = {"data": {"name": "ferplus"}, "method": {"name": "action_units"}}


def write(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_every_recipe_that_ships_is_valid_and_survives_a_round_trip(path, tmp_path):
    recipe = read_recipe(path)
    assert recipe.about
    for one in recipe.stages.values() or [recipe]:
        # a stage by itself names a teacher that is not there: it is written with the options that it has
        text = one.to_toml().replace('teacher = "teacher"', f'teacher = "{tmp_path.as_posix()}"')
        assert read_recipe(write(tmp_path, text)).to_toml() == text


def test_overrides_are_toml_values_or_bare_words(tmp_path):
    path = write(tmp_path, '[data]\nname = "ferplus"\n[method]\nname = "action_units"\nguidance = 2.0\n')
    recipe = read_recipe(
        path, ["seed=3", "method.guidance=0", "data.folder=/a b/c", "network.widths=[8, 8, 8]"]
    )
    assert recipe.seed == 3
    assert recipe.sections["method"]["guidance"] == 0.0
    assert isinstance(recipe.sections["method"]["guidance"], float)
    assert recipe.sections["data"]["folder"] == "/a b/c"
    assert recipe.sections["network"]["widths"] == [8, 8, 8]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"methd": {}}, "did you mean 'method'"),
        ({"method": {"name": "action_units", "guidence": 1.0}}, "did you mean 'guidance'"),
        ({"training": {"epoch": 3}}, "did you mean 'epochs'"),
        ({"data": {"name": "ferplus", "spilt": "val"}}, "no option 'spilt'"),
        ({"data": {"name": "ferplus", "split": "test"}}, "no option 'split'"),
        ({"network": {"width": [1, 2, 3]}}, "did you mean 'widths'"),
        ({"augmentation": {"mirror": "yes"}}, r"augmentation\.mirror expects float"),
        ({"training": {"epochs": 2.5}}, r"training\.epochs expects int"),
        ({"training": {"epochs": True}}, r"training\.epochs expects int"),
        ({"method": {"name": "action_units", "invalid": "skp"}}, "did you mean 'skip'"),
        ({"guidance": {"invalid": "skp"}}, "did you mean 'skip'"),
        ({"guidance": {"centered": True}}, "did you mean 'centred'"),
        ({"guidance": {"contrast": "much"}}, r"guidance\.contrast expects float"),
        ({"guidance": {"weight": 2.0}}, "no option 'weight'"),
        ({"guidance": {"classes": ["a"]}}, "no option 'classes'"),
        ({"method": {"name": "supervised"}, "guidance": {"centred": True}}, "not guided by action units"),
        ({"method": {"name": "supervised", "guidance": 1.0}}, "no option 'guidance'"),
        (
            {"method": {"name": "action_units", "centred": True}, "guidance": {"centred": True}},
            "centred stands in",
        ),
        ({"network": {"window": 3}}, "no option 'window'"),
        ({"network": {"head": "wildcat", "strongst": 0.1}}, "did you mean 'strongest'"),
        ({"network": {"head": "wildcat", "backbone": 1}}, "no option 'backbone'"),
        ({"data": {"name": "ferplus", "fraction": 0.0}}, "share above 0"),
        ({"crop": {"size": 4}}, "16 to 512"),
        ({"seed": "one"}, "seed expects int"),
        ({"data": {}}, "needs a `name`"),
        ({"data": "ferplus"}, "data expects dict"),
    ],
)
def test_what_a_recipe_cannot_say(change, message):
    with pytest.raises(BadRecipe, match=message):
        check_recipe(SMALL | change)


def test_unknown_heads_name_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'wildcat'"):
        check_recipe(SMALL | {"network": {"head": "wildcats"}})


def test_options_of_backbone_and_head_stand_together():
    recipe = check_recipe(SMALL | {"network": {"head": "wildcat", "widths": [8, 8, 8], "strongest": 1}})
    assert recipe.sections["network"]["strongest"] == 1.0
    assert isinstance(recipe.sections["network"]["strongest"], float)


def test_a_recipe_from_before_there_was_a_section_for_guidance(tmp_path):
    recipe = check_recipe(SMALL | {"method": {"name": "action_units", "guidance": 1, "codebook": "emfacs"}})
    assert recipe.sections["guidance"] == {"codebook": "emfacs"}
    assert recipe.sections["method"] == {"name": "action_units", "guidance": 1.0}
    assert "[guidance]" not in check_recipe(SMALL).to_toml()  # its run folder can be gone on with
    assert read_recipe(write(tmp_path, recipe.to_toml())) == recipe


def test_guidance_options_can_be_overridden(tmp_path):
    path = write(tmp_path, check_recipe(SMALL).to_toml())
    recipe = read_recipe(path, ["guidance.on=class_map", "guidance.contrast=1"])
    assert recipe.sections["guidance"] == {"on": "class_map", "contrast": 1.0}


def test_a_section_that_is_made_to_name_something_else_begins_anew(tmp_path):
    path = write(tmp_path, '[data]\nname = "drawn"\nfaces = 8\n[method]\nname = "supervised"\n')
    recipe = read_recipe(path, ["data.folder=/data", "data.name=ferplus"])
    assert recipe.sections["data"] == {"name": "ferplus", "folder": "/data"}
    assert read_recipe(path, ["data.name=drawn"]).sections["data"] == {"name": "drawn", "faces": 8}


def test_unknown_method_names_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'supervised'"):
        check_recipe(SMALL | {"method": {"name": "superwised"}})


def test_override_without_a_value(tmp_path):
    with pytest.raises(BadRecipe, match="key=value"):
        read_recipe(write(tmp_path, ""), ["seed"])


def test_missing_and_broken_files(tmp_path):
    with pytest.raises(BadRecipe, match="there is no recipe"):
        read_recipe(tmp_path / "none.toml")
    with pytest.raises(BadRecipe, match="not a recipe in TOML"):
        read_recipe(write(tmp_path, "about = "))


def test_strings_with_quotes_survive(tmp_path):
    recipe = check_recipe(SMALL | {"about": 'a "quoted" \\ line\nand another'})
    assert read_recipe(write(tmp_path, recipe.to_toml())) == recipe


def test_options_of_a_dataset_and_of_its_reader_survive(tmp_path):
    data = {"name": "rafdb", "size": 96, "space": "ferplus8", "reader": {"pictures": "original"}}
    recipe = check_recipe({"data": data, "method": {"name": "supervised"}})
    (tmp_path / "r.toml").write_text(recipe.to_toml())
    assert read_recipe(tmp_path / "r.toml").sections["data"] == data
    with pytest.raises(BadRecipe, match="did you mean 'skip'"):
        check_recipe({"data": data | {"unreadable": "skp"}, "method": {"name": "supervised"}})


def test_an_option_that_is_supplied_elsewhere_is_still_an_option():
    """`weight` is that of [guidance] in recipes for faces, and a person's to give everywhere else."""
    assert "weight" not in supplied_to("sequence_methods") | supplied_to("adaptation")
    assert {"network", "moments"} <= supplied_to("adaptation")
    assert supplied_to("methods") == {"network", "guide"}
