import pytest
import torch
from torch import nn

from facsight.core.errors import BadCheckpoint, BadRecipe, BadTraining
from facsight.core.labels import LabelSpace
from facsight.core.method import FaceMethod
from facsight.core.prediction import Prediction
from facsight.core.terms import Terms
from facsight.data.crops import NO_AUGMENTATION, Augmentation, Cropper
from facsight.data.face_set import FaceSet
from facsight.methods.supervised import Supervised
from facsight.nn.pixels import standardise
from facsight.nn.weights import build_network
from facsight.training import fit as loop
from facsight.training.fit import fit
from facsight.training.plan import Plan
from facsight.training.run_folder import RunFolder
from facsight.training.scoring import predict_all

SPACE = LabelSpace("bars", ("lying", "standing"))
PLAN = Plan(epochs=3, batch_size=16, rate=0.05, average=0.8, balance=0.5)


def bars(count=96, seed=0):
    """Noise with bright bars that lie or stand: that is the class."""
    generator = torch.Generator().manual_seed(seed)
    label = torch.randint(2, (count,), generator=generator)
    images = torch.randint(0, 60, (count, 1, 24, 24), generator=generator, dtype=torch.uint8)
    images[label == 0, :, ::4] += 120
    images[label == 1, :, :, ::4] += 120
    expression = torch.nn.functional.one_hot(label, 2).float()
    ids = tuple(str(i) for i in range(count))
    return FaceSet("bars", SPACE, images, torch.full((count, 68, 2), torch.nan), expression, ids)


def cropper(faces=None, augment=True):
    amounts = Augmentation(mirror=0.0) if augment else NO_AUGMENTATION
    return Cropper(faces or bars(), size=24, standardise=standardise, augmentation=amounts)


def method(seed=0, width=8):
    torch.manual_seed(seed)
    return Supervised(build_network(2, widths=(4, 6, width), blocks=(1, 1, 1), stem=4, dropout=0.3))


def test_learns_what_is_planted(tmp_path):
    trained = fit(method(), cropper(bars(640)), PLAN, RunFolder(tmp_path, ""), seed=0)
    outcomes = predict_all(trained.predict, cropper(bars(60, seed=1), augment=False))
    assert (outcomes.logits.argmax(dim=1) == outcomes.truth).float().mean() > 0.95


class Killed(Exception):
    pass


@pytest.mark.parametrize("last_step", [1, 4, 7, 13])
def test_a_killed_run_goes_on_exactly(tmp_path, monkeypatch, last_step):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 2)

    def kill(step, total, terms):
        if step == last_step:
            raise Killed

    validate = lambda averaged: {"width": float(averaged.network.head.in_features)}  # noqa: E731
    whole = fit(method(), cropper(), PLAN, RunFolder(tmp_path / "whole", "r"), seed=3, validate=validate)
    with pytest.raises(Killed):
        fit(method(), cropper(), PLAN, RunFolder(tmp_path / "cut", "r"), seed=3, on_step=kill)
    resumed = fit(method(), cropper(), PLAN, RunFolder(tmp_path / "cut", "r"), seed=3, validate=validate)
    for name, tensor in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], tensor), name
    assert (tmp_path / "cut/terms.csv").read_text() == (tmp_path / "whole/terms.csv").read_text()


def test_every_epoch_is_logged_once_even_when_killed_between(tmp_path):
    folder = tmp_path / "run"

    def kill(averaged):
        raise Killed

    with pytest.raises(Killed):
        fit(method(), cropper(), PLAN, RunFolder(folder, "r"), seed=0, validate=kill)
    fit(method(), cropper(), PLAN, RunFolder(folder, "r"), seed=0, validate=lambda m: {"one": 1.0})
    assert (folder / "epochs.csv").read_text().split() == ["epoch,one", "1,1.0", "2,1.0", "3,1.0"]


def test_the_callers_random_state_is_untouched(tmp_path):
    torch.manual_seed(11)
    before = torch.get_rng_state()
    fit(_Constant(), cropper(), Plan(epochs=1, batch_size=16), RunFolder(tmp_path, ""), seed=0)
    assert torch.equal(torch.get_rng_state(), before)


def test_another_recipe_in_the_folder_is_refused(tmp_path):
    RunFolder(tmp_path, "seed = 1")
    with pytest.raises(BadTraining, match="another recipe"):
        RunFolder(tmp_path, "seed = 2")


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path):
    fit(method(), cropper(), Plan(epochs=1, batch_size=16), RunFolder(tmp_path, "r"), seed=0)
    torch.manual_seed(0)
    deeper = Supervised(build_network(2, widths=(4, 6, 8), blocks=(1, 2, 1), stem=4))
    with pytest.raises(BadCheckpoint, match="another architecture"):
        fit(deeper, cropper(), Plan(epochs=2, batch_size=16), RunFolder(tmp_path, "r"), seed=0)


def test_a_wider_network_is_refused(tmp_path):
    fit(method(), cropper(), Plan(epochs=1, batch_size=16), RunFolder(tmp_path, "r"), seed=0)
    with pytest.raises(BadCheckpoint, match="another architecture"):
        fit(method(width=10), cropper(), Plan(epochs=2, batch_size=16), RunFolder(tmp_path, "r"), seed=0)


class _Constant(FaceMethod):
    """Loses what it is told to lose."""

    def __init__(self, loss=0.0):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.loss = loss

    def objective(self, batch, progress):
        return Terms(fine=self.weight * 0, broken=self.weight * self.loss)

    def predict(self, faces):
        n = len(faces)
        return Prediction(torch.zeros(n, 2), torch.zeros(n, 1, 1), torch.zeros(n, 2, 1, 1))


def test_a_term_that_is_not_finite_stops_training_by_name(tmp_path):
    with pytest.raises(BadTraining, match="'broken' became nan at step 1"):
        fit(_Constant(torch.nan), cropper(), Plan(epochs=1, batch_size=16), RunFolder(tmp_path, ""), seed=0)


def test_fewer_faces_than_a_batch(tmp_path):
    with pytest.raises(BadTraining, match="lower batch_size"):
        fit(_Constant(), cropper(bars(8)), Plan(batch_size=16), RunFolder(tmp_path, ""), seed=0)


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"balance": 1.5}, {"rate": float("nan")}])
def test_plans_that_cannot_be(wrong):
    with pytest.raises(BadRecipe, match=next(iter(wrong))):
        Plan(**wrong)


def test_precision_may_differ_between_trainings_and_is_undone(tmp_path):
    for precision in ("bf16", "no", "bf16"):
        plain = method()
        plan = Plan(epochs=1, batch_size=16, precision=precision)
        fit(
            plain,
            cropper(bars(32)),
            plan,
            RunFolder(tmp_path / f"{precision}{len(list(tmp_path.iterdir()))}", ""),
            seed=0,
        )
        assert "forward" not in vars(plain)
