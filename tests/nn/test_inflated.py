import pytest
import torch
from torch import nn

from facsight.core.errors import BadCheckpoint, BadRecipe
from facsight.nn.encoders.inflated import InflatedBackbone
from facsight.nn.inflated import InflatedConvolution, inflated
from facsight.nn.pixels import standardise
from facsight.nn.small_resnet import SmallResNet
from facsight.nn.weights import build_network, save_network

SMALL = {"widths": (4, 6, 6), "blocks": (1, 1, 1), "stem": 4}


def random_resnet():
    """With statistics and scales that nothing about them is plain."""
    torch.manual_seed(0)
    network = SmallResNet(**SMALL).eval()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.weight)
            nn.init.normal_(part.bias)
            nn.init.normal_(part.running_mean)
            nn.init.uniform_(part.running_var, 0.5, 2.0)
    return network


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_clip_in_which_nothing_moves_is_read_as_its_picture(steps):
    flat = random_resnet()
    picture = torch.randn(2, 1, 12, 12)
    clip = picture.unsqueeze(2).expand(-1, -1, steps, -1, -1)
    for maps, said in zip(flat(picture), inflated(flat)(clip), strict=True):
        torch.testing.assert_close(
            said, maps.unsqueeze(2).expand(-1, -1, steps, -1, -1), rtol=1e-4, atol=1e-4
        )


def test_a_convolution_is_the_mean_of_those_of_three_pictures():
    torch.manual_seed(0)
    flat = nn.Conv2d(2, 3, 3, stride=2, padding=1)
    clip = torch.randn(1, 2, 4, 8, 8)
    said = InflatedConvolution(flat, 3)(clip)
    each = [flat(clip[:, :, t]) for t in range(4)]
    for t in range(4):
        around = [each[min(max(k, 0), 3)] for k in (t - 1, t, t + 1)]  # the ends are repeated
        torch.testing.assert_close(said[:, :, t], sum(around) / 3, rtol=1e-4, atol=1e-5)


def test_one_frame_a_kernel_reads_every_picture_by_itself():
    flat = random_resnet()
    clip = torch.randn(1, 1, 5, 12, 12)
    said = inflated(flat, frames=1)(clip)[-1]
    torch.testing.assert_close(said[:, :, 2], flat(clip[:, :, 2])[-1])


@pytest.mark.parametrize(
    "pool", [nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2, ceil_mode=True), nn.AvgPool2d(3, 1, 1)]
)
def test_pools_never_join_pictures(pool):
    clip = torch.randn(2, 3, 4, 7, 7)
    said = inflated(nn.Sequential(pool))(clip)
    torch.testing.assert_close(said, torch.stack([pool(clip[:, :, t]) for t in range(4)], dim=2))


def test_the_network_for_pictures_stays_what_it_was():
    flat = random_resnet()
    before = {name: tensor.clone() for name, tensor in flat.state_dict().items()}
    with torch.no_grad():
        for parameter in inflated(flat).parameters():
            parameter.add_(1.0)
    assert all(torch.equal(flat.state_dict()[name], tensor) for name, tensor in before.items())


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (nn.AdaptiveAvgPool2d(1), "AdaptiveAvgPool2d cannot be inflated"),
        (nn.Conv2d(1, 1, 3, padding="same"), "padding 'same'"),
        (nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), "reflect"),
    ],
)
def test_layers_of_which_nothing_is_known_are_refused(layer, said):
    with pytest.raises(BadRecipe, match=said):
        inflated(nn.Sequential(layer))


def test_an_even_number_of_frames_is_refused():
    with pytest.raises(BadRecipe, match="odd number of frames, found 2"):
        inflated(SmallResNet(**SMALL), frames=2)


def test_a_step_without_a_face_shows_the_face_before_it():
    torch.manual_seed(0)
    encoder = InflatedBackbone((12, 12), options=SMALL).eval()
    for part in encoder.modules():
        if isinstance(part, nn.BatchNorm3d):
            nn.init.constant_(part.weight, 0.7)
    faces = 255 * torch.rand(1, 5, 12, 12)
    gap = torch.tensor([[True, True, False, True, True]])
    held = faces.clone()
    held[:, 2] = faces[:, 1]
    full = encoder(held, torch.ones_like(gap))
    torch.testing.assert_close(encoder(faces, gap)[gap], full[gap])


def test_a_reader_of_faces_is_where_an_encoder_can_start(tmp_path):
    reader = build_network(3, **SMALL)
    card = {"architecture": SMALL | {"name": "small_resnet"}, "classes": ["a", "b", "c"]}
    save_network(reader, tmp_path / "reader.safetensors", card | {"crop_size": 12, "temperature": 1.0})
    encoder = InflatedBackbone((12, 12), options=SMALL).eval()
    encoder.start_from(tmp_path / "reader.safetensors")
    faces = 255 * torch.rand(2, 1, 12, 12)
    maps = reader.eval().backbone(standardise(faces))[-1]
    said = encoder(faces.expand(-1, 4, -1, -1), torch.ones(2, 4, dtype=torch.bool))
    torch.testing.assert_close(said, maps.mean(dim=(2, 3))[:, None].expand(-1, 4, -1), rtol=1e-4, atol=1e-5)
    with pytest.raises(BadCheckpoint, match="another architecture"):
        InflatedBackbone((12, 12), options=SMALL | {"stem": 8}).start_from(tmp_path / "reader.safetensors")


def test_a_reader_with_another_backbone_is_refused(tmp_path):
    deit = {"name": "small_deit", "width": 16, "depth": 1, "heads": 2}
    card = {"architecture": deit, "classes": ["a", "b"], "crop_size": 48, "temperature": 1.0}
    save_network(build_network(2, **deit), tmp_path / "reader.safetensors", card)
    with pytest.raises(BadCheckpoint, match="backbone small_deit, not small_resnet"):
        InflatedBackbone((12, 12), options=SMALL).start_from(tmp_path / "reader.safetensors")


def test_colours_are_read_as_their_grey():
    torch.manual_seed(0)
    grey, coloured = (InflatedBackbone(shape, options=SMALL).eval() for shape in ((12, 12), (12, 12, 3)))
    coloured.load_state_dict(grey.state_dict())
    faces, known = 255 * torch.rand(2, 3, 12, 12), torch.ones(2, 3, dtype=torch.bool)
    torch.testing.assert_close(
        coloured(faces.unsqueeze(-1).expand(-1, -1, -1, -1, 3), known),
        grey(faces, known),
        rtol=1e-4,
        atol=1e-4,
    )
