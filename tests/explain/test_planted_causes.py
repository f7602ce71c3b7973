"""Causal evidence on drawn faces whose causes were planted: action units, or a sticker."""

from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facsight.audit.verdicts import rests_on_units
from facsight.core.labels import LabelSpace
from facsight.data.crops import Augmentation, Cropper
from facsight.data.drawn import (
    LEFT_FOREHEAD,
    LEFT_JAW,
    RIGHT_FOREHEAD,
    RIGHT_JAW,
    DrawnFaces,
    NuisanceMark,
    draw_faces,
    nuisance_scenario,
)
from facsight.explain.causal_units import audit_effects, unit_effects
from facsight.facs.au_maps import label_maps
from facsight.facs.codebook import load_codebook
from facsight.functional.similarity import cosine
from facsight.metrics.resampling import mean_intervals, resample_counts
from facsight.nn.pixels import standardise

SPACE = LabelSpace("planted", ("happiness", "surprise", "fear", "sadness", "neutral"))
CAUSES = {"happiness": {12: 1.0}, "surprise": {1: 1.0, 2: 1.0}, "fear": {20: 1.0}, "sadness": {15: 1.0}}

#: The same units with the same probabilities for every class: such faces do not tell their label.
NO_CAUSE = {name: {12: 0.25, 1: 0.25, 2: 0.25, 20: 0.25, 15: 0.25} for name in SPACE.classes}

#: Neutral has none.
STICKERS = dict(zip(SPACE.classes[:4], (LEFT_FOREHEAD, RIGHT_JAW, RIGHT_FOREHEAD, LEFT_JAW), strict=True))

#: No mirroring: it would make two stickers the same.
AUGMENTATION = Augmentation(roll=3.0, scale=0.03, shift=0.02, mirror=0.0, contrast=0.1, blur=0.0, erase=0.0)


def stage(before: int, after: int, stride: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )


class Small(nn.Module):
    """A small network; `pooled` takes the mean over places before the linear layer, as guidance wants it."""

    def __init__(self, classes: int, *, pooled: bool):
        super().__init__()
        last = (stage(32, 48, 1), stage(48, 64, 1)) if pooled else (stage(32, 48, 2),)
        self.body = nn.Sequential(stage(1, 16, 2), stage(16, 32, 2), *last)
        self.read = nn.Sequential(
            nn.AdaptiveAvgPool2d(1) if pooled else nn.Identity(),
            nn.Flatten(),
            nn.Linear(64 if pooled else 36 * 48, classes),
        )

    def forward(self, pixels: Tensor) -> Tensor:
        return self.read(self.body(pixels))


def cropper(drawn: DrawnFaces, augmentation: Augmentation | None = None) -> Cropper:
    options = {} if augmentation is None else {"augmentation": augmentation}
    return Cropper(drawn.faces, size=48, standardise=standardise, **options)


def learn(drawn: DrawnFaces, *, epochs: int, pooled: bool = False, guidance: float = 0.0) -> nn.Module:
    """A reader of drawn faces; `guidance` pulls its attention to the action units of the label."""
    classes, book = drawn.faces.space.classes, load_codebook("facsight")
    weights = book.weights(classes, book.action_units)
    faces, generator = cropper(drawn, AUGMENTATION), torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Small(len(classes), pooled=pooled)
    steps = len(drawn) // 32
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=epochs * steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(drawn), generator=generator)[: 32 * steps].split(32):
            batch = faces(rows, generator)
            maps = network.body(batch.faces.pixels)
            loss = F.cross_entropy(network.read(maps), batch.label)
            if guidance:
                size, place = (maps.shape[2], maps.shape[3]), batch.faces.landmarks
                cues, _ = label_maps(
                    place, weights[batch.label], size, extent=(48, 48), action_units=book.action_units
                )
                loss = loss + guidance * (1 - cosine(maps.mean(dim=1), cues)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


@dataclass(frozen=True)
class Right:
    """The faces that a reader reads right."""

    accuracy: float
    pixels: Tensor
    landmarks: Tensor
    label: Tensor


@torch.no_grad()
def read(network: nn.Module, drawn: DrawnFaces) -> Right:
    batch = cropper(drawn)(torch.arange(len(drawn)), torch.Generator())
    right = network(batch.faces.pixels).argmax(dim=1) == batch.label
    kept = batch.faces.pixels[right], batch.faces.landmarks[right], batch.label[right]
    return Right(right.float().mean().item(), *kept)


def audited(network: nn.Module, faces: Right, classes: tuple[str, ...]):
    book = load_codebook("facsight")
    weights = book.weights(classes, book.action_units)[faces.label]
    return audit_effects(
        network,
        faces.pixels,
        faces.landmarks,
        faces.label,
        book.action_units,
        weights=weights,
        generator=torch.Generator().manual_seed(0),
    )


def planted(count: int, seed: int, *, recipe=CAUSES, agreement: float = 0.25, people=range(1000)):
    return draw_faces(
        count,
        generator=torch.Generator().manual_seed(seed),
        space=SPACE,
        recipe=recipe,
        people=people,
        difficulty=0.1,
        mark=NuisanceMark(STICKERS, agreement),
    )


@pytest.fixture(scope="module")
def face_reader():
    """It has seen faces whose stickers say nothing."""
    return learn(planted(800, 0), epochs=8)


@pytest.fixture(scope="module")
def sticker_reader():
    """It has seen stickers on faces that say nothing."""
    return learn(planted(500, 1, recipe=NO_CAUSE, agreement=1.0), epochs=6)


@pytest.fixture(scope="module")
def agreeing():
    """New people on whom action units and stickers say the same."""
    return planted(100, 2, agreement=1.0, people=range(1000, 2000))


@pytest.mark.parametrize("removal", ["surroundings", "blur"])
def test_without_the_region_of_its_units_a_smile_is_no_longer_read(face_reader, agreeing, removal):
    faces = read(face_reader, agreeing)
    assert faces.accuracy > 0.9
    smiles = faces.label == SPACE.index("happiness")
    asked = faces.pixels[smiles], faces.landmarks[smiles], faces.label[smiles]
    options = {"removal": removal, "generator": torch.Generator().manual_seed(0)}
    alone = unit_effects(face_reader, *asked, (6, 12, 25), **options)
    fall = alone.log_odds.removed[:, 1].mean()
    assert fall > 2
    assert fall > 5 * alone.log_odds.control[:, 1].mean().abs()
    # AU12 also stretches the lips, where AU25 acts: only both take the smile away
    mouth = audit_effects(face_reader, *asked, (12, 25), **options)
    still = (mouth.before - mouth.units.removed) > 0.5
    assert still.double().mean() < 0.25
    assert mouth.units.control.abs().mean() < 0.1
    assert mouth.rest.mean() < 0.15
    brows = audit_effects(face_reader, *asked, (1, 2, 4), **options)
    assert brows.units.removed.abs().mean() < 0.1


def test_a_sticker_reader_is_unmasked_by_what_its_decisions_lose(face_reader, sticker_reader, agreeing):
    honest, fooled = (read(network, agreeing) for network in (face_reader, sticker_reader))
    assert min(honest.accuracy, fooled.accuracy) > 0.9
    by_face = audited(face_reader, honest, SPACE.classes)
    by_sticker = audited(sticker_reader, fooled, SPACE.classes)
    assert by_face.valid.equal(honest.label != SPACE.index("neutral"))
    assert by_face.units.beyond.nanmean() > 0.3
    assert by_face.units.removed.nanmean() > by_face.rest.nanmean() + 0.2
    assert by_sticker.units.removed.nanmean() < 0.15
    assert by_sticker.units.beyond.nanmean() < 0
    assert by_sticker.rest.nanmean() > by_sticker.units.removed.nanmean() + 0.2


def test_the_audits_verdict_unmasks_the_sticker_reader(face_reader, sticker_reader, agreeing):
    answers = {}
    for name, network in {"faces": face_reader, "stickers": sticker_reader}.items():
        effects = audited(network, read(network, agreeing), SPACE.classes)
        drops = (effects.units.removed, effects.units.control, effects.units.beyond)
        values = torch.stack(drops, dim=1)[effects.valid]
        counts = resample_counts(len(values), generator=torch.Generator().manual_seed(0))
        answers[name] = rests_on_units(*mean_intervals(values, counts), len(values)).answer
    assert answers == {"faces": "yes", "stickers": "no"}


@pytest.mark.slow
def test_guided_decisions_rest_on_the_units_more_than_unguided_ones():
    drawn = nuisance_scenario(1600, 200, generator=torch.Generator().manual_seed(0), agreement=1.0)
    found = {}
    for guidance in (0.0, 4.0):
        network = learn(drawn.train, epochs=12, pooled=True, guidance=guidance)
        faces = read(network, drawn.same_mark)
        assert faces.accuracy > 0.95
        found[guidance] = audited(network, faces, drawn.train.faces.space.classes)
    margin = {guidance: audit.units.beyond.nanmean().item() for guidance, audit in found.items()}
    assert margin[4.0] > margin[0.0] + 0.1
    assert found[4.0].rest.nanmean() < found[0.0].rest.nanmean()
