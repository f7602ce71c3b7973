from dataclasses import replace

import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.core.labels import LabelSpace
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.data.windows import SequenceAugmentation, WindowPlan, Windows, augmented

AFFECT = LabelSpace("affect", ("valence",), kind="values", low=-1.0, high=1.0)
MOOD = LabelSpace("mood", ("low", "high"))


def recordings(*lengths, space=AFFECT):
    """Step k of recording r holds 100 r + k in one modality, and is half of that in the other."""
    made = []
    for number, steps in enumerate(lengths):
        values = (100.0 * number + torch.arange(steps))[:, None]
        known = {name: torch.ones(steps, dtype=torch.bool) for name in ("face", "voice")}
        truth = values / 1000 if space is AFFECT else torch.eye(2)[number % 2]
        made.append(
            Recording(
                f"r{number}", f"p{number}", {"face": values, "voice": values / 2}, known, {space.name: truth}
            )
        )
    return SequenceSet("s", 0.5, (space,), tuple(made))


def batch_of(windows, *rows):
    return windows(torch.tensor(rows), torch.Generator().manual_seed(0))


def test_windows_are_cut_where_the_plan_says_and_padded_to_the_longest():
    windows = Windows(recordings(5, 2), WindowPlan(seconds=1.5, hop=1.0))
    assert len(windows) == 3  # steps 0-2 and 2-4 of the first, both steps of the second
    batch = batch_of(windows, 1, 2)
    assert batch.sequences.streams["face"][..., 0].tolist() == [[2, 3, 4], [100, 101, 0]]
    assert batch.sequences.inside.tolist() == [[True] * 3, [True, True, False]]
    assert batch.sequences.known["voice"].tolist() == [[True] * 3, [True, True, False]]
    assert batch.truth["affect"][1, :2, 0].tolist() == [pytest.approx(0.1), pytest.approx(0.101)]
    assert batch.truth["affect"][1, 2].isnan().all()


def test_padding_is_no_longer_than_the_batch_needs():
    windows = Windows(recordings(9, 2), WindowPlan(seconds=4.0))
    assert batch_of(windows, len(windows) - 1).sequences.inside.shape == (1, 2)


def test_without_seconds_recordings_are_whole():
    windows = Windows(recordings(5, 2), WindowPlan())
    assert batch_of(windows, 0, 1).sequences.inside.sum(dim=1).tolist() == [5, 2]


def test_labels_by_which_windows_are_balanced():
    assert Windows(recordings(5, 2, space=MOOD), WindowPlan(seconds=1.0)).labels().tolist() == [0, 0, 0, 1]
    assert Windows(recordings(5, 2), WindowPlan()).labels() is None


def test_what_is_cut_can_be_stitched():
    windows = Windows(recordings(7, 3), WindowPlan(seconds=2.0, hop=0.5))
    said, number = {}, 0
    for batch in windows.batches(2):
        for window in batch.sequences.streams["face"]:
            said[number] = window
            number += 1
    (one, counted), (other, _) = windows.stitched(said)
    assert one[:, 0].tolist() == list(range(7))
    assert other[:, 0].tolist() == [100, 101, 102]
    assert counted.tolist() == [1, 2, 3, 4, 3, 2, 1]


def test_a_recording_of_one_step():
    assert batch_of(Windows(recordings(1), WindowPlan(seconds=8.0)), 0).sequences.inside.tolist() == [[True]]


def many(known=True):
    sequences = batch_of(Windows(recordings(*[20] * 200), WindowPlan()), *range(200)).sequences
    return replace(sequences, streams={name: stream + 1 for name, stream in sequences.streams.items()})


def test_modalities_are_lost_as_often_as_asked_and_never_all():
    lost = augmented(many(), SequenceAugmentation(modality_dropout=0.5), torch.Generator().manual_seed(0))
    there = torch.stack([known.any(dim=1) for known in lost.known.values()])
    assert there.any(dim=0).all()
    # lost with 1/2, but for half of the quarter of windows that would lose both
    assert (~there).float().mean().item() == pytest.approx(0.375, abs=0.05)
    for name, known in lost.known.items():
        assert lost.streams[name][~known].eq(0).all()
        assert lost.streams[name][known].ne(0).all()


def test_stretches_are_lost_of_one_modality_at_a_time():
    lost = augmented(many(), SequenceAugmentation(stretch=1.0), torch.Generator().manual_seed(0))
    gone = torch.stack([~known for known in lost.known.values()])
    assert (gone.any(dim=2).sum(dim=0) == 1).all()
    length = gone.any(dim=0).sum(dim=1)
    assert length.min() >= 1
    assert length.max() == 10  # half of the window; all lengths are alike
    runs = gone.any(dim=0).long().diff(dim=1).abs().sum(dim=1)
    assert runs.max() <= 2


def test_noise_has_its_size_and_leaves_padding_alone():
    plain = many()
    noisy = augmented(plain, SequenceAugmentation(noise=0.3), torch.Generator().manual_seed(0))
    assert (noisy.streams["face"] - plain.streams["face"]).std().item() == pytest.approx(0.3, abs=0.02)
    half = batch_of(Windows(recordings(4, 2), WindowPlan()), 0, 1).sequences
    noisy = augmented(half, SequenceAugmentation(noise=0.3), torch.Generator().manual_seed(0))
    assert noisy.streams["face"][1, 2:].eq(0).all()


def test_augmentation_is_a_function_of_the_generator():
    amounts = SequenceAugmentation(0.3, 0.3, 0.3)
    one, other = (augmented(many(), amounts, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(one.streams["voice"], other.streams["voice"])


@pytest.mark.parametrize("wrong", [{"modality_dropout": 1.0}, {"stretch": 1.5}, {"noise": -1.0}])
def test_amounts_that_make_no_sense(wrong):
    with pytest.raises(BadRecipe, match="shares are from 0 to 1"):
        SequenceAugmentation(**wrong)


def test_negative_seconds():
    with pytest.raises(BadRecipe, match="no negative seconds"):
        WindowPlan(seconds=-1.0)
