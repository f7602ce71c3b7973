"""From a made-up copy of a dataset to a score under its protocol: opened, trained on, predicted, scored."""

import polars as pl
import pytest
import torch

from facsight import catalog
from facsight.core.errors import MissingData
from facsight.data.opening import dataset_module, open_dataset
from facsight.data.photos import with_validation
from facsight.data.protocol import load_protocol, protocol_names
from facsight.data.sample_list import with_frames
from facsight.data.sequence_set import label_rows
from facsight.data.sets import SETS
from facsight.data.submission_check import check_submission
from facsight.data.submission_fill import complete
from facsight.data.submission_formats import submission_format
from facsight.data.submissions import write_submission
from facsight.losses.label_spaces import label_terms
from facsight.nn.pixels import standardise
from facsight.nn.weights import build_network
from facsight.scoring.score import score
from facsight.scoring.truth import truth_from_dataset
from facsight.training.sequence_scoring import answer_columns

SINGLE = [
    name
    for name in protocol_names()
    if len(load_protocol(name).labels) == 1
    and load_protocol(name).dataset in catalog.DATASETS
    and not load_protocol(name).withheld
]


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
@pytest.mark.parametrize("name", SINGLE)
def test_from_a_copy_to_a_score(name, tmp_path):
    torch.manual_seed(0)
    protocol = load_protocol(name)
    (space,) = protocol.spaces
    dataset_module(protocol.dataset).mock(tmp_path / "copy")
    load = catalog.load("datasets", protocol.dataset)
    network = trained(load(tmp_path / "copy", split="train", size=32, space=space.name))
    faces = load(tmp_path / "copy", split=protocol.score, size=32, space=space.name)
    with torch.inference_mode():
        said = network(standardise(faces.images)).logits.argmax(dim=1)
    words = [faces.space.classes[label] for label in said.tolist()]
    samples = [face.removeprefix(f"{protocol.dataset}/") for face in faces.ids]
    pl.DataFrame({"sample": samples, space.column: words}).write_csv(tmp_path / "said.csv")
    truth = truth_from_dataset(protocol, tmp_path / "copy")
    scored = score(protocol, truth, tmp_path / "said.csv")
    assert 0 <= scored.official.estimate <= 1
    assert scored.matched.rows["that count"] > 0


#: Protocols by dataset, those first whose labels are there to be scored.
PROTOCOLS = {
    name: sorted(
        (one for one in protocol_names() if load_protocol(one).dataset == name),
        key=lambda one: (load_protocol(one).withheld, not load_protocol(one).submission),
    )
    for name in SETS
}


#: Datasets of challenges that keep labels; users of C-EXPR-DB bring their own.
WITHHOLDING = {load_protocol(one).dataset for one in protocol_names() if load_protocol(one).withheld}


def described(table: pl.DataFrame) -> torch.Tensor:
    """A few numbers of a sample, whatever it is: where it stands, its frame, duration and length of text."""
    columns = [
        pl.int_range(pl.len()) / pl.len(),
        pl.col("frame").fill_null(0) % 7 / 7,
        (pl.col("end") - pl.col("start")).fill_null(0).clip(0, 60) / 60,
        pl.col("text").str.len_chars().fill_null(0).clip(0, 400) / 400,
    ]
    return torch.from_numpy(
        table.select(c.cast(pl.Float32).alias(str(k)) for k, c in enumerate(columns)).to_numpy().copy()
    )


def answered(train: pl.DataFrame, asked: pl.DataFrame, spaces) -> pl.DataFrame:
    """What a linear network says of rows after one step on others; the step moves it."""
    torch.manual_seed(0)
    network = torch.nn.ModuleDict({space.name: torch.nn.Linear(4, len(space)) for space in spaces})
    truth = {space.name: label_rows(train, space) for space in spaces}
    said = {name: layer(described(train)) for name, layer in network.items()}
    terms = label_terms(said, truth, spaces)
    before = [p.detach().clone() for p in network.parameters()]
    terms.total.backward()
    torch.optim.SGD(network.parameters(), lr=0.1).step()
    assert terms.total.isfinite()
    assert any(not old.equal(new) for old, new in zip(before, network.parameters(), strict=True))
    columns = {}
    with torch.inference_mode():
        for space in spaces:
            columns |= answer_columns(network[space.name](described(asked)), space)
    return asked.select("sample").with_columns(**columns)


@pytest.mark.parametrize("name", SETS)
def test_every_dataset_from_a_copy_to_a_submission(name, tmp_path):
    """Written, checked, read, split, trained on, predicted; scored and handed in where it has a protocol."""
    dataset_module(name).mock(tmp_path / "copy")
    data = with_validation(open_dataset(name, tmp_path / "copy", tolerant=True))
    if not data.spaces:
        pytest.skip("the layout says nothing of labels: its own tests give it some")
    labels = [column for space in data.spaces for column in space.columns]
    known = data.table.filter(pl.any_horizontal(pl.col(column).is_not_null() for column in labels))
    train = known.filter(pl.col("split") == "train") if (known["split"] == "train").any() else known
    if train.is_empty():  # all labels are withheld: any will do to learn from
        (space,) = data.spaces
        train = data.table.with_columns(pl.lit(space.classes[0]).alias(space.column))
    said = answered(train, data.table, data.spaces)
    assert said["sample"].n_unique() == len(data)
    challenges = [one for one in PROTOCOLS[name] if load_protocol(one).submission]
    for protocol in map(load_protocol, dict.fromkeys(PROTOCOLS[name][:1] + challenges[:1])):
        scored_and_handed_in(protocol, data, train, tmp_path)


def scored_and_handed_in(protocol, data, train, folder):
    own = [space for space in data.spaces if space.name in {one.name for one in protocol.spaces}]
    if len(own) < len(protocol.spaces):
        return  # labels that a protocol converts: the test of photos above has these
    truth = labels_of(protocol, folder / "copy")
    asked = (
        data.table
        if truth is None
        else data.table.filter(pl.col("sample").is_in(truth.table["sample"].implode()))
    )
    said = answered(train, asked, own)
    said.write_csv(folder / "said.csv")
    if truth is not None and truth.table["counts"].any():
        scored = score(protocol, truth, folder / "said.csv")
        assert scored.matched.rows["that count"] > 0
    if protocol.submission:
        form = submission_format(protocol.submission)
        listed = with_frames(said["sample"], form)
        made = complete(said.head(len(said) - 1), listed, form.label_spaces, absent="typical")
        files = write_submission([made.table], listed, form, folder / "submission")
        target = files[0] if form.zipped else folder / "submission"
        assert not [told for told in check_submission(target, listed, form) if told.fatal]


def labels_of(protocol, folder):
    """The labels that are scored; None where the organisers keep all of them."""
    try:
        return truth_from_dataset(protocol, folder)
    except MissingData:
        assert protocol.dataset in ("cexpr", *WITHHOLDING)
        return None
