"""Drawn faces of compound expressions: which decision finds the two recipes that a face is drawn from."""

from pathlib import Path

import numpy as np
import torch

from facsight import catalog
from facsight.core.labels import FERPLUS, LabelSpace, label_space
from facsight.data.compound_parts import in_parts
from facsight.data.crops import NO_AUGMENTATION, Augmentation, Cropper
from facsight.data.drawn import PROTOTYPES, DrawnFaces, Recipe, draw_faces
from facsight.data.face_set import FaceSet
from facsight.facs.codebook import load_codebook
from facsight.facs.compound import (
    RULES,
    attention_fit,
    compound_parts,
    decide_pair,
    pair_scores,
    unit_fit,
)
from facsight.facs.guide import Guide
from facsight.nn.pixels import standardise
from facsight.nn.weights import build_network
from facsight.training.fit import fit
from facsight.training.plan import Plan
from facsight.training.run_folder import RunFolder
from facsight.training.scoring import Outcomes, predict_all

NETWORK = {"widths": (24, 48, 96), "blocks": (1, 1, 1), "stem": 12, "dropout": 0.1}


def unions(space: LabelSpace) -> Recipe:
    """Each compound shows what either of its parts shows, with the larger probability of the two."""
    made = {}
    for name in space.classes:
        one, other = (PROTOTYPES[part] for part in compound_parts(name))
        made[name] = {unit: max(one.get(unit, 0.0), other.get(unit, 0.0)) for unit in {*one, *other}}
    return made


def compounds(space: LabelSpace, n: int, seed: int, people: range = range(1000, 2000)) -> DrawnFaces:
    generator = torch.Generator().manual_seed(7000 + seed)
    return draw_faces(n, generator=generator, space=space, recipe=unions(space), people=people)


def teach(faces: FaceSet, folder: Path, seed: int, epochs: int):
    """A small guided reader of these faces."""
    classes = faces.space.classes
    torch.manual_seed(seed)
    method = catalog.load("methods", "action_units")(
        build_network(len(classes), **NETWORK), Guide(classes, weight=4.0, codebook="emotionet")
    )
    plan = Plan(epochs=epochs, batch_size=64, average=0.98, precision="no", rate=0.05)
    return fit(
        method, crops(faces, Augmentation(erase=0.0, blur=0.0)), plan, RunFolder(folder, ""), seed=seed
    )


def crops(faces: FaceSet, augmentation: Augmentation = NO_AUGMENTATION) -> Cropper:
    return Cropper(faces, size=48, standardise=standardise, augmentation=augmentation)


def accuracies(trained, drawn: DrawnFaces) -> dict[str, float]:
    """How often each decision names the planted compound; None, where nothing is said, counts as wrong."""
    space, told = drawn.faces.space, predict_all(trained.predict, crops(drawn.faces))
    p = told.logits.double().softmax(dim=1).numpy()
    names = [space.classes[k] for k in told.truth.tolist()]
    guesses = {rule: _best(pair_scores(p, FERPLUS.classes, space.classes, rule), space) for rule in RULES}
    said = [decide_pair(dict(zip(FERPLUS.classes, row, strict=True)), space.classes) for row in p.tolist()]
    guesses |= {"abstaining": [one.compound for one in said]}
    guesses |= {f"top2_{kind}": _top_two(p, space, kind) for kind in ("all", "basic")}
    guesses |= _by_units(told, drawn, space)
    scores = {
        name: float(np.mean([g == t for g, t in zip(guess, names, strict=True)]))
        for name, guess in guesses.items()
    }
    spoken = [(one.compound, truth) for one, truth in zip(said, names, strict=True) if one.compound]
    scores["abstaining_said"] = len(spoken) / len(names)
    scores["abstaining_right_of_said"] = float(np.mean([g == t for g, t in spoken])) if spoken else 0.0
    return scores | {"chance": 1 / len(space)}


def _by_units(told: Outcomes, drawn: DrawnFaces, space: LabelSpace) -> dict[str, list[str | None]]:
    """By where the reader looked, and by the units that really act, which no reader knows."""
    book = load_codebook("emotionet")
    looked = attention_fit(told.attention, told.landmarks, told.crop_size, space.classes, book)
    acting = unit_fit(drawn.intensities.numpy(), drawn.action_units, space.classes, book)
    return {"attention_fit": _best(looked.numpy(), space), "known_units": _best(acting, space)}


def _best(scores: np.ndarray, space: LabelSpace) -> list[str | None]:
    return [space.classes[k] for k in scores.argmax(axis=1)]


def _top_two(p: np.ndarray, space: LabelSpace, kind: str) -> list[str | None]:
    """The pair of the two most probable classes, if it is one of the space."""
    pairs = {frozenset(compound_parts(name)): name for name in space.classes}
    open_to = [k for k, c in enumerate(FERPLUS.classes) if kind == "all" or c not in ("neutral", "contempt")]
    order = np.argsort(-p[:, open_to], axis=1, kind="stable")[:, :2]
    named = [[FERPLUS.classes[open_to[k]] for k in row] for row in order]
    return [pairs.get(frozenset(two)) for two in named]


def planted(seed: int, folder: Path, *, faces: int = 3000, tested: int = 700, epochs: int = 8):
    """Accuracies on compound faces of new people, by space, of a reader of basic expressions only."""
    generator = torch.Generator().manual_seed(seed)
    drawn = draw_faces(faces, generator=generator, people=range(1000))
    trained = teach(drawn.faces, folder, seed, epochs)
    return {
        name: accuracies(trained, compounds(label_space(name), tested, seed))
        for name in ("cexpr7", "rafce14")
    }


#: Compounds of which no face is shown in training, though their parts are, each with others.
KEPT_BACK = ("sadly surprised", "sadly disgusted", "angrily disgusted")


def planted_with_labels(seed: int, folder: Path, *, faces: int = 2000, tested: int = 700, epochs: int = 8):
    """Accuracies on compound faces of new people, of readers that learnt compounds as classes and in parts.

    Decisions are among all eleven; "kept back": on faces of `KEPT_BACK`, which classes cannot name.
    """
    space = label_space("rafdb_compound11")
    shown = LabelSpace("shown", tuple(c for c in space.classes if c not in KEPT_BACK), column="compound")
    drawn, test = compounds(shown, faces, seed, range(1000)), compounds(space, tested, seed + 100)
    in_two = teach(in_parts(drawn.faces), folder / "parts", seed, epochs)
    as_one = teach(drawn.faces, folder / "classes", seed, epochs)
    told = predict_all(in_two.predict, crops(test.faces))
    p = told.logits.double().softmax(dim=1).numpy()
    best = predict_all(as_one.predict, crops(test.faces)).logits.argmax(dim=1).tolist()
    said = {"classes": [shown.classes[k] for k in best]}
    said |= {
        rule: _best(pair_scores(p, FERPLUS.classes, space.classes, rule), space)
        for rule in ("sum", "geometric")
    }
    truth = [space.classes[k] for k in told.truth.tolist()]
    return {
        f"{name}, {part}": _share(guess, truth, part == "kept back")
        for name, guess in said.items()
        for part in ("shown", "kept back")
    }


def _share(said: list[str | None], truth: list[str], kept_back: bool) -> float:
    asked = [
        one == other for one, other in zip(said, truth, strict=True) if (other in KEPT_BACK) == kept_back
    ]
    return sum(asked) / len(asked)
