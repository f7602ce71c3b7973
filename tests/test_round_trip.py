"""From a made-up copy of every dataset to a score and a submission under each of its protocols.

Written, opened without a fatal fault, divided, trained on for one step, predicted, scored, handed in;
datasets that no protocol is of come as far as their predictions.
"""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import av
import numpy as np
import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from facsight import catalog
from facsight.cli.app import build
from facsight.core.labels import LabelSpace
from facsight.data.dataset import Dataset
from facsight.data.folds import Fold, Folds, group_folds
from facsight.data.opening import dataset_module, open_dataset
from facsight.data.pictures import Pictures
from facsight.data.predictions import read_predictions, write_predictions
from facsight.data.protocol import Protocol, load_protocol, protocol_names
from facsight.data.protocol_folds import protocol_folds, protocol_table
from facsight.data.sample_list import read_sample_list
from facsight.data.sets import SETS
from facsight.data.submission_formats import FRAME, submission_format
from facsight.nn.pixels import standardise
from facsight.nn.weights import build_network
from facsight.scoring.score import score
from facsight.scoring.truth import default_split, in_spaces, truth_from_dataset
from facsight.scoring.truth_file import truth_from_file

#: Datasets that no protocol is of, and why.
WITHOUT = {
    name: why
    for why, names in {
        "anybody's files: what is comparable does not follow from the layout": "folder manifest",
        "the challenge's test labels stay with its organisers": "afew sfew recola sewa mer2023",
        "no division that papers agree on": "expw cremad findingemo rafau samm smic rainman london stressid",
        "no protocol is written yet for its official lists": "emotionet ferv39k mafw rafce veatic",
    }.items()
    for name in names.split()
}
#: Nothing of C-EXPR-DB comes with labels: entrants train on other data, and score by labels of their own.
UNLABELLED = {"cexpr"}
#: Protocols of photos that the package itself trains on.
PHOTOS = [
    name
    for name in protocol_names()
    if load_protocol(name).dataset in catalog.DATASETS and not load_protocol(name).withheld
]


@pytest.fixture(scope="module")
def copies(tmp_path_factory) -> Callable[[str], Path]:
    """The made-up copy of a dataset, written once."""

    @cache
    def of(name: str) -> Path:
        home = tmp_path_factory.mktemp(name)
        dataset_module(name).mock(home)
        return home

    return of


@pytest.fixture(scope="module")
def numbers(copies) -> Callable[[str], torch.Tensor]:
    """The few numbers of every sample of a dataset's copy, looked up once."""
    return cache(lambda name: numbers_of(open_dataset(name, copies(name))))


@pytest.fixture(scope="module")
def submit() -> Callable[..., None]:
    """Runs `facsight submit`, which must succeed."""
    app = build()

    def call(*arguments: object) -> None:
        told = CliRunner().invoke(app, ["submit", *map(str, arguments)])
        assert told.exit_code == 0, told.output or told.exception

    return call


def test_every_dataset_has_a_protocol_or_a_reason():
    having = {load_protocol(name).dataset for name in protocol_names()}
    assert having | set(WITHOUT) == set(SETS)
    assert not having & set(WITHOUT)
    page = (Path(__file__).parents[1] / "docs" / "protocols.md").read_text(encoding="utf-8")
    told = page.split("have no protocol:", 1)[1].split("\n\n", 1)[0]
    assert set(re.findall(r"`([a-z0-9]+)`", told)) == set(WITHOUT)


class Linear:
    """Every label space by one linear layer on a few numbers of a sample; classes by cross-entropy."""

    def __init__(self, spaces: tuple[LabelSpace, ...], inputs: int):
        self.spaces = spaces
        widths = [len(space.classes) if space.kind == "classes" else len(space.columns) for space in spaces]
        self.layers = torch.nn.ModuleList(torch.nn.Linear(inputs, width) for width in widths)

    def learn(self, inputs: torch.Tensor, table: pl.DataFrame) -> None:
        """One step; it moves the layer of every space that has labels, and lowers the loss."""
        before = self.loss(inputs, table)
        optimiser = torch.optim.SGD(self.layers.parameters(), lr=1e-3)
        before.backward()
        assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in self.layers.parameters())
        optimiser.step()
        assert self.loss(inputs, table) < before

    def loss(self, inputs: torch.Tensor, table: pl.DataFrame) -> torch.Tensor:
        parts = [self._loss(k, inputs, table) for k in range(len(self.spaces))]
        return torch.stack([part for part in parts if part is not None]).sum()

    def _loss(self, k: int, inputs: torch.Tensor, table: pl.DataFrame) -> torch.Tensor | None:
        space, said = self.spaces[k], self.layers[k](inputs)
        truth = table.select(space.columns)
        there = torch.from_numpy(truth.select(pl.all().is_not_null()).to_numpy().copy())
        if not there.any():
            return None
        if space.kind == "classes":
            right = [space.classes.index(word) for word in truth[space.column].drop_nulls()]
            return torch.nn.functional.cross_entropy(said[there[:, 0]], torch.tensor(right))
        right = torch.from_numpy(truth.cast(pl.Float32).to_numpy().copy())
        return torch.nn.functional.mse_loss(said[there], right[there])

    @torch.inference_mode()
    def predict(self, inputs: torch.Tensor) -> dict[str, object]:
        """The columns of predictions: a word, or numbers within the range of the space."""
        columns: dict[str, object] = {}
        for space, layer in zip(self.spaces, self.layers, strict=True):
            said = layer(inputs)
            if space.kind == "classes":
                columns[space.column] = [space.classes[k] for k in said.argmax(dim=1).tolist()]
                continue
            low, high = (0.0, 1.0) if space.kind == "units" else (space.low, space.high)
            columns |= dict(zip(space.columns, said.clamp(low, high).T.tolist(), strict=True))
        return columns


def numbers_of(data: Dataset) -> torch.Tensor:
    """A few numbers of every sample: how bright or loud its file is, how many words, the frame, a clock."""
    seen = [brightness(data, row) for row in range(len(data))]
    table = data.table
    words = table["text"].fill_null("").str.split(" ").list.len()
    rows = [seen, words, table["frame"].fill_null(0), np.arange(len(data)) % 7]
    numbers = torch.tensor(np.array([np.asarray(row, float) for row in rows]).T, dtype=torch.float32)
    return (numbers - numbers.mean(dim=0)) / (numbers.std(dim=0) + 1e-3)


def brightness(data: Dataset, row: int) -> float:
    """The mean of a sample's first picture, or the size of its first sounds; 0 without a file."""
    path = data.table["path"][row]
    if path is None or not (data.root / path).exists():
        return 0.0
    file = data.root / path
    if file.is_dir():
        file = min(file.iterdir())
    if file.suffix in (".csv", ".jpg", ".png"):
        return float(Pictures(data, size=8).read(row).mean()) if not (data.root / path).is_dir() else 1.0
    with av.open(str(file)) as opened:
        streams = opened.streams.video or opened.streams.audio
        return float(np.abs(next(opened.decode(streams[0])).to_ndarray().astype(float)).mean())


def predicted(protocol: Protocol, home: Path, inputs: torch.Tensor) -> pl.DataFrame:
    """Predictions of every sample by a layer that learnt from the training part, or from the other folds."""
    torch.manual_seed(0)
    table, _ = in_spaces(protocol, open_dataset(protocol.dataset, home))
    place = {sample: row for row, sample in enumerate(table["sample"])}
    told = []
    for fold in folds_of(protocol, home):
        layer = Linear(protocol.spaces, inputs.shape[1])
        if protocol.dataset not in UNLABELLED:
            rows = [place[sample] for sample in fold["train"]["sample"]]
            layer.learn(inputs[rows], table[rows])
        asked = (fold["test"] if protocol.folds else table)["sample"]
        rows = [place[sample] for sample in asked]
        told.append(pl.DataFrame({"sample": asked} | layer.predict(inputs[rows])))
    return pl.concat(told)


def folds_of(protocol: Protocol, home: Path) -> Folds:
    """The protocol's own folds; a copy has two people, and so no more than two folds of people."""
    table = protocol_table(protocol, home)
    if protocol.folds and protocol.scheme().kind == "groups":
        protocol = replace(protocol, folds=(replace(protocol.scheme(), count=2),))
    return protocol_folds(protocol, table)[0]


@pytest.mark.filterwarnings("ignore:affectnet. labels are converted")
@pytest.mark.parametrize("name", protocol_names())
def test_from_a_copy_to_a_score_and_a_submission(name, copies, numbers, submit, tmp_path):
    protocol = load_protocol(name)
    home = copies(protocol.dataset)
    said = predicted(protocol, home, numbers(protocol.dataset))
    write_predictions(tmp_path / "said.parquet", said, {})
    if protocol.dataset in UNLABELLED:
        said.write_csv(tmp_path / "own.csv")
        truth = truth_from_file(protocol, tmp_path / "own.csv")
    else:
        truth = truth_from_dataset(protocol, home)
        assert truth.split == (default_split(protocol) or "all")
    scored = score(protocol, truth, tmp_path / "said.parquet")
    assert math.isfinite(scored.official.estimate)
    assert abs(scored.official.estimate) <= sum(part.weight for part in protocol.official) + 1e-9
    assert scored.matched.rows["that count"] > 0
    if protocol.submission:
        hand_in(protocol, open_dataset(protocol.dataset, home), said, tmp_path, submit)


@pytest.mark.parametrize("name", WITHOUT)
def test_a_copy_that_no_protocol_is_of_is_learnt_from_and_predicted(name, copies, numbers, tmp_path):
    data = open_dataset(name, copies(name))
    assert not [str(deviation) for deviation in data.deviations if deviation.fatal]
    torch.manual_seed(0)
    place = {sample: row for row, sample in enumerate(data.table["sample"])}
    fold = divided(data)
    seen, asked = ([place[sample] for sample in fold[part]["sample"]] for part in ("train", "test"))
    layer = Linear(data.spaces, numbers(name).shape[1])
    layer.learn(numbers(name)[seen], data.table[seen])
    said = pl.DataFrame({"sample": fold["test"]["sample"]} | layer.predict(numbers(name)[asked]))
    write_predictions(tmp_path / "said.parquet", said, {})
    found = read_predictions(tmp_path / "said.parquet", fold["test"]["sample"], data.spaces)
    found.refuse_strays()
    assert len(found.missing) == found.unknown == 0
    again = found.table.select(said.columns).cast(said.schema)
    assert_frame_equal(again, said, abs_tol=1e-6)  # numbers are kept as float32


def divided(data: Dataset) -> Fold:
    """Training and test samples: by the official split, or else by people and videos, where any is known."""
    there = set(data.table["split"].drop_nulls())
    if "train" in there and len(there) > 1:
        test = data.table.filter(pl.col("split").ne_missing("train"))
        return Fold("official", {"train": data.split("train").table, "test": test}, apart=())
    known = [name for name in ("subject", "video") if data.table[name].count()]
    apart = known or "sample"
    return next(iter(group_folds(data.table, 2, dataset=data.card.name, apart=apart, unknown="alone")))


def hand_in(
    protocol: Protocol, data: Dataset, said: pl.DataFrame, folder: Path, submit: Callable[..., None]
) -> None:
    """The test samples as a challenge asks for them: one of several is completed, then all are written."""
    form = submission_format(protocol.submission)
    asked = data.table.filter(pl.col("split") == "test")["sample"]
    listed = folder / "sample.txt"
    if form.per_video:
        frames = asked.str.extract_groups(FRAME).struct.unnest().with_columns(pl.col("number").cast(pl.Int64))
        frames.group_by("video").agg(pl.col("number").max().alias("frames")).write_csv(listed)
    else:
        listed.write_text("".join(f"{sample}\n" for sample in asked))
    wanted = read_sample_list(listed, form)["sample"]
    first = said.filter(pl.col("sample").is_in(wanted.implode()))
    for space in form.label_spaces if form.chances else ():
        chance = [pl.when(pl.col(space.column) == word).then(0.7).otherwise(0.3) for word in space.classes]
        first = first.with_columns(
            one.alias(name) for one, name in zip(chance, form.chance_columns, strict=True)
        )
    write_predictions(folder / "asked.parquet", first[1:] if len(first) > 1 else first, {})
    options = ("--protocol", protocol.name, "--sample", listed)
    submit("complete", folder / "asked.parquet", *options, "--out", folder / "done", "--absent", "typical")
    submit("write", folder / "done/completed.parquet", *options, "--out", folder / "handed")
    handed = next((folder / "handed").glob("*.zip")) if form.zipped else folder / "handed"
    submit("check", handed, *options)


def trained(faces) -> torch.nn.Module:
    """A small network after one step on the faces; the step moves it."""
    network = build_network(len(faces.space), widths=[8, 8, 16], blocks=[1, 1, 1], stem=8)
    before = [parameter.detach().clone() for parameter in network.parameters()]
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    logits = network(standardise(faces.images)).logits
    loss = torch.nn.functional.cross_entropy(logits, faces.expression)
    loss.backward()
    optimiser.step()
    assert loss.isfinite()
    assert any(not old.equal(new) for old, new in zip(before, network.parameters(), strict=True))
    return network.eval()


@pytest.mark.filterwarnings("ignore:affectnet. labels are converted")
@pytest.mark.parametrize("name", PHOTOS)
def test_a_network_that_learnt_photos_of_a_copy_is_scored(name, copies, tmp_path):
    torch.manual_seed(0)
    protocol = load_protocol(name)
    (space,) = protocol.spaces
    home = copies(protocol.dataset)
    load = catalog.load("datasets", protocol.dataset)
    network = trained(load(home, split="train", size=32, space=space.name))
    faces = load(home, split=protocol.score, size=32, space=space.name)
    with torch.inference_mode():
        said = network(standardise(faces.images)).logits.argmax(dim=1)
    words = [faces.space.classes[label] for label in said.tolist()]
    samples = [face.removeprefix(f"{protocol.dataset}/") for face in faces.ids]
    pl.DataFrame({"sample": samples, space.column: words}).write_csv(tmp_path / "said.csv")
    truth = truth_from_dataset(protocol, home)
    scored = score(protocol, truth, tmp_path / "said.csv")
    assert 0 <= scored.official.estimate <= 1
    assert scored.matched.rows["that count"] > 0
