"""Emotions in voices that were never heard in training: RAVDESS speech, eight classes, actors apart.

    python benchmarks/ravdess.py --data ../shared/data/ravdess [--folds-seed 0] [--name ravdess]

Five folds over the 20 actors of the list (four are left out at a time), each with networks trained from
scratch on the other 16. A clip is one row of numbers (`functional.voice`) of itself and, in training, of
copies that are played slower or faster by up to a tenth; a network is a perceptron on that row, trained by
the one loop (`training.fit`) on mixtures of clips; what is told is the mean of the probabilities of `MEMBERS`
networks that differ by their seed. Numbers, networks and training were chosen on folds of another seed
(11), which are of the same actors, so that a little optimism remains; nothing looks at the left-out actors of
the folds that are reported. Figures: accuracy by fold and by actor, macro F1, confusion, and seconds a fold
on one thread: by the clock, on a machine that others may be using, and of the processor.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import torch
from jaxtyping import Float, Int
from scipy.signal import resample_poly
from torch import Tensor

from facsight.core.labels import label_space
from facsight.core.sequences import LabelledSequences, Sequences
from facsight.data.opening import open_dataset
from facsight.functional.sound import log_mel, prosody
from facsight.functional.voice import describe
from facsight.fusion.concatenation import Concatenation
from facsight.media.samples import read_sound
from facsight.methods.sequences import SupervisedSequences
from facsight.nn.encoders.perceptron import Perceptron
from facsight.nn.sequence_network import SequenceNetwork
from facsight.nn.standardised import Standardised
from facsight.training.fit import fit
from facsight.training.plan import Plan
from facsight.training.run_folder import RunFolder
from record import record

SPACE = label_space("ravdess8")
RATE, FOLDS = 16_000, 5
#: Numbers of samples that so many become, clip by clip and copy by copy: the first is the clip itself.
SPEEDS = ((1, 1), (9, 10), (11, 10), (19, 20), (21, 20))
#: Networks a fold, and what their training is.
MEMBERS, WIDTH, NOISE, MIXED = 5, 512, 0.3, 0.4
PLAN = Plan(
    epochs=80, batch_size=64, optimizer="adamw", rate=2e-3, weight_decay=0.05, average=0.9, precision="no"
)


@dataclass(frozen=True)
class Clips:
    """Rows of numbers of each copy, the class, the actor."""

    rows: Float[Tensor, "copy clip number"]
    classes: Int[Tensor, "clip"]
    actors: Sequence[str]

    def of(self, actors: Sequence[str], inside: bool) -> "Clips":
        """The clips of some actors, or of all others."""
        kept = [k for k, actor in enumerate(self.actors) if (actor in actors) == inside]
        return Clips(self.rows[:, kept], self.classes[kept], [self.actors[k] for k in kept])


class Mixtures:
    """Clips for training: a copy of each, with noise, mixed with that of another.

    Zhang, Cisse, Dauphin and Lopez-Paz, "mixup: beyond empirical risk minimization", ICLR 2018.
    """

    kind = "clip"

    def __init__(self, clips: Clips):
        self.clips, self.scale = clips, clips.rows[0].std(dim=0)

    def __len__(self) -> int:
        return len(self.clips.classes)

    def labels(self) -> Int[Tensor, "n"] | None:
        return self.clips.classes

    def __call__(self, rows: Int[Tensor, "batch"], generator: torch.Generator) -> LabelledSequences:
        copies = torch.randint(len(SPEEDS), rows.shape, generator=generator)
        voice = self.clips.rows[copies, rows]
        voice = voice + NOISE * self.scale * torch.randn(voice.shape, generator=generator)
        truth = torch.nn.functional.one_hot(self.clips.classes[rows], len(SPACE)).float()
        beta = np.random.default_rng(int(torch.randint(2**31, (), generator=generator)))
        shares = torch.from_numpy(beta.beta(MIXED, MIXED, (len(rows), 1))).float()
        other = torch.randperm(len(rows), generator=generator)
        voice, truth = (shares * each + (1 - shares) * each[other] for each in (voice, truth))
        return LabelledSequences(whole(voice), {SPACE.name: truth})


def whole(rows: Float[Tensor, "batch number"]) -> Sequences:
    """A row as a window of one step."""
    known = torch.ones(len(rows), 1, dtype=torch.bool)
    return Sequences({"voice": rows.unsqueeze(1)}, {"voice": known}, known)


def load(folder: Path) -> Clips:
    """All clips of the list, test split or not: whoever is left out is left out by actor."""
    table = open_dataset("ravdess", folder).table
    rows = [measured(read_sound(folder / path, RATE).samples) for path in table["path"]]
    classes = (
        table["emotion"].cast(pl.String).replace_strict({name: k for k, name in enumerate(SPACE.classes)})
    )
    return Clips(
        torch.stack(rows, dim=1),
        torch.from_numpy(classes.to_numpy().copy()).long(),
        table["subject"].to_list(),
    )


def measured(samples: Float[np.ndarray, "sample"]) -> Float[Tensor, "copy number"]:
    """The numbers of a clip and of its slower and faster copies."""
    rows = []
    for up, down in SPEEDS:
        copy = samples if up == down else resample_poly(samples, up, down).astype(np.float32)
        sound = torch.from_numpy(np.ascontiguousarray(copy))
        rows.append(describe(log_mel(sound, RATE)[1].numpy(), prosody(sound, RATE)[1].numpy()))
    return torch.from_numpy(np.stack(rows))


def network(clips: Clips) -> SequenceNetwork:
    """A perceptron on standardised rows."""
    encoder = Standardised(clips.rows.shape[2], Perceptron((clips.rows.shape[2],), size=WIDTH))
    encoder.fit(clips.rows[0])
    fusion = Concatenation({"voice": WIDTH}, width=WIDTH // 2, layers=1)
    return SequenceNetwork(
        fusion, {SPACE.name: len(SPACE)}, encoders={"voice": encoder}, pooling="mean", dropout=0.5
    )


def probabilities(train: Clips, test: Clips, *, seed: int) -> Float[Tensor, "clip class"]:
    """What the mean of the networks says of clips of actors they have not heard."""
    total = torch.zeros(len(test.classes), len(SPACE))
    for member in range(MEMBERS):
        with tempfile.TemporaryDirectory() as run, torch.random.fork_rng():
            torch.manual_seed(seed * MEMBERS + member)
            method = SupervisedSequences(network(train), spaces=[SPACE])
            trained = fit(method, Mixtures(train), PLAN, RunFolder(run, ""), seed=seed * MEMBERS + member)
        with torch.inference_mode():
            total += trained.predict(whole(test.rows[0])).outputs[SPACE.name].softmax(dim=1)
    return total / MEMBERS


def scores(truth: np.ndarray, said: np.ndarray, actors: Sequence[str]) -> dict[str, object]:
    """Accuracy over all clips and by actor, macro F1, and how often each class is taken for each."""
    confusion = np.zeros((len(SPACE), len(SPACE)), int)
    np.add.at(confusion, (truth, said), 1)
    right = truth == said
    f1 = 2 * confusion.diagonal() / (confusion.sum(axis=0) + confusion.sum(axis=1))
    by_actor = {
        actor: round(float(right[[one == actor for one in actors]].mean()), 4)
        for actor in sorted(set(actors))
    }
    spread = np.array(list(by_actor.values()))
    return {
        "accuracy, all clips": round(float(right.mean()), 4),
        "macro F1": round(float(f1.mean()), 4),
        "F1 by class": dict(zip(SPACE.classes, f1.round(4).tolist(), strict=True)),
        "accuracy by actor": by_actor,
        "actors: lowest, median, highest, deviation": [
            round(float(n), 4) for n in (spread.min(), np.median(spread), spread.max(), spread.std(ddof=1))
        ],
        "floor: the commonest class": round(max(Counter(truth.tolist()).values()) / len(truth), 4),
        "classes": list(SPACE.classes),
        "confusion, truth by row": confusion.tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of RAVDESS speech")
    parser.add_argument("--folds-seed", type=int, default=0)
    parser.add_argument("--name", default="ravdess", help="of the file of results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    start = time.perf_counter()
    clips = load(options.data)
    measuring = time.perf_counter() - start
    print(f"{len(clips.classes)} clips, {clips.rows.shape[2]} numbers each, {measuring:.0f} s", flush=True)
    actors = np.random.default_rng(options.folds_seed).permutation(sorted(set(clips.actors)))
    folds, said, order = [], [], []
    for number, left_out in enumerate(np.array_split(actors, FOLDS)):
        start, worked = time.perf_counter(), time.process_time()
        test = clips.of(left_out, inside=True)
        told = probabilities(clips.of(left_out, inside=False), test, seed=number)
        accuracy = float((told.argmax(dim=1) == test.classes).float().mean())
        folds.append(
            {
                "actors": sorted(left_out.tolist()),
                "accuracy": round(accuracy, 4),
                "seconds": round(time.perf_counter() - start, 1),
                "processor seconds": round(time.process_time() - worked, 1),
            }
        )
        said.append(told)
        order.append(test)
        print(folds[-1], flush=True)
    by_fold = np.array([fold["accuracy"] for fold in folds])
    results = {
        "folds": folds,
        "accuracy, mean of folds": round(float(by_fold.mean()), 4),
        "accuracy, deviation of folds": round(float(by_fold.std(ddof=1)), 4),
        "measuring all clips, seconds": round(measuring, 1),
    } | scores(
        torch.cat([test.classes for test in order]).numpy(),
        torch.cat(said).argmax(dim=1).numpy(),
        [actor for test in order for actor in test.actors],
    )
    print({key: value for key, value in results.items() if "accuracy" in key})
    print(record(options.name, results))


if __name__ == "__main__":
    main()
