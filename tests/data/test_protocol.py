"""The protocols that ship, and what is refused in a file of protocols."""

import re

import pytest

from facsight.core.errors import BadProtocol, UnknownName
from facsight.data.protocol import SCORES, load_protocol, parse_protocols, protocol_names
from facsight.data.submission_formats import FORMATS

#: What every edition of ABAW asked, from the table of editions.
ABAW = {
    1: "va expr au",
    2: "va expr au",
    3: "va expr au mtl",
    4: "mtl lsd",
    5: "va expr au eri",
    6: "va expr au ce emi",
    7: "mtl ce",
    8: "va expr au ce emi ah",
    9: "va ce vd",
    10: "va expr au vd emi ah",
    11: "mtl ah",
}


@pytest.mark.parametrize("name", protocol_names())
class TestEveryProtocol:
    def test_its_label_spaces_and_scores_are_known(self, name):
        protocol = load_protocol(name)
        kinds = {space.kind for space in protocol.spaces}
        assert {part.space for part in protocol.official} == set(protocol.labels)
        assert all(kinds & set(SCORES[score]) for score in protocol.also)
        assert not set(protocol.drop) & {c for space in protocol.spaces for c in space.classes}

    def test_its_words_say_something(self, name):
        protocol = load_protocol(name)
        for text in (protocol.title, protocol.rows, protocol.convention, protocol.crop, protocol.certainty):
            assert len(text) >= 9
        assert protocol.forbids
        assert all(re.match("https?://", source) for source in protocol.sources)

    def test_it_has_a_split_or_folds(self, name):
        protocol = load_protocol(name)
        assert bool(protocol.score) != bool(protocol.folds)
        assert "test" not in (protocol.train, protocol.select)

    def test_a_scheme_that_mixes_people_warns_and_is_never_the_first(self, name):
        for scheme in load_protocol(name).folds:
            assert bool(scheme.warning) == (scheme.by == ("sample",) and scheme.count > 0)
        assert not any(scheme.warning for scheme in load_protocol(name).folds[:1])

    def test_its_submission_holds_its_labels(self, name):
        protocol = load_protocol(name)
        if protocol.submission:
            assert FORMATS[protocol.submission].spaces == protocol.labels


@pytest.mark.parametrize("edition", ABAW)
def test_every_task_of_every_edition_of_abaw_is_there(edition):
    tasks = {load_protocol(n).task for n in protocol_names() if load_protocol(n).edition == edition}
    assert tasks == set(ABAW[edition].split())
    for task in tasks:
        protocol = load_protocol(f"abaw{edition}-{task}")
        assert protocol.withheld
        assert protocol.submission


def test_an_unknown_protocol_names_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'abaw10-va'"):
        load_protocol("abaw10va")


def test_folds_by_name():
    biovid = load_protocol("biovid")
    assert biovid.scheme().name == "leave-one-subject-out"
    assert "every person on both sides" in biovid.scheme("mixed-five-fold").warning
    with pytest.raises(UnknownName, match="ten-targets"):
        biovid.scheme("ten-target")
    with pytest.raises(UnknownName, match="official split and no folds"):
        load_protocol("affectnet7").scheme()


ENTRY = """
[mine]
title = "Mine"
dataset = "rafdb"
labels = ["rafdb7"]
unit = "photo"
score = "test"
rows = "all"
official = [{ space = "rafdb7", score = "accuracy" }]
convention = "share"
resample = "sample"
crop = "any"
sources = ["https://example.org"]
forbids = ["nothing"]
certainty = "sure"
"""


def test_like_takes_over_everything_else():
    made = parse_protocols({"a.toml": ENTRY, "b.toml": '[other]\nlike = "mine"\ntitle = "Other"\n'})
    assert made["other"].title == "Other"
    assert made["other"].official == made["mine"].official


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("title", "titel"), "key 'titel': did you mean 'title'"),
        (('title = "Mine"\n', ""), "lacks title"),
        (("accuracy", "acuracy"), "did you mean 'accuracy'"),
        (("accuracy", "ccc"), "ccc is of values or levels, rafdb7 holds classes"),
        (('space = "rafdb7"', 'space = "rafdb"'), "did you mean 'rafdb7'"),
        (('score = "accuracy" }', 'score = "accuracy", wight = 2 }'), "wight"),
        (("[mine]", "[mine]\nlike = 'other'\n[other]\nlike = 'mine'\n[third]"), "in a circle"),
        (("[mine]", "[mine]\nlike = 'yours'\n"), "is like 'yours'"),
        (("[mine]", "[mine"), "not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(change, message):
    with pytest.raises(BadProtocol, match=re.escape(message)):
        parse_protocols({"a.toml": ENTRY.replace(*change)})


def test_a_protocol_stands_in_one_file():
    with pytest.raises(BadProtocol, match=r"b\.toml and in a\.toml"):
        parse_protocols({"a.toml": ENTRY, "b.toml": ENTRY})
