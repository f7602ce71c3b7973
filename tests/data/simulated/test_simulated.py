"""What is planted in simulated recordings can be found there, and only where it was planted."""

import pytest
import torch

from facsight.core.errors import BadLabels, BadTable
from facsight.data.prepared import load_prepared
from facsight.data.recordings import StreamCard
from facsight.data.simulated import load_simulated, simulate, write_simulated
from facsight.data.simulated.recordings import MOOD, SIGNS


def made(recordings=30, seed=0, **options):
    return simulate(recordings, generator=torch.Generator().manual_seed(seed), **options)


def explained(recordings, modality):
    """The share of valence that a straight line of a modality's features explains, within recordings."""
    x, y = [], []
    for one in recordings.recordings:
        stream, truth = one.streams[modality].double(), one.truth["simulated_affect"][:, :1].double()
        x.append(stream - stream.mean(dim=0))
        y.append(truth.atanh() - truth.atanh().mean(dim=0))
    x, y = torch.cat(x), torch.cat(y)
    left = y - x @ torch.linalg.lstsq(x, y).solution
    return 1 - float(left.square().sum() / y.square().sum())


def test_copies_show_the_same_in_both():
    found = made(noise=0.0)
    assert explained(found, "face") == pytest.approx(1.0, abs=1e-4)
    assert explained(found, "voice") == pytest.approx(1.0, abs=1e-4)


def test_agreement_is_in_neither_alone_but_in_their_product():
    found = made(noise=0.0, scenario="agreement")
    assert explained(found, "face") < 0.05
    assert explained(found, "voice") < 0.05
    one = found.recordings[0]
    x = {name: stream.double() - stream.double().mean(dim=0) for name, stream in one.streams.items()}
    waves = {name: torch.linalg.svd(values, full_matrices=False).U[:, :2] for name, values in x.items()}
    ones = torch.ones(one.steps, 1, dtype=torch.float64)
    face, voice = (torch.cat([waves[name], ones], dim=1) for name in ("face", "voice"))
    products = (face[:, :, None] * voice[:, None, :]).flatten(1)
    truth = one.truth["simulated_affect"].double().atanh()
    left = truth - products @ torch.linalg.lstsq(products, truth).solution
    assert float(left.abs().max()) < 1e-3


def test_the_privileged_modality_has_no_noise():
    found = made(noise=3.0, scenario="privileged")
    assert explained(found, "voice") == pytest.approx(1.0, abs=1e-4)
    assert explained(found, "face") < 0.7


def test_stretches_are_of_one_modality_at_a_time():
    calm, noisy = made(noise=0.0), made(noise=0.0, scenario="stretches")
    assert explained(noisy, "face") < 0.9 * explained(calm, "face")


def test_some_lack_a_modality_and_none_lacks_both():
    found = made(300, steps=4, missing=0.4)
    lost = [[not known.any() for known in one.known.values()] for one in found.recordings]
    assert 0.3 < sum(map(any, lost)) / 300 < 0.5  # 3.5 standard errors
    assert not any(map(all, lost))
    assert all(one.streams["voice"].eq(0).all() for one in found.recordings if not one.known["voice"].any())


def told(recordings, features):
    """The share of recordings whose signs of valence and arousal a straight line of features tells."""
    signs = torch.tensor([SIGNS[int(one.truth["simulated_mood"].argmax())] for one in recordings.recordings])
    x = torch.stack([features(one) for one in recordings.recordings]).double()
    x = torch.cat([x, torch.ones(len(x), 1)], dim=1)
    guess = x @ torch.linalg.lstsq(x, signs.double()).solution
    return float((guess.sign() == signs).all(dim=1).double().mean())


def test_a_mood_moves_what_is_shown_into_its_quadrant():
    found = made(400, steps=48, noise=0.0, labels="mood")
    assert found.spaces == (MOOD,)
    assert told(found, lambda one: one.streams["face"].mean(dim=0)) > 0.8


def test_a_mood_of_agreement_is_in_the_product_only():
    found = made(400, steps=48, noise=0.0, labels="mood", scenario="agreement")

    def products(one):
        return torch.einsum("sa,sb->ab", one.streams["face"], one.streams["voice"]).flatten() / one.steps

    assert told(found, lambda one: one.streams["face"].mean(dim=0)) < 0.4
    assert told(found, lambda one: one.streams["voice"].mean(dim=0)) < 0.4
    assert told(found, products) > 0.6


def test_the_same_numbers_give_the_same_recordings_and_splits_have_people_of_their_own():
    one, again, other = (load_simulated(split="train", recordings=6, series=s) for s in (0, 0, 1))
    assert torch.equal(one.recordings[5].streams["face"], again.recordings[5].streams["face"])
    assert not torch.equal(one.recordings[5].streams["face"], other.recordings[5].streams["face"])
    people = [
        {r.subject for r in load_simulated(split=s, recordings=9).recordings}
        for s in ("train", "val", "test")
    ]
    assert not people[0] & people[1] | people[1] & people[2] | people[0] & people[2]


def test_an_unknown_split_is_told():
    with pytest.raises(BadLabels, match="no split 'vall'"):
        load_simulated(split="vall")


@pytest.mark.parametrize("labels", ["affect", "mood"])
def test_what_is_written_at_two_rates_is_read_back_on_one_clock(labels, tmp_path):
    whole = made(8, steps=10, missing=0.5, labels=labels)
    write_simulated(tmp_path, {"train": whole})
    found, cards = load_prepared(tmp_path, modalities={"face": 1, "voice": 1}, step=0.25, split="train")
    assert (cards["face"].rate, cards["voice"].rate) == (20.0, 100.0)
    for one, read in zip(whole.recordings, found.recordings, strict=True):
        assert read.subject == one.subject
        for name in ("face", "voice"):
            torch.testing.assert_close(read.streams[name], one.streams[name], atol=1e-5, rtol=0)
            assert torch.equal(read.known[name], one.known[name])
        (space,) = found.spaces
        said = read.truth[space.name]
        if labels == "affect":
            torch.testing.assert_close(said, one.truth["simulated_affect"])
        else:
            mood = MOOD.classes[int(one.truth["simulated_mood"].argmax())]
            assert space.classes[int(said.argmax())] == mood


def test_parts_of_a_step_are_kept_apart(tmp_path):
    whole = made(1, steps=4)
    write_simulated(tmp_path, {"train": whole})
    (one,) = load_prepared(tmp_path, modalities={"voice": 25}, step=0.25)[0].recordings
    assert one.streams["voice"].shape == (4, 25, 12)
    assert one.streams["voice"].std(dim=1).min() > 0.3
    torch.testing.assert_close(one.streams["voice"].mean(dim=1), whole.recordings[0].streams["voice"])


def test_a_version_can_be_told_apart(tmp_path):
    write_simulated(tmp_path, {"train": made(1, steps=4)}, version="simulated-2")
    wanted = {"face": StreamCard("face", "simulated", "simulated-1", (16,), 20.0, "")}
    with pytest.raises(BadTable, match="version simulated-1"):
        load_prepared(tmp_path, modalities={"face": 1}, step=0.25, wanted=wanted)
