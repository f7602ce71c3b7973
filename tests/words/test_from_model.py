import json

import polars as pl
import pytest

from facsight.analysis.by_model import ABOUT, TABLE, load_by_model
from facsight.words.from_model import affect_cues
from facsight.words.sentences import language

SPACES = [
    {"name": "expression", "low": 0.0, "columns": ["share_of_neutral"]},
    {"name": "affect", "low": -1.0, "columns": ["valence", "arousal"]},
]


@pytest.fixture
def asked(tmp_path):
    rows = {
        "file": "a.mp4",
        "start": [0.0, 0.5, 1.0, 1.5],
        "end": [0.5, 1.0, 1.5, 2.0],
        "share_of_neutral": [1.0] * 4,
        "valence": [0.0, 0.2, 0.4, 0.6],
        "arousal": [None, None, None, -0.5],
    }
    pl.DataFrame(rows).write_parquet(tmp_path / TABLE)
    (tmp_path / ABOUT).write_text(json.dumps({"model": "joint", "spaces": SPACES}))
    return load_by_model(tmp_path)


def cues(asked, start, end):
    return affect_cues(asked, asked.of_video("a.mp4"), (start, end))


def test_means_of_a_stretch_and_how_far_above_those_of_the_video(asked):
    """By hand: valence is .1 in the first second, .5 in the second, .3 over both; arousal is known once."""
    (first,), (second,) = cues(asked, 0.0, 1.0), cues(asked, 1.0, 2.0)
    (valence,) = first.values["items"]
    assert valence == {"name": "valence", "value": pytest.approx(0.1), "change": pytest.approx(-0.2)}
    values = {item["name"]: (item["value"], item["change"]) for item in second.values["items"]}
    assert values == {"valence": pytest.approx((0.5, 0.2)), "arousal": pytest.approx((-0.5, 0.0))}


def test_the_sentence_names_the_network_and_the_way_it_went(asked):
    (cue,) = cues(asked, 0.0, 1.0)
    assert language("en").say(cue) == (
        'The network "joint" reads: valence 0.10 (0.20 below the mean of the video).'
    )


def test_nothing_is_said_where_nothing_was_read(asked):
    assert cues(asked, 7.0, 8.0) == []
    asked.about["spaces"].pop()
    assert cues(asked, 0.0, 1.0) == []
