"""Figures of other evaluators: the official one is recognised, others are told by their convention."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from facsight.core.errors import BadRecipe
from facsight.data.protocol import load_protocol

TRUE, SAID = [-0.5, 0.0, 0.5, 1.0], [-0.4, 0.1, 0.3, 0.8]
VIDEOS = [f"v{k}/00001.jpg" for k in range(4)]


def claim(scored, text, protocol="abaw10-va", truth=None, said=None):
    truth = truth or {"sample": VIDEOS, "valence": TRUE, "arousal": TRUE}
    said = said or {"sample": VIDEOS, "valence": SAID, "arousal": SAID}
    return scored(protocol, truth, said, claimed=text).data["claim"]


class TestConcordance:
    """y = -.5, 0, .5, 1 and p = -.4, .1, .3, .8: .9500 with n, .9512 with n - 1, 1.2667 mixed, by hand."""

    def test_the_official_one(self, scored):
        assert claim(scored, "0.9500")["official"]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("0.9512", "CCC with n - 1 throughout"),
            ("1.2667", "mixed divisors: covariance by n - 1, variances by n (it can pass 1)"),
            ("0.7134", "mixed divisors: covariance by n, variances by n - 1"),
        ],
    )
    def test_divisors_that_are_mixed_up(self, scored, text, words):
        found = claim(scored, text)
        assert not found["official"]
        assert words in found["words"]

    def test_numpy_s_defaults_beside_each_other(self, scored):
        y, p = np.array(TRUE), np.array(SAID)
        mixed = 2 * np.cov(y, p)[0, 1] / (np.var(y) + np.var(p) + (y.mean() - p.mean()) ** 2)
        assert "mixed divisors" in claim(scored, f"{mixed:.5f}")["words"]

    def test_per_video(self, scored):
        samples = [f"{video}/{n:05d}.jpg" for video in "ab" for n in range(3)]
        true, level = [0.5, 0.6, 0.7, -0.5, -0.6, -0.7], [0.6] * 3 + [-0.6] * 3
        columns = {"sample": samples, "valence": true, "arousal": true}
        said = {"sample": samples, "valence": level, "arousal": level}
        found = claim(scored, "0.0000", truth=columns, said=said)
        assert "mean over videos of their own CCC" in found["words"]

    def test_what_is_no_known_convention(self, scored):
        assert "nor any other known convention" in claim(scored, "0.1234")["words"]

    def test_what_is_no_number(self, scored):
        with pytest.raises(BadRecipe, match="found '60 %'"):
            claim(scored, "60 %")


def test_f1_over_the_classes_that_are_there(scored):
    """y = 0,0,1,1,4,4 and p = 0,1,1,1,4,0: .24583 over 8 classes, .65556 over those that are present."""
    words = load_protocol("abaw10-expr").spaces[0].classes
    truth = {
        "sample": [*VIDEOS, "v4/1.jpg", "v5/1.jpg"],
        "expression": [words[k] for k in (0, 0, 1, 1, 4, 4)],
    }
    said = truth | {"expression": [words[k] for k in (0, 1, 1, 1, 4, 0)]}
    assert claim(scored, "0.24583", "abaw10-expr", truth, said)["official"]
    found = claim(scored, "0.65556", "abaw10-expr", truth, said)
    assert "classes that are in labels or predictions only" in found["words"]
    weighted = f1_score(truth["expression"], said["expression"], average="weighted")
    assert "weighted" in claim(scored, f"{weighted:.5f}", "abaw10-expr", truth, said)["words"]


def test_units_with_the_absent_class_averaged_in(scored):
    rng = np.random.default_rng(0)
    names = load_protocol("abaw10-au").spaces[0].columns
    samples = [f"v{k}/00001.jpg" for k in range(200)]
    true, said = ({name: (rng.random(200) < 0.2).astype(int) for name in names} for _ in range(2))
    binary = np.mean([f1_score(true[name], said[name], average="macro") for name in names])
    found = claim(
        scored, f"{binary:.5f}", "abaw10-au", {"sample": samples} | true, {"sample": samples} | said
    )
    assert "absent class averaged in" in found["words"]
    micro = f1_score(np.stack(list(true.values())).ravel(), np.stack(list(said.values())).ravel())
    found = claim(scored, f"{micro:.5f}", "abaw10-au", {"sample": samples} | true, {"sample": samples} | said)
    assert "micro" in found["words"]
