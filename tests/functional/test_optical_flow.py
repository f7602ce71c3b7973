import math

import cv2
import numpy as np
import pytest
import torch

from facsight.functional.optical_flow import _divergence, _slope, flow_between, moved_back, strain

SIDE, EDGE = 48, 8
CENTRE = (SIDE - 1) / 2


def texture(x, y):
    """Waves of all directions, whose value is known anywhere."""
    generator = torch.Generator().manual_seed(0)
    waves = 0.9 * torch.rand(40, 2, generator=generator) - 0.45
    phases = 2 * math.pi * torch.rand(40, generator=generator)
    return (waves[:, :1, None] * x + waves[:, 1:, None] * y + phases[:, None, None]).sin().sum(dim=0)


def grid():
    y, x = torch.meshgrid(torch.arange(SIDE) * 1.0, torch.arange(SIDE) * 1.0, indexing="ij")
    return x, y


def planted(matrix, shift=(0.0, 0.0)):
    """Two pictures, the second moved about the centre by the matrix and then by the shift, and the flow."""
    x, y = grid()
    place = torch.stack([x - CENTRE, y - CENTRE], dim=-1)
    matrix, shift = torch.tensor(matrix), torch.tensor(shift)
    flow = (place @ matrix.T + shift - place).permute(2, 0, 1)
    back = (place - shift) @ torch.linalg.inv(matrix).T + CENTRE
    return texture(x, y), texture(back[..., 0], back[..., 1]), flow


def turned(angle):
    return [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]


STILL = [[1.0, 0.0], [0.0, 1.0]]
MOTIONS = {
    "still": (STILL,),
    "shift": (STILL, (1.3, -0.7)),
    "far": (STILL, (4.0, 2.0)),
    "turn": (turned(0.05),),
    "growth": ([[1.05, 0.0], [0.0, 1.05]],),
    "shear": ([[1.0, 0.06], [0.0, 1.0]],),
}
#: Strain by the formula of what each motion is, of its matrix without the unit matrix.
STRAIN = {
    "still": 0.0,
    "shift": 0.0,
    "far": 0.0,
    "turn": 0.0,
    "growth": 0.05 * 2**0.5,
    "shear": 0.06 / 2**0.5,
}


@pytest.mark.parametrize("motion", MOTIONS)
def test_planted_motions_are_found_to_a_part_of_a_pixel(motion):
    first, second, flow = planted(*MOTIONS[motion])
    found = flow_between(first[None], second[None])[0]
    off = (found - flow).norm(dim=0)[EDGE:-EDGE, EDGE:-EDGE]
    assert off.mean() < (0.2 if motion == "far" else 0.1)  # what leaves a picture changes its mean and spread
    assert off.max() < 0.4
    strained = strain(found[None])[0, EDGE:-EDGE, EDGE:-EDGE]
    assert float(strained.mean()) == pytest.approx(STRAIN[motion], abs=0.06 if motion == "far" else 0.02)


def test_it_is_as_near_as_an_independent_implementation():
    first, second, flow = planted(*MOTIONS["shift"])
    low, high = min(first.min(), second.min()), max(first.max(), second.max())
    bytes_of = [((one - low) / (high - low) * 255).round().byte().numpy() for one in (first, second)]
    other = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*bytes_of, None)
    off = (torch.from_numpy(np.ascontiguousarray(other)).permute(2, 0, 1) - flow).norm(dim=0)
    ours = (flow_between(first[None], second[None])[0] - flow).norm(dim=0)
    assert ours[EDGE:-EDGE, EDGE:-EDGE].mean() < off[EDGE:-EDGE, EDGE:-EDGE].mean() + 0.05


def test_contrast_and_exposure_of_both_say_nothing_and_pairs_do_not_see_each_other():
    first, second, _ = planted(*MOTIONS["turn"])
    other, moved, _ = planted(*MOTIONS["shift"])
    alone = flow_between(first[None], second[None])[0]
    torch.testing.assert_close(flow_between(5 * first[None] + 90, 5 * second[None] + 90)[0], alone)
    both = flow_between(torch.stack([other, first]), torch.stack([moved, second]))
    torch.testing.assert_close(both[1], alone)


def test_a_picture_moved_back_is_the_first_again():
    first, second, flow = planted(*MOTIONS["shift"])
    back = moved_back(second[None], flow[None])[0]
    assert (back - first)[EDGE:-EDGE, EDGE:-EDGE].abs().max() < 0.05 * first.std() + 0.3


def test_strain_of_straight_motions_is_that_of_their_matrix():
    x, y = grid()
    for name, (matrix, *_) in MOTIONS.items():
        if name == "turn":
            continue  # of an angle that is not small a turn is strained by 1 - cos
        moves = torch.tensor(matrix) - torch.eye(2)
        flow = torch.einsum("ab,bhw->ahw", moves, torch.stack([x, y]))[None]
        torch.testing.assert_close(strain(flow), torch.full((1, SIDE, SIDE), STRAIN[name]), atol=1e-5, rtol=0)
    slow = torch.stack([-0.01 * y, 0.01 * x])[None]  # a slow turn
    assert strain(slow).abs().max() < 1e-6


def test_divergence_is_minus_the_adjoint_of_slope():
    generator = torch.Generator().manual_seed(0)
    flow = torch.randn(2, 2, 5, 7, generator=generator, dtype=torch.float64)
    dual = torch.randn(2, 2, 2, 5, 7, generator=generator, dtype=torch.float64)
    torch.testing.assert_close((_slope(flow) * dual).sum(), -(flow * _divergence(dual)).sum())


def test_pictures_without_anything_in_them_do_not_move():
    flat = torch.full((1, 20, 33), 7.0)
    assert flow_between(flat, flat).abs().max() < 1e-6
