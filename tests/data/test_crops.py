from dataclasses import replace

import pytest
import torch

from facsight.core.labels import LabelSpace
from facsight.core.landmarks import MIRROR, RIGID, RIGID_TEMPLATE
from facsight.data.crops import NO_AUGMENTATION, Augmentation, Cropper, align_faces
from facsight.data.face_set import FaceSet
from facsight.functional import geometry

MIRROR_ONLY = replace(NO_AUGMENTATION, mirror=1.0)


def plain(pixels):
    return pixels.float()


def faces(landmarks, side=60, images=None):
    n = len(landmarks)
    images = torch.zeros(n, 1, side, side, dtype=torch.uint8) if images is None else images
    space = LabelSpace("one", ("a", "b"))
    return FaceSet("few", space, images, landmarks, torch.tensor([[1.0, 0.0]] * n), tuple(map(str, range(n))))


@pytest.fixture
def landmarks(generator):
    """A face whose rigid points lie on the template, turned by 30 degrees and doubled."""
    points = torch.rand(1, 68, 2, generator=generator) * 48
    points[0, list(RIGID)] = torch.tensor(RIGID_TEMPLATE) * 48
    turn = torch.tensor([[[0.8660254 * 2, -1.0, 9.0], [1.0, 0.8660254 * 2, -3.0]]])
    return geometry.apply(turn, points)


def test_alignment_puts_the_rigid_points_on_the_template(landmarks):
    aligned = geometry.apply(align_faces(landmarks, (60, 60), 48), landmarks)
    torch.testing.assert_close(aligned[0, list(RIGID)], torch.tensor(RIGID_TEMPLATE) * 48, atol=1e-3, rtol=0)


def test_a_face_without_landmarks_keeps_the_whole_picture():
    missing = torch.full((1, 68, 2), torch.nan)
    corners = torch.tensor([[[0.0, 0.0], [60.0, 30.0]]])
    moved = geometry.apply(align_faces(missing, (30, 60), 48), corners)
    torch.testing.assert_close(moved, torch.tensor([[[0.0, 0.0], [48.0, 48.0]]]))


def test_mirrored_crop_and_landmarks_agree(landmarks, generator):
    images = torch.randint(0, 255, (1, 1, 60, 60), generator=generator, dtype=torch.uint8)
    index = torch.tensor([0])
    straight = Cropper(faces(landmarks, images=images), size=48, standardise=plain)(index, generator)
    mirrored = Cropper(faces(landmarks, images=images), size=48, standardise=plain, augmentation=MIRROR_ONLY)(
        index, generator
    )
    torch.testing.assert_close(mirrored.faces.pixels, straight.faces.pixels.flip(3), atol=1e-2, rtol=0)
    expected = straight.faces.landmarks[:, list(MIRROR)]
    torch.testing.assert_close(
        mirrored.faces.landmarks,
        torch.stack([48 - expected[..., 0], expected[..., 1]], -1),
        atol=1e-3,
        rtol=0,
    )


def test_landmarks_stay_on_their_pixels_under_augmentation(generator):
    # a bright dot at the nose tip: wherever augmentation puts it, the landmark says so
    landmarks = torch.rand(1, 68, 2, generator=generator) * 60
    landmarks[0, list(RIGID)] = torch.tensor(RIGID_TEMPLATE) * 60
    landmarks[0, 30] = torch.tensor([30.5, 36.5])
    images = torch.zeros(1, 1, 60, 60, dtype=torch.uint8)
    images[0, 0, 36, 30] = 255
    geometric = Augmentation(contrast=0.0, blur=0.0, erase=0.0)
    cut = Cropper(faces(landmarks, images=images), size=60, standardise=plain, augmentation=geometric)
    for _ in range(20):
        batch = cut(torch.tensor([0]), generator)
        bright = batch.faces.pixels[0, 0]
        rows, columns = torch.meshgrid(torch.arange(60) + 0.5, torch.arange(60) + 0.5, indexing="ij")
        centre = torch.stack([(bright * columns).sum(), (bright * rows).sum()]) / bright.sum()
        assert (centre - batch.faces.landmarks[0, 30]).norm() < 0.5


def test_same_generator_same_crops(landmarks):
    cut = Cropper(faces(landmarks), size=48, standardise=plain, augmentation=Augmentation())
    first = cut(torch.tensor([0]), torch.Generator().manual_seed(5))
    second = cut(torch.tensor([0]), torch.Generator().manual_seed(5))
    assert torch.equal(first.faces.pixels, second.faces.pixels)


def test_erasing_takes_between_one_and_eighteen_percent():
    images = torch.full((64, 1, 48, 48), 200, dtype=torch.uint8)
    only = replace(NO_AUGMENTATION, erase=1.0)
    set_of_64 = faces(torch.full((64, 68, 2), torch.nan), images=images)
    pixels = Cropper(set_of_64, size=48, standardise=plain, augmentation=only)(
        torch.arange(64), torch.Generator().manual_seed(0)
    ).faces.pixels
    gone = (pixels != 200).float().mean(dim=(1, 2, 3))
    assert gone.min() > 0.01
    assert gone.max() < 0.18


def test_no_augmentation_uses_no_random_number(landmarks):
    generator = torch.Generator().manual_seed(1)
    cut = Cropper(faces(landmarks), size=48, standardise=plain, augmentation=NO_AUGMENTATION)
    first = cut(torch.tensor([0]), generator).faces.pixels
    assert torch.equal(first, cut(torch.tensor([0]), generator).faces.pixels)
