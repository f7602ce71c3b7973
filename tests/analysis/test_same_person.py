"""Which tracks are one person: planted people come back, whatever the order, and what is doubtful is told."""

import json

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import adjusted_rand_score

from facsight.analysis.same_person import SamePerson, Told, tell, tell_people
from facsight.analysis.time_columns import TOLD_COLUMNS, schema
from planted_people import ColourEmbedder, in_order, planted_tracks, tracks_of

LEAST = 0.4


def told(faces, least=LEAST):
    return tell_people([faces], least, across=False)[0]


def agreement(faces, who):
    return adjusted_rand_score(who, told(faces)["person"].to_numpy())


def nearest_centroid(faces, least=LEAST):
    """The simple way: each track in turn joins the nearest mean so far, if it is near enough."""
    sums, found = [], []
    for vector in faces.vectors:
        cosines = [vector @ (total / np.linalg.norm(total)) for total in sums]
        if cosines and max(cosines) >= least:
            place = int(np.argmax(cosines))
            sums[place] = sums[place] + vector
        else:
            place = len(sums)
            sums.append(vector)
        found.append(place)
    return found


@pytest.mark.parametrize("seed", range(10))
def test_planted_people_come_back_from_cuts_and_noise(seed):
    faces, who = planted_tracks(seed, people=5, tracks=60, noise=0.8)
    assert agreement(faces, who) >= 0.95


def test_twenty_people():
    scores = [agreement(*planted_tracks(seed, people=20, tracks=200, noise=0.8)) for seed in range(5)]
    assert min(scores) >= 0.95


def test_people_who_look_alike_are_told_apart_when_they_are_seen_together():
    """Where the simple way fails: two who look alike, always in the same frame."""
    ours, simple = [], []
    for seed in range(10):
        faces, who = planted_tracks(seed, people=2, tracks=40, noise=0.5, lookalike=True)
        ours.append(agreement(faces, who))
        simple.append(adjusted_rand_score(who, nearest_centroid(faces)))
        blind = tracks_of(faces.vectors)
        assert adjusted_rand_score(who, told(blind)["person"].to_numpy()) < 0.95
    assert min(ours) >= 0.95
    assert max(simple) < 0.5


def test_two_tracks_in_one_frame_are_never_one_person():
    for seed in range(5):
        faces, _ = planted_tracks(seed, people=3, tracks=30, noise=2.0)
        person = told(faces, least=-0.5)["person"].to_numpy()
        assert not (faces.together & (person[:, None] == person)).any()


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_tracks_makes_no_difference(seed):
    faces, _ = planted_tracks(seed, people=4, tracks=30, noise=0.9)
    order = np.random.default_rng(seed).permutation(len(faces.numbers))
    one, other = told(faces), told(in_order(faces, order)).sort("track")
    assert adjusted_rand_score(one["person"], other["person"]) == 1
    for name in ("similarity", "nearest_other"):
        np.testing.assert_allclose(one[name].to_numpy(), other[name].to_numpy())
    assert one["sure"].equals(other["sure"])


def studies(seed, videos=4, **options):
    """The tracks of several videos of the same people."""
    whole, who = planted_tracks(seed, **options)
    parts, truth = [], []
    for places in np.array_split(np.arange(len(who)), videos):
        part = in_order(whole, places)
        parts.append(tracks_of(part.vectors, together=part.together))
        truth.append(who[places])
    return parts, truth


@pytest.mark.parametrize("seed", range(3))
def test_across_videos_a_number_is_one_person(seed):
    parts, truth = studies(seed, people=5, tracks=80, noise=0.8)
    found = tell_people(parts, LEAST, across=True)
    assert adjusted_rand_score(np.concatenate(truth), np.concatenate([t["person"] for t in found])) >= 0.95
    apart = tell_people(parts, LEAST, across=False)
    for across, own, who in zip(found, apart, truth, strict=True):
        assert adjusted_rand_score(across["person"], own["person"]) >= 0.95
        assert adjusted_rand_score(own["person"], who) >= 0.95
        assert own["person"][0] == 1  # anew in each video


def test_the_order_of_videos_makes_no_difference_but_to_the_numbers():
    parts, _ = studies(0, people=5, tracks=80, noise=0.9)
    one = tell_people(parts, LEAST, across=True)
    other = tell_people(parts[::-1], LEAST, across=True)[::-1]
    people = [np.concatenate([t["person"] for t in found]) for found in (one, other)]
    assert adjusted_rand_score(*people) == 1
    assert people[0].min() == people[1].min() == 1
    assert one[0]["person"][0] == 1
    assert other[-1]["person"][0] == 1


def faces_of(vectors, frames=None, together=()):
    vectors = np.array(vectors, float)
    beside = np.zeros((len(vectors), len(vectors)), bool)
    for one, other in together:
        beside[one, other] = beside[other, one] = True
    return tracks_of(vectors, together=beside, frames=frames)


def test_a_person_alone():
    assert told(faces_of([[1.0, 0]])).rows() == [(1, 1, None, None, 12, 1)]


def test_no_face():
    empty = faces_of(np.empty((0, 4)))
    for across in (False, True):
        (table,) = tell_people([empty], LEAST, across=across)
        assert table.is_empty()
        assert dict(table.schema) == schema(TOLD_COLUMNS)
    one, other = tell_people([empty, faces_of([[1.0, 0, 0, 0]])], LEAST, across=True)
    assert (len(one), other["person"].to_list()) == (0, [1])
    assert tell_people([], LEAST, across=True) == []


def test_likenesses_by_hand():
    """Three tracks of one person and two of another, with cosines that can be worked out."""
    at = [np.array([np.cos(a), np.sin(a)]) for a in np.radians([0, 10, 20, 90, 100])]
    table = told(faces_of(at), least=0.5)
    assert table["person"].to_list() == [1, 1, 1, 2, 2]
    cosine = lambda *degrees: np.cos(np.radians(degrees)).mean()  # noqa: E731
    assert table["similarity"].to_list() == pytest.approx(
        [cosine(10, 20), cosine(10, 10), cosine(20, 10), cosine(10), cosine(10)]
    )
    assert table["nearest_other"].to_list() == pytest.approx(
        [cosine(90, 100), cosine(80, 90), cosine(70, 80), cosine(90, 80, 70), cosine(100, 90, 80)]
    )
    assert table["sure"].to_list() == [1] * 5


def test_what_is_not_sure():
    at = [np.array([np.cos(a), np.sin(a)]) for a in np.radians([0, 40, 80, 90])]
    table = told(faces_of(at, frames=[12, 12, 12, 2]), least=0.5)
    assert table["person"].to_list() == [1, 1, 2, 2]
    # the second is as near to the third (40 degrees) as to the first; the fourth was seen twice
    assert table["sure"].to_list() == [1, 0, 1, 0]
    table = told(faces_of(at, together=[(0, 2), (1, 2), (1, 3), (0, 3)]), least=0.5)
    assert table["nearest_other"].to_list() == [None] * 4  # who was seen beside is not taken for it
    assert table["sure"].to_list() == [1] * 4


def test_a_track_whose_frames_are_not_alike_is_not_sure():
    faces = faces_of([[1.0, 0], [1.0, 0]])
    faces.of_one[1] = False
    assert told(faces)["sure"].to_list() == [1, 0]


def test_a_track_that_could_not_be_compared_is_a_person_of_its_own():
    vectors = [[1.0, 0], [np.nan, np.nan], [1.0, 0]]
    (table,) = tell_people([faces_of(vectors, frames=[5, 0, 5])], LEAST, across=True)
    assert table.row(1) == (2, 2, None, None, 0, 0)
    assert table["person"].to_list() == [1, 2, 1]
    assert table["similarity"].to_list() == [pytest.approx(1), None, pytest.approx(1)]


def test_what_was_told_survives_json_and_names_the_rows():
    faces, _ = planted_tracks(0, people=3, tracks=12, noise=0.8)
    one = Told({"name": "x"}, told(faces))
    again = Told.from_json(json.loads(json.dumps(one.as_json())))
    assert again.by == one.by
    assert again.tracks.equals(one.tracks)
    rows = pl.DataFrame({"track": pl.Series([2, None, 1], dtype=pl.Int32)})
    found = again.add_person(rows)
    people = dict(one.tracks.select("track", "person").iter_rows())
    assert found["person"].to_list() == [people[2], None, people[1]]


def test_what_is_known_is_not_told_again(monkeypatch, tmp_path):
    looked = []

    def look(video, table, embedder, sequence):
        looked.append(video.name)
        return faces_of([[1.0, 0, 0]])

    monkeypatch.setattr("facsight.analysis.same_person.look_at_tracks", look)
    videos = [tmp_path / "a", tmp_path / "b"]
    tables = [tmp_path / "a.parquet", tmp_path / "b.parquet"]

    def asked(known, **options):
        looked.clear()
        how = SamePerson(ColourEmbedder(), **options)
        return list(tell(videos, tables, known, how, lambda video: None)), looked.copy()

    first, names = asked([None, None])
    assert names == ["a", "b"]
    assert asked(first)[1] == []
    assert asked([first[0], None])[1] == ["b"]
    across, names = asked(first, across=True)  # another question
    assert names == ["a", "b"]
    assert asked(across, across=True)[1] == []
    assert asked([across[0], None], across=True)[1] == ["a", "b"]
