"""A masked autoencoder of clips: tubes are hidden whole, not seen, and drawn better than by a mean."""

from pathlib import Path

import pytest
import torch

from facsight.assembly import assemble, load_sequence_network
from facsight.core.errors import BadCheckpoint, BadRecipe
from facsight.core.sequences import LabelledSequences, Sequences
from facsight.data.drawn.clips import SCENARIO_SPACE, draw_clips
from facsight.faces.mean_face import mean_face
from facsight.functional.hiding import REGIONS, patches_of_regions, standardised
from facsight.methods.pretraining.masked_clips import MaskedClips
from facsight.nn.encoders.factored_transformer import FactoredTransformer
from facsight.recipe import check_recipe, read_recipe
from facsight.sequence_experiment import train_sequences
from planted import tiny_reader_file

SIDE, PATCH, STEPS = 20, 5, 8
TINY = {
    "about": "clips",
    "data": {"name": "drawn_clips", "clips": 12, "steps": 12},
    "modalities": {
        "face": {"encoder": "factored_transformer", "size": 12, "patch": 5, "heads": 3, "layers": 1}
    },
    "fusion": {"name": "concatenation", "layers": 0},
    "network": {"pooling": "mean"},
    "method": {"name": "masked_clips"},
    "training": {"epochs": 2, "batch_size": 4, "precision": "no"},
}


def a_method(seed=0, size=24, side=SIDE, **options):
    torch.manual_seed(seed)
    face = {"encoder": "factored_transformer", "size": size, "patch": PATCH, "heads": 3, "dropout": 0.0}
    architecture = {
        "sizes": {"face": [side, side]},
        "outputs": {SCENARIO_SPACE.name: len(SCENARIO_SPACE)},
        "modalities": {"face": face},
        "fusion": {"name": "concatenation", "layers": 0},
        "temporal": {},
        "network": {"pooling": "mean"},
    }
    return MaskedClips(assemble(architecture), spaces=(SCENARIO_SPACE,), **options)


def a_batch(generator, clips=4, known=None):
    drawn = draw_clips(clips, generator=generator, steps=12, size=SIDE).recordings.recordings
    stream = torch.stack([one.streams["face"][:STEPS] for one in drawn])
    there = torch.ones(clips, STEPS, dtype=torch.bool) if known is None else known
    truth = torch.stack([one.truth[SCENARIO_SPACE.name] for one in drawn])
    stream = torch.where(there[..., None, None], stream, 0.0)
    return LabelledSequences(
        Sequences({"face": stream}, {"face": there}, torch.ones_like(there)), {SCENARIO_SPACE.name: truth}
    )


def test_a_tube_is_hidden_in_every_step_and_not_seen(generator):
    method = a_method().eval()
    clips = a_batch(generator).sequences.streams["face"]
    cut, hidden = method.encoder.cut(clips), method.hidden(len(clips))
    assert hidden.sum(dim=1).tolist() == [12] * 4  # three quarters of sixteen
    seen = cut.clone().requires_grad_()
    drawn = method.draw(seen, hidden)
    drawn.square().sum().backward()
    assert seen.grad is not None
    assert (seen.grad.transpose(1, 2)[hidden] == 0).all()
    assert (seen.grad.transpose(1, 2)[~hidden] != 0).any(dim=(1, 2)).all()
    other = torch.where(hidden[:, None, :, None], torch.randn_like(cut), cut)
    torch.testing.assert_close(method.draw(other, hidden), drawn)


def test_other_steps_are_looked_at(generator):
    """A seen patch of the first step reaches what is drawn in the last."""
    method = a_method().eval()
    cut, hidden = (
        method.encoder.cut(a_batch(generator).sequences.streams["face"][:1]),
        method.hidden(1),
    )
    other = cut.clone()
    other[:, 0, (~hidden[0]).nonzero()[0, 0]] += 1.0
    assert (method.draw(other, hidden) - method.draw(cut, hidden))[0, -1].abs().max() > 1e-6


def test_the_cost_is_the_mean_over_hidden_patches_and_known_steps(generator, monkeypatch):
    method = a_method()
    known = torch.ones(2, STEPS, dtype=torch.bool)
    known[1, 5:] = False
    batch = a_batch(generator, 2, known)
    hidden = torch.zeros(2, 16, dtype=torch.bool)
    hidden[:, :12] = True
    monkeypatch.setattr(method, "hidden", lambda clips: hidden[:clips])
    found = method.objective(batch, 0.0)["reconstruction"].item()
    costs = []
    for row, steps in ((0, STEPS), (1, 5)):
        cut = method.encoder.cut(batch.sequences.streams["face"][row : row + 1, :steps])
        error = (method.draw(cut, hidden[:1]) - standardised(cut))[0, :, :12].square().mean(dim=(1, 2))
        costs += error.tolist()
    assert found == pytest.approx(sum(costs) / len(costs), rel=1e-5)


def test_regions_are_hidden_first(generator):
    """With few hidden patches all of them are of regions of the mean face, in an aligned crop."""
    method = a_method(share=0.25, hide="regions", side=40)
    face = torch.from_numpy(mean_face(40)).float()[None]
    own = patches_of_regions(face, REGIONS, patch=PATCH, cells=8)[0].any(dim=0)
    for hidden in method.hidden(20):
        assert (hidden & own).sum() >= min(int(hidden.sum()), 6)
    spread = a_method(share=0.25, side=40).hidden(200).float().mean(dim=0)
    assert spread.std() < 0.08  # without regions every patch alike


def test_drawing_teaches_the_encoder_and_labels_do_not(generator):
    method = a_method()
    terms = method.objective(a_batch(generator), 0.0)
    (labels,) = (term for name, term in terms.items() if name != "reconstruction")
    labels.backward(retain_graph=True)
    assert all(one.grad is None for one in method.encoder.parameters())
    assert method.network.outputs[SCENARIO_SPACE.name].weight.grad is not None  # pyright: ignore
    terms["reconstruction"].backward()
    assert all(one.grad is not None and one.grad.any() for one in method.encoder.parameters())


def test_nothing_known_and_nothing_labelled_costs_nothing(generator):
    batch = a_batch(generator, 2, torch.zeros(2, STEPS, dtype=torch.bool))
    blank = LabelledSequences(
        batch.sequences, {k: torch.full_like(v, torch.nan) for k, v in batch.truth.items()}
    )
    terms = a_method().objective(blank, 0.0)
    assert [term.item() for term in terms.values()] == [0.0] * len(terms)


def test_a_hidden_tube_is_drawn_better_than_by_the_mean_of_what_is_seen(generator):
    method, train = a_method(size=36, share=0.5), a_batch(generator, 64)
    optimizer = torch.optim.AdamW(method.parameters(), 4e-3)
    for step in range(60):
        rows = torch.randperm(64, generator=generator)[:16]
        some = Sequences(
            {"face": train.sequences.streams["face"][rows]},
            {"face": train.sequences.known["face"][rows]},
            train.sequences.inside[rows],
        )
        labelled = LabelledSequences(some, {SCENARIO_SPACE.name: train.truth[SCENARIO_SPACE.name][rows]})
        method.update(labelled, optimizer, step / 60)
    method.eval()
    cut = method.encoder.cut(a_batch(generator, 32).sequences.streams["face"])
    hidden, wanted = method.hidden(32), standardised(cut)
    with torch.no_grad():
        drawn = (method.draw(cut, hidden) - wanted).square().mean(dim=(1, 3))[hidden].mean()
    mean = (wanted * ~hidden[:, None, :, None]).sum(dim=2, keepdim=True) / (~hidden).sum(dim=1)[
        :, None, None, None
    ]
    guessed = (mean - wanted).square().mean(dim=(1, 3))[hidden].mean()
    assert drawn < 0.9 * guessed


def test_another_encoder_and_a_share_of_nothing_are_refused():
    architecture = {
        "sizes": {"face": [6]},
        "outputs": {SCENARIO_SPACE.name: len(SCENARIO_SPACE)},
        "modalities": {},
        "fusion": {"name": "concatenation", "layers": 0},
        "temporal": {},
        "network": {"pooling": "mean"},
    }
    with pytest.raises(BadRecipe, match='set encoder = "factored_transformer"'):
        MaskedClips(assemble(architecture), spaces=(SCENARIO_SPACE,))
    for share in (0.0, 1.0):
        with pytest.raises(BadRecipe, match="above 0 and below 1"):
            a_method(share=share)


def test_a_run_is_resumed_to_the_same_weights_and_another_starts_from_it(tmp_path):
    train_sequences(check_recipe(TINY), tmp_path / "whole")

    def stop(step, steps, terms):
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_sequences(check_recipe(TINY), tmp_path / "stopped", on_step=stop)
    train_sequences(check_recipe(TINY), tmp_path / "stopped")
    one, other = (
        load_sequence_network(tmp_path / run / "weights.safetensors")[0] for run in ("whole", "stopped")
    )
    for key, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[key]), key
    encoder = FactoredTransformer((20, 20), size=12, patch=5, heads=3, layers=1)
    encoder.start_from(tmp_path / "whole" / "weights.safetensors")
    for key, tensor in encoder.state_dict().items():
        assert torch.equal(tensor, one.state_dict()[f"encoders.face.{key}"])
    started = TINY | {
        "method": {"name": "supervised_sequences"},
        "modalities": {"face": TINY["modalities"]["face"] | {"start": str(tmp_path / "whole")}},
    }
    train_sequences(check_recipe(started), tmp_path / "supervised")


def test_starts_of_another_kind_or_size_are_refused(tmp_path, weights_of_a_reader):
    with pytest.raises(BadCheckpoint, match="no factored_transformer to start from"):
        FactoredTransformer((20, 20), size=12, patch=5, heads=3).start_from(weights_of_a_reader)
    train_sequences(check_recipe(TINY | {"training": TINY["training"] | {"epochs": 1}}), tmp_path / "run")
    with pytest.raises(BadCheckpoint):
        FactoredTransformer((20, 20), size=24, patch=5, heads=3).start_from(
            tmp_path / "run" / "weights.safetensors"
        )


@pytest.fixture
def weights_of_a_reader(tmp_path):
    return tiny_reader_file(tmp_path / "reader.safetensors")


def test_the_recipe_that_ships_is_of_this_method():
    home = Path(__file__).parents[3] / "recipes" / "pretraining" / "masked_clips.toml"
    assert read_recipe(home).sections["method"]["name"] == "masked_clips"
