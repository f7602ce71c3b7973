"""Planted expressions in noise are found again: which, when they begin, peak and end."""

from itertools import groupby

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from facsight.analysis.events import find_events
from facsight.analysis.in_time import Smoothing, smooth
from planted_rows import CLASSES, Shown, acted

SEEDS = range(5)


def by_events(rows, smoothing):
    events = find_events(smooth(rows, CLASSES, smoothing), CLASSES)
    return [Shown(*row) for row in events.select("name", "onset", "apex", "offset").rows()]


def by_runs(rows):
    """The simplest way: every run of frames with the same label is an event."""
    probabilities = rows.select(f"expression_{name}" for name in CLASSES).to_numpy()
    time, found = rows["time"].to_numpy(), []
    for label, run in groupby(range(len(rows)), key=lambda frame: rows["label"][frame]):
        frames = list(run)
        if label != "neutral":
            apex = frames[probabilities[frames, CLASSES.index(label)].argmax()]
            found.append(Shown(label, *(float(time[frame]) for frame in (frames[0], apex, frames[-1]))))
    return found


def overlap(one, other):
    """Time in both over time in either; 0 for two expressions."""
    shared = min(one.offset, other.offset) - max(one.onset, other.onset)
    either = max(one.offset, other.offset) - min(one.onset, other.onset)
    return max(shared, 0.0) / either if one.name == other.name else 0.0


def score(found, truth):
    """Precision, recall, and the mean error of onset, apex and offset in seconds, of the best pairing."""
    alike = np.array([[overlap(one, other) for other in truth] for one in found]).reshape(-1, len(truth))
    pairs = [
        (found[i], truth[j]) for i, j in zip(*linear_sum_assignment(-alike), strict=True) if alike[i, j] > 0.5
    ]
    errors = [
        [abs(one.onset - other.onset), abs(one.apex - other.apex), abs(one.offset - other.offset)]
        for one, other in pairs
    ]
    return [len(pairs) / len(found), len(pairs) / len(truth), *np.mean(errors, axis=0)]


@pytest.fixture(scope="module", params=[1.0, 1.5])
def videos(request):
    """Sixty seconds a seed, a dozen expressions each, with noise in the scores."""
    return [acted(seed, noise=request.param) for seed in SEEDS]


def mean_score(videos, found):
    return np.mean([score(found(rows), truth) for rows, truth in videos], axis=0)


def test_without_noise_the_truth_is_found_to_a_frame():
    rows, truth = acted(0, noise=0.0)
    precision, recall, *errors = score(by_events(rows, Smoothing()), truth)
    assert (precision, recall) == (1, 1)
    assert max(errors) < 0.025  # frames are up to 0.05 s apart


def test_smoothed_events_find_what_was_shown_and_when(videos):
    precision, recall, onset, apex, offset = mean_score(
        videos, lambda rows: by_events(rows, Smoothing("gaussian", 0.2))
    )
    assert precision > 0.95
    assert recall > 0.95
    assert onset < 0.08
    assert apex < 0.1
    assert offset < 0.1


def test_they_do_clearly_better_than_runs_of_the_raw_label(videos):
    ours = mean_score(videos, lambda rows: by_events(rows, Smoothing("gaussian", 0.2)))
    runs = mean_score(videos, by_runs)
    assert runs[0] < 0.2
    assert ours[0] > runs[0] + 0.5
    assert ours[1] > runs[1]
    assert (ours[2:] < 0.7 * runs[2:]).all()


def test_the_causal_filter_finds_them_too_but_later(videos):
    ahead, causal = (
        mean_score(videos[:2], lambda rows, kind=kind: by_events(rows, Smoothing(kind, 0.2)))
        for kind in ("gaussian", "one_euro")
    )
    assert causal[:2].min() > 0.95
    assert causal[2:].max() < 0.25
    assert causal[3] > ahead[3] + 0.03
