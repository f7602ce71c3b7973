"""Drawn faces are no toy: pixels alone do not tell the expression, a small network learns it in a minute."""

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from facsight.data.drawn import draw_faces

pytestmark = pytest.mark.slow


def standardised(drawn):
    pixels = drawn.faces.images.float()
    spread, mean = torch.std_mean(pixels, dim=(2, 3), keepdim=True)
    return (pixels - mean) / (spread + 12), drawn.faces.label


def stage(before, after, pool):
    convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(), pool)


def small_network():
    stages = [stage(a, b, nn.MaxPool2d(2)) for a, b in ((1, 24), (24, 48), (48, 96))]
    last = stage(96, 128, nn.AdaptiveAvgPool2d(3))
    return nn.Sequential(*stages, last, nn.Flatten(), nn.Dropout(0.3), nn.Linear(9 * 128, 8))


def trained(network, pixels, label, *, epochs, batch=64):
    steps = epochs * (len(pixels) // batch)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for step in range(steps):
        if step % (len(pixels) // batch) == 0:
            order = torch.randperm(len(pixels)).split(batch)
        rows = order[step % (len(pixels) // batch)]
        loss = nn.functional.cross_entropy(network(pixels[rows]), label[rows], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def test_a_small_network_reads_new_people_and_a_linear_model_does_much_worse(generator):
    pixels, label = standardised(draw_faces(4000, generator=generator, people=range(1000)))
    new_pixels, new_label = standardised(draw_faces(1000, generator=generator, people=range(1000, 2000)))
    linear = LogisticRegression(C=1e-3, max_iter=500).fit(pixels.flatten(1).numpy(), label.numpy())
    linear_score = linear.score(new_pixels.flatten(1).numpy(), new_label.numpy())
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = trained(small_network(), pixels, label, epochs=8)
    with torch.inference_mode():
        score = (network(new_pixels).argmax(dim=1) == new_label).float().mean().item()
    assert score > 0.88
    assert linear_score < score - 0.1
