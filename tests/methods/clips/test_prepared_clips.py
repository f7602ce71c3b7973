"""Faces of prepared videos, whose frames come at times of their own."""

import numpy as np
import polars as pl
import pytest
import torch

from facsight.data.prepared import load_prepared
from facsight.data.recordings import (
    RECORDINGS,
    Stream,
    StreamCard,
    escaped,
    stream_file,
    write_cards,
    write_stream,
)
from facsight.data.windows import WindowPlan, Windows
from facsight.fusion.concatenation import Concatenation
from facsight.methods.clips.temporal_stochastic_softmax import TemporalStochasticSoftmax
from facsight.nn.encoders.inflated import InflatedBackbone
from facsight.nn.sequence_network import SequenceNetwork

NAME = "face:crop"
#: Seconds of each frame: at a constant rate, then slower, then not at all for a while; and a short video.
TIMES = {
    "long": [0.02 + 0.04 * k for k in range(20)] + [0.9, 1.0, 1.1] + [1.62 + 0.04 * k for k in range(10)],
    "short": [0.02, 0.06, 0.1],
}


@pytest.fixture
def recordings(tmp_path):
    noise = np.random.default_rng(0)
    card = StreamCard(NAME, "FaceCrops", "1", (12, 12, 3), None, "RGB")
    rows = []
    for video, times in TIMES.items():
        (tmp_path / RECORDINGS / escaped(video)).mkdir(parents=True)
        faces = noise.integers(0, 256, (len(times), 12, 12, 3), dtype=np.uint8)
        write_stream(stream_file(tmp_path, video, NAME), Stream(np.array(times), faces), card)
        file = f"{RECORDINGS}/{escaped(video)}"
        rows.append(
            {"file": file, "video": video, "sample": video, "split": "train", "expression": "happiness"}
        )
    write_cards(tmp_path, {NAME: card})
    pl.DataFrame(rows).write_parquet(tmp_path / "manifest.parquet")
    return load_prepared(tmp_path, modalities={NAME: 1}, step=0.04, split="train")[0]


def method_of(recordings):
    torch.manual_seed(0)
    options = {"widths": [4, 4, 6], "blocks": [1, 1, 1], "stem": 4}
    encoder = InflatedBackbone(recordings.sizes[NAME], options=options)
    fusion = Concatenation({NAME: encoder.size}, layers=0)
    (space,) = recordings.spaces
    network = SequenceNetwork(
        fusion, {space.name: len(space)}, encoders={NAME: encoder}, pooling="softmax", span=8
    )
    return TemporalStochasticSoftmax(network, spaces=recordings.spaces, warmup=0, exploration=2)


def test_frames_at_their_own_times_meet_on_the_clock(recordings):
    known = {one.name: one.known[NAME] for one in recordings.recordings}
    assert known["long"][:20].all()
    assert known["long"].sum() == 20 + 3 + 10
    assert known["long"][28:40].sum() == 0
    assert known["short"].tolist() == [True] * 3


def test_clips_of_slow_and_missing_frames_are_learnt_from(recordings):
    method, names = method_of(recordings), [one.name for one in recordings.recordings]
    examples = method.examples(Windows(recordings, WindowPlan()))
    assert method.bank.places[names.index("short")] == 1
    optimizer = torch.optim.SGD(method.parameters(), 0.01)
    for seed in range(4):
        batch = examples(torch.tensor([0, 1]), torch.Generator().manual_seed(seed))
        terms = method.train().update(batch, optimizer, 0.0)
        assert terms.total.isfinite()
    assert method.bank.scores.isfinite().all()


def test_what_lies_where_no_face_is_known_changes_nothing(recordings):
    method = method_of(recordings).eval()
    (space,) = recordings.spaces
    windows = Windows(recordings, WindowPlan())
    row = [one.name for one in recordings.recordings].index("long")
    whole = windows(torch.tensor([row]), torch.Generator()).sequences
    with torch.no_grad():
        before = method.predict(whole).outputs[space.name]
        seen = torch.cat([whole.known[NAME][:, :28], whole.known[NAME][:, 40:]], dim=1)
        assert seen.sum() == whole.known[NAME].sum()  # nothing is known between these steps
        whole.streams[NAME][:, 28:40] = 255.0
        after = method.predict(whole).outputs[space.name]
    assert torch.equal(before, after)
