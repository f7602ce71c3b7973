from dataclasses import replace

import pytest
import torch
from torch import nn

from facsight.core.errors import BadLabels, BadRecipe, BadTraining
from facsight.core.labels import LabelSpace
from facsight.core.sequences import LabelledClips
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.data.windows import WindowPlan, Windows
from facsight.fusion.concatenation import Concatenation
from facsight.methods.clips.temporal_stochastic_softmax import TemporalStochasticSoftmax
from facsight.nn.sequence_network import SequenceNetwork

MOOD = LabelSpace("mood", ("low", "high"))
SPAN = 4


def videos(*lengths, space=MOOD, of_steps=False):
    """Step k of video r holds 100 r + k; odd videos are high."""
    made = []
    for number, steps in enumerate(lengths):
        truth = torch.eye(2)[number % 2]
        truth = truth.expand(steps, 2).clone() if of_steps else truth
        stream = (100.0 * number + torch.arange(steps))[:, None]
        known = {"face": torch.ones(steps, dtype=torch.bool)}
        made.append(Recording(f"v{number}", None, {"face": stream}, known, {space.name: truth}))
    return SequenceSet("videos", 0.04, (space,), tuple(made))


def network(**options):
    torch.manual_seed(0)
    fusion = Concatenation({"face": 1}, width=4, layers=1)
    return SequenceNetwork(fusion, {"mood": 2}, **{"pooling": "softmax", "span": SPAN} | options)


def method(**options):
    return TemporalStochasticSoftmax(network(), spaces=(MOOD,), **options)


def drawn(examples, rows, seed=0):
    return examples(torch.tensor(rows), torch.Generator().manual_seed(seed))


def test_a_batch_holds_one_clip_of_each_video():
    examples = method().examples(Windows(videos(30, 3, 9), WindowPlan()))
    assert (len(examples), examples.kind, examples.labels().tolist()) == (3, "video", [0, 1, 0])
    batch = drawn(examples, [2, 0, 1])
    assert batch.window.tolist() == [2, 0, 1]
    for row, (video, start) in enumerate(zip([2, 0], batch.start.tolist(), strict=False)):
        steps = batch.sequences.streams["face"][row, :, 0].tolist()
        assert steps == [100 * video + start + k for k in range(SPAN)]
    assert batch.start[2] == 0
    assert batch.sequences.inside[2].tolist() == [True] * 3 + [False]  # shorter than a clip
    assert batch.truth["mood"].tolist() == [[1, 0], [1, 0], [0, 1]]


def test_steps_of_a_batch_do_not_grow_with_its_videos():
    for steps in (SPAN, 50, 5000):
        batch = drawn(method().examples(Windows(videos(steps, steps), WindowPlan())), [0, 1])
        assert batch.sequences.inside.shape == (2, SPAN)


def test_the_cost_is_the_cross_entropy_of_the_highest_step():
    made = method()
    batch = drawn(made.examples(Windows(videos(30, 30), WindowPlan())), [0, 1])
    steps = SequenceNetwork.forward(_of_steps(made.network), batch.sequences).outputs["mood"]
    expected = nn.functional.cross_entropy(steps.amax(dim=1), torch.tensor([0, 1]))
    torch.testing.assert_close(made.eval().objective(batch, 0.0)["mood"], expected)


def _of_steps(whole):
    """The same network before its clips are pooled."""
    plain = network(pooling="none")
    plain.load_state_dict(whole.state_dict())
    return plain.eval()


def test_training_keeps_the_score_of_the_true_class():
    made = method(warmup=0, exploration=2)
    batch = drawn(made.examples(Windows(videos(30, 30), WindowPlan())), [1, 0])
    scores = made.network(batch.sequences).outputs["mood"]
    made.train().objective(batch, 0.0)
    assert made.bank.visits.tolist() == [1, 1]
    assert made.bank.scores[0, 0] == scores[1, 0]
    assert made.bank.scores[1, 0] == scores[0, 1]


def test_looking_without_training_keeps_nothing():
    made = method(warmup=0, exploration=2)
    batch = drawn(made.examples(Windows(videos(30, 30), WindowPlan())), [1, 0])
    made.eval().objective(batch, 0.0)
    assert made.bank.visits.eq(0).all()


def test_an_unlabelled_video_costs_nothing_and_is_not_scored():
    recordings = videos(30, 30)
    unknown = replace(recordings.recordings[1], truth={"mood": torch.full((2,), torch.nan)})
    made = method(warmup=0, exploration=2)
    windows = Windows(replace(recordings, recordings=(recordings.recordings[0], unknown)), WindowPlan())
    batch = drawn(made.examples(windows), [0, 1])
    cost = made.train().objective(batch, 0.0)["mood"]
    said = made.network(batch.sequences).outputs["mood"][:1]
    torch.testing.assert_close(cost, nn.functional.cross_entropy(said, batch.truth["mood"][:1]))
    assert made.bank.scores[1].eq(0).all()


def test_prediction_reads_the_whole_video_whatever_else_is_in_the_batch():
    made = method().eval()
    windows = Windows(videos(30, 3, 9), WindowPlan())
    together = made.predict(windows(torch.tensor([0, 1, 2]), torch.Generator()).sequences).outputs["mood"]
    for row in range(3):
        alone = made.predict(windows(torch.tensor([row]), torch.Generator()).sequences).outputs["mood"]
        torch.testing.assert_close(together[row : row + 1], alone)


def test_clips_of_windows_are_clips_of_their_part_of_a_video():
    windows = Windows(videos(20), WindowPlan(seconds=0.4, hop=0.4))  # of 10 steps
    made = method()
    examples = made.examples(windows)
    assert made.bank.places.tolist() == [7, 7]
    batch = drawn(examples, [1] * 40)
    assert batch.sequences.streams["face"].min() >= 10


def test_clips_go_to_a_device_whole():
    batch = drawn(method().examples(Windows(videos(9, 9), WindowPlan())), [0, 1])
    moved = batch.to(torch.device("meta"))
    assert isinstance(moved, LabelledClips)
    assert {t.device.type for t in (moved.window, moved.start, moved.truth["mood"])} == {"meta"}


def test_another_pooling_is_refused():
    with pytest.raises(BadRecipe, match="found 'mean'"):
        TemporalStochasticSoftmax(network(pooling="mean"), spaces=(MOOD,))


@pytest.mark.parametrize(
    "spaces",
    [(MOOD, MOOD), (LabelSpace("affect", ("valence",), kind="values", low=-1.0, high=1.0),)],
)
def test_labels_that_are_no_one_class_are_refused(spaces):
    with pytest.raises(BadLabels, match="one label space of classes"):
        TemporalStochasticSoftmax(network(), spaces=spaces)


def test_labels_of_steps_are_refused():
    with pytest.raises(BadLabels, match="is of steps"):
        method().examples(Windows(videos(9, of_steps=True), WindowPlan()))


def test_training_before_clips_are_chosen_is_refused():
    made = method()
    batch = drawn(method().examples(Windows(videos(9, 9), WindowPlan())), [0, 1])
    with pytest.raises(BadTraining, match="call it before training"):
        made.train().objective(batch, 0.0)
