import math
import weakref

import numpy as np
import pytest
import torch
from PIL import Image

from facsight.analysis.reader import Reader
from facsight.core.errors import BadLabels, BadMedia, MissingData
from facsight.core.labels import EXPRESSIONS
from facsight.media.photo import Photo
from facsight.nn.pixels import standardise
from facsight.nn.weights import load_network
from planted import SIDE, PlantedFinder, drawn_face, photo_with, saved_photo, tiny_reader_file


def same(one, two):
    assert one.expression == two.expression
    np.testing.assert_array_equal(one.evidence.attention, two.evidence.attention)


def test_a_reading_has_everything_about_its_face(reader):
    (reading,) = reader.read(photo_with(1))
    points = drawn_face(True)[1]
    np.testing.assert_allclose(reading.landmarks, points)
    assert reading.box == (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())
    assert (reading.confidence, reading.pose.yaw) == (0.9, 0.0)
    assert tuple(reading.expression) == EXPRESSIONS
    assert math.isclose(sum(reading.expression.values()), 1, abs_tol=1e-6)
    assert reading.label == max(reading.expression, key=reading.expression.__getitem__)


def test_uncertainty_is_the_entropy_of_the_probabilities_over_that_of_an_even_spread(reader):
    (reading,) = reader.read(photo_with(1))
    entropy = -sum(p * math.log(p) for p in reading.expression.values())
    assert reading.uncertainty == pytest.approx(entropy / math.log(8), abs=1e-6)


def test_the_network_sees_the_aligned_crop_and_nothing_else(reader, weights):
    (reading,) = reader.read(photo_with(1))
    crop = reading.evidence.source.alignment.crop(photo_with(1))
    network, _ = load_network(weights)
    pixels = standardise(torch.from_numpy(crop.copy())[None].permute(0, 3, 1, 2))
    with torch.inference_mode():
        told, mirrored = network(pixels), network(pixels.flip(3))
    expected = ((told.logits + mirrored.logits) / 2).softmax(dim=1)[0].tolist()
    assert list(reading.expression.values()) == pytest.approx(expected, abs=1e-5)
    attention = (told.attention + mirrored.attention.flip(2))[0].numpy() / 2
    np.testing.assert_allclose(reading.evidence.attention, attention, rtol=1e-4, atol=1e-5)


def test_probabilities_are_calibrated_by_the_temperature_of_the_card(tmp_path, reader):
    hot = tiny_reader_file(tmp_path / "hot.safetensors", temperature=4.0)
    (cool,), (warm,) = (r.read(photo_with(1)) for r in (reader, Reader(hot, finder=PlantedFinder())))
    # p at temperature 4 is p^(1/4), renormalised
    raised = [p**0.25 for p in cool.expression.values()]
    assert list(warm.expression.values()) == pytest.approx([p / sum(raised) for p in raised], abs=1e-6)


def test_photos_may_be_paths_arrays_or_pil_images(reader, tmp_path):
    path = saved_photo(tmp_path / "one.png")
    (first,), *others = (reader.read(p) for p in (path, str(path), photo_with(1), Image.open(path)))
    for (other,) in others:
        same(first, other)


def test_no_face_gives_no_reading(reader):
    assert reader.read(photo_with(0)) == []


def test_forty_faces_are_read_each_as_if_it_were_alone(reader):
    photo = photo_with(40, size=(10 * SIDE, 4 * SIDE))
    readings = reader.read(photo)
    assert len(readings) == 40
    (alone,) = reader.read(photo_with(1))
    for reading in readings[::2]:  # every second face is the same drawing
        assert list(reading.expression.values()) == pytest.approx(list(alone.expression.values()), abs=1e-5)


def test_many_photos_give_their_results_in_order_and_failures_end_nothing(reader, tmp_path):
    names = []
    for number in range(37):
        path = tmp_path / f"{number:02d}.png"
        if number % 10 == 3:
            path.write_bytes(b"not a picture")
        else:
            saved_photo(path, faces=number % 3)
        names.append(path)
    results = list(reader.read_many(names, at_once=8))
    assert [result.name for result in results] == [str(name) for name in names]
    for number, result in enumerate(results):
        failed = number % 10 == 3
        assert (result.error is not None, result.size is None) == (failed, failed)
        assert len(result.readings) == (0 if failed else number % 3)


def test_whatever_a_file_does_the_batch_goes_on(weights, tmp_path):
    class Moody(PlantedFinder):
        def find(self, image):
            if self.asked == 1:
                self.asked += 1
                raise RuntimeError("a bad\nday")
            return super().find(image)

    photos = [saved_photo(tmp_path / f"{n}.png") for n in range(3)]
    results = list(Reader(weights, finder=Moody()).read_many(photos))
    assert [result.error for result in results] == [None, "RuntimeError: a bad day", None]


def test_many_photos_are_not_read_ahead_of_need(reader, tmp_path):
    """Memory stays bounded: only the photos of one pass, and a few decoded ahead, are asked for."""
    path, asked = saved_photo(tmp_path / "one.png"), []

    def endless():
        while True:
            asked.append(path)
            yield path

    results = reader.read_many(endless(), at_once=4)
    next(results)
    assert len(asked) <= 4 + 3
    results.close()


def test_no_more_than_two_photos_are_in_memory_at_once(reader, tmp_path, monkeypatch):
    """The one that is looked at, and the one that is decoded meanwhile."""
    path, alive, most = saved_photo(tmp_path / "one.png"), weakref.WeakSet(), []

    def decode(path):
        photo = Photo(photo_with(1), str(path))
        alive.add(photo)
        most.append(len(alive))
        return photo

    monkeypatch.setattr("facsight.analysis.looking.read_photo", decode)
    assert len(list(reader.read_many([path] * 12, at_once=4))) == 12
    assert max(most) == 2


def test_a_photo_that_cannot_be_read_says_why(reader, tmp_path):
    (tmp_path / "empty.jpg").write_bytes(b"")
    with pytest.raises(BadMedia, match=r"empty\.jpg"):
        reader.read(tmp_path / "empty.jpg")


def test_weights_that_are_not_there_are_named(tmp_path):
    with pytest.raises(MissingData, match=r"none\.safetensors"):
        Reader(tmp_path / "none.safetensors", finder=PlantedFinder())


def test_only_the_units_of_the_readers_classes_are_drawn(tmp_path):
    weights = tiny_reader_file(tmp_path / "two.safetensors", ["neutral", "happiness"])
    assert Reader(weights, finder=PlantedFinder()).action_units == (6, 12, 25)


def test_another_codebook_may_be_asked_for(weights):
    reader = Reader(weights, finder=PlantedFinder(), codebook="emfacs")
    assert reader.describe()["codebook"]["name"] == "emfacs"


def test_it_says_which_reader_it_is(reader, weights, tmp_path):
    told = reader.describe()
    assert told["weights"]["file"] == weights.name
    assert told["classes"] == list(EXPRESSIONS)
    other = tiny_reader_file(tmp_path / "tiny.safetensors", temperature=2.0)
    assert Reader(other, finder=PlantedFinder()).describe() != told


def test_an_unknown_class_is_refused_with_the_nearest_known_one(reader):
    (reading,) = reader.read(photo_with(1))
    with pytest.raises(BadLabels, match="did you mean 'happiness'"):
        reading.evidence.about("happyness")
