"""A masked autoencoder: what is hidden is not seen, and who learns what from which term."""

import json

import polars as pl
import pytest
import torch
from safetensors.torch import save_file

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.errors import BadCheckpoint, BadRecipe, MissingData
from facsight.experiment import build_method, load_faces, train
from facsight.methods.pretraining.masked_autoencoder import MaskedAutoencoder, standardised_patches
from facsight.nn.weights import build_network, load_tensors, start_from
from facsight.recipe import check_recipe
from facsight.training.run_folder import START, TERMS

SIDE = 16


def a_network(seed=0, **options):
    torch.manual_seed(seed)
    chosen = {
        "name": "small_deit",
        "side": SIDE,
        "width": 16,
        "depth": 2,
        "heads": 2,
        "dropout": 0.0,
    } | options
    return build_network(3, **chosen)


def a_batch(generator, count=6):
    faces = Faces(
        torch.randn(count, 1, SIDE, SIDE, generator=generator),
        SIDE * torch.rand(count, 68, 2, generator=generator),
    )
    return LabelledFaces(faces, torch.eye(3)[torch.arange(count) % 3])


def test_patches_are_standardised_by_themselves():
    """Rows 0 2 / 0 2 ... of the first patch: mean 1, deviation 1; a patch of one grey becomes 0."""
    pixels = torch.full((1, 1, 8, 8), 5.0)
    pixels[..., :4, :4] = torch.tensor([0.0, 2.0, 0.0, 2.0])
    found = standardised_patches(pixels)
    assert found.shape == (1, 4, 16)
    torch.testing.assert_close(found[0, 0], torch.tensor([-1.0, 1.0] * 8), atol=1e-5, rtol=0)
    assert (found[0, 1:] == 0).all()


def test_what_is_hidden_is_not_seen(generator):
    """Neither the patches that are drawn nor their gradient know of the pixels that are hidden."""
    method = MaskedAutoencoder(a_network()).train()
    faces = a_batch(generator).faces
    hidden = method.hidden(faces)
    pixels = faces.pixels.clone().requires_grad_()
    drawn = method.draw(pixels, hidden)
    drawn.square().sum().backward()
    assert pixels.grad is not None
    grid = hidden.unflatten(1, (4, 4)).repeat_interleave(4, dim=1).repeat_interleave(4, dim=2).unsqueeze(1)
    assert (pixels.grad[grid] == 0).all()
    assert (pixels.grad[~grid] != 0).any()
    other = torch.where(grid, torch.randn_like(pixels), pixels)
    torch.testing.assert_close(method.draw(other, hidden), drawn)


def test_seen_patches_stand_in_their_places(generator):
    """Two seen patches that change places change what is drawn: the decoder knows which is where."""
    method = MaskedAutoencoder(a_network()).eval()
    tokens = torch.randn(1, 4, 16, generator=generator)
    hidden = torch.ones(1, 16, dtype=torch.bool)
    hidden[0, [0, 3, 7, 9]] = False
    one, other = (method.decoder(tokens[:, order], hidden) for order in ([0, 1, 2, 3], [1, 0, 2, 3]))
    assert (one - other).abs().max() > 1e-3


@pytest.mark.parametrize("term", ["reconstruction", "expression"])
def test_each_term_moves_its_own(generator, term):
    """Drawing teaches backbone and decoder; the probe teaches the head and nothing else."""
    method = MaskedAutoencoder(a_network()).train()
    method.objective(a_batch(generator), 0.0)[term].backward()
    moved = {name for name, p in method.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    parts = {name.split(".")[0] if name.startswith("decoder") else name.split(".")[1] for name in moved}
    assert parts == ({"backbone", "decoder"} if term == "reconstruction" else {"head"})
    if term == "reconstruction":
        still = {name for name, _ in method.named_parameters() if not name.startswith("network.head")} - moved
        assert still == set()


def test_statistics_are_those_of_whole_faces(generator):
    """The running mean of the first normalisation moves by a tenth to that of whole faces."""
    method = MaskedAutoencoder(a_network()).train()
    batch = a_batch(generator)
    convolution, norm = method.backbone.patches[0], method.backbone.patches[1]
    whole = convolution(batch.faces.pixels).mean(dim=(0, 2, 3)).detach()
    method.objective(batch, 0.0)
    torch.testing.assert_close(norm.running_mean, 0.1 * whole)
    assert norm.momentum == 0.1


def test_regions_are_hidden_whole(generator):
    method = MaskedAutoencoder(a_network(), share=0.5, hide="regions")
    landmarks = torch.full((40, 68, 2), float("nan"))
    landmarks[:, 36:42] = 1.0  # the left eye lies in the first patch
    torch.manual_seed(0)
    hidden = method.hidden(Faces(torch.zeros(40, 1, SIDE, SIDE), landmarks))
    # the eye is among the 4 of 7 regions that go first, or is hidden by chance
    assert hidden[:, 0].double().mean() > 0.65
    assert (hidden.sum(dim=1) == 8).all()


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_a_share_that_hides_nothing_or_all_is_refused(share):
    with pytest.raises(BadRecipe, match="above 0 and below 1"):
        MaskedAutoencoder(a_network(), share=share)


def test_another_backbone_is_refused():
    with pytest.raises(BadRecipe, match="small_deit"):
        MaskedAutoencoder(build_network(3, name="small_resnet", widths=[8, 8, 8], stem=8))


def recipe(method, **network):
    return check_recipe(
        {
            "data": {"name": "drawn", "faces": 96},
            "crop": {"size": 32},
            "network": {"name": "small_deit", "side": 32, "width": 24, "depth": 2, "heads": 2} | network,
            "method": {"name": method},
            "training": {
                "epochs": 2,
                "batch_size": 32,
                "optimizer": "adamw",
                "rate": 2e-3,
                "average": 0.5,
                "precision": "no",
            },
        }
    )


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    return train(recipe("masked_autoencoder"), tmp_path_factory.mktemp("runs") / "mae").path


def test_another_training_starts_from_its_backbone(pretrained, tmp_path):
    tensors, card = load_tensors(pretrained / "weights.safetensors")
    assert "start" not in card["architecture"]
    plan = recipe("supervised", start=str(pretrained))
    classes = load_faces(plan, "val").space.classes
    started, fresh = build_method(plan, classes), build_method(recipe("supervised"), classes)
    state, plain = started.state_dict(), fresh.state_dict()
    for name in state:
        same = torch.equal(state[name], tensors[name.removeprefix("network.")])
        assert same == ("backbone" in name), name
        if "head" in name:
            assert torch.equal(state[name], plain[name])
    run = train(plan, tmp_path / "fine")
    assert load_tensors(run.path / "weights.safetensors")[1]["architecture"]["width"] == 24


def test_starts_that_cannot_be_are_refused(pretrained, tmp_path):
    with pytest.raises(BadCheckpoint, match="another architecture"):
        start_from(a_network(), pretrained / "weights.safetensors")
    with pytest.raises(MissingData, match="no weights file"):
        train(recipe("supervised", start=str(tmp_path / "nowhere")), tmp_path / "run")
    (tmp_path / "odd.safetensors").write_bytes(b"nothing")
    with pytest.raises(BadCheckpoint, match="not a whole safetensors"):
        start_from(a_network(), tmp_path / "odd.safetensors")


def test_what_became_of_published_weights_is_in_the_run_folder(tmp_path):
    """The backbone of one plain transformer, as others would publish it, with a head of theirs."""
    sizes = {"name": "plain_vit", "side": 32, "patch": 8, "width": 24, "depth": 2, "heads": 2}
    published = build_network(3, **sizes).backbone.state_dict()
    save_file(published | {"head.weight": torch.zeros(10, 24)}, tmp_path / "vit.safetensors")
    run = train(recipe("supervised", start=str(tmp_path / "vit.safetensors"), **sizes), tmp_path / "run")
    told = json.loads(run.file(START).read_text())
    assert told["left_out"] == ["head.weight"]
    assert set(told["loaded"]) == published.keys()


@pytest.mark.slow
def test_drawn_faces_are_learnt_without_labels(tmp_path):
    """Hidden patches are drawn better than by their mean (an error of 1), and few labels then do more."""
    accuracies = {}
    for seed in range(3):
        settings = {"seed": seed, "data": {"name": "drawn", "faces": 600}}
        drawn = recipe("masked_autoencoder")
        plan = {**drawn.sections["training"], "epochs": 30}
        drawn = check_recipe({**_plain(drawn), **settings, "training": plan})
        run = train(drawn, tmp_path / f"mae-{seed}")
        assert pl.read_csv(run.file(TERMS))["reconstruction"][-1] < 1
        for name, start in (("fresh", {}), ("started", {"start": str(run.path)})):
            few = check_recipe(
                {
                    **_plain(recipe("supervised", **start)),
                    "seed": seed,
                    "data": {"name": "drawn", "faces": 600, "fraction": 0.1},
                    "training": {**plan, "batch_size": 16, "epochs": 20},
                }
            )
            done = train(few, tmp_path / f"{name}-{seed}")
            accuracies.setdefault(name, []).append(_accuracy(done))
    assert sum(accuracies["started"]) > sum(accuracies["fresh"]), accuracies


def _plain(plan):
    return {name: dict(options) for name, options in plan.sections.items() if options}


def _accuracy(run):
    from facsight.experiment import score

    return score(run.path)["classification"]["accuracy"]["value"]
