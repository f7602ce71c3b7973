import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from facsight.core.errors import BadPeople
from facsight.metrics.identity_leak import PENALTY, identity_leak


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def people_of(count, clips=4, frames=6):
    clip = torch.arange(count * clips).repeat_interleave(frames)
    return clip // clips, clip


def test_a_channel_for_each_person_tells_all():
    person, clip = people_of(4)
    leak = identity_leak(torch.eye(4)[person], person, clip)
    assert (leak.accuracy, leak.chance, leak.people, leak.rows) == (1.0, 0.25, 4, 96)
    assert leak.excess == 1.0


def test_features_that_never_change_tell_nothing():
    person, clip = people_of(4)
    leak = identity_leak(torch.full((96, 3), 0.1), person, clip)
    assert leak.accuracy == 0.25  # one of four is always said
    assert leak.excess == 0.0


def test_what_belongs_to_clips_alone_does_not_count(generator):
    # every clip has a direction of its own: a split by frames would tell everybody right
    person, clip = people_of(4, clips=6)
    features = 5 * torch.randn(24, 40, generator=generator)[clip]
    assert identity_leak(features, person, clip).accuracy < 0.5


def test_people_count_alike_however_many_rows_they_have():
    # person 0 has 60 rows and person 1 has 6, of which nothing can be told: all are said to be 0
    person = torch.tensor([0] * 60 + [1] * 6)
    clip = torch.tensor([0] * 30 + [1] * 30 + [2] * 3 + [3] * 3)
    assert identity_leak(torch.zeros(66, 2), person, clip).accuracy == 0.5


def test_against_scikit_learn(generator):
    person, clip = people_of(5, clips=2, frames=30)
    features = torch.randn(5, 6, generator=generator)[person] + torch.randn(300, 6, generator=generator)
    x, y, half = features.double().numpy(), person.numpy(), clip.numpy() % 2
    said = np.empty_like(y)
    for side in (0, 1):
        train, test = half != side, half == side
        scale = StandardScaler().fit(x[train])
        # theirs is C * sum of costs + half the squares; n - 1 against n in the deviation
        shrink = ((train.sum() - 1) / train.sum()) ** 0.5
        model = LogisticRegression(C=1 / (2 * PENALTY * train.sum()), tol=1e-8, max_iter=2000)
        model.fit(scale.transform(x[train]) * shrink, y[train])
        said[test] = model.predict(scale.transform(x[test]) * shrink)
    wanted = np.mean([(said == y)[y == one].mean() for one in range(5)])
    assert identity_leak(features, person, clip).accuracy == pytest.approx(wanted, abs=1e-9)
    assert 0.3 < wanted < 0.99


def test_maps_are_averaged_over_their_places(generator):
    person, clip = people_of(3)
    maps = torch.randn(72, 4, 2, 3, generator=generator) + person[:, None, None, None]
    assert identity_leak(maps, person, clip) == identity_leak(maps.mean(dim=(2, 3)), person, clip)


def test_scale_and_place_of_channels_do_not_count(generator):
    person, clip = people_of(3)
    features = torch.randn(72, 4, generator=generator) + person[:, None]
    assert identity_leak(features, person, clip) == identity_leak(features * 100 + 3, person, clip)


def test_one_clip_cannot_be_split():
    person, clip = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 2])
    with pytest.raises(BadPeople, match="1 clip of person 1"):
        identity_leak(torch.rand(3, 2), person, clip)


def test_one_person_cannot_be_told_apart():
    with pytest.raises(BadPeople, match="two or more people"):
        identity_leak(torch.rand(4, 2), torch.zeros(4).long(), torch.arange(4))
