"""Occlusion and RISE beside public libraries: do maps agree, which is sooner, which needs fewer masks?

    python benchmarks/pixel_explainers.py [--faces 32] [--rounds 3] [--masks 128] [--threads 2]

A ResNet-18 with random weights (once written with plain modules, once that of transformers) and faces of
112 x 112 pixels, the same network for every tool; tools take turns within each round, so that a busy moment
strikes all of them. The time on the clock and that of the processor are given, per run of one face through
the network. Captum's Occlusion gets the number of perturbations a run that suits it best of those tried.
RISE is compared with captum-rise, the public one that installs here.

What matters to a user of RISE is the time to a map of some quality: the second part measures how far maps
from the same number of masks differ between seeds, on the bundled reader, and what that is in masks.

captum and captum-rise are no dependencies of facsight: where one is not installed, it is left out.
"""

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median

import torch
from torch import Tensor, nn

from explainers import make_faces, make_network
from facsight.data.drawn import draw_faces
from facsight.explain.occlusion import occlusion
from facsight.explain.rise import rise
from facsight.hub import bundled_weights
from facsight.nn.pixels import standardise
from facsight.nn.weights import load_network
from facsight.probe.probe import Probe
from record import record

PATCH = 16
PERTURBATIONS = (1, 2)
Tool = Callable[[], Tensor]


class Scores(nn.Module):
    """A network whose output is the class scores alone, as libraries want it."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        output = self.network(pixels)
        return output if isinstance(output, Tensor) else output.logits


def transformers_network() -> nn.Module:
    from transformers import ResNetConfig, ResNetForImageClassification

    torch.manual_seed(0)
    config = ResNetConfig(
        hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2], layer_type="basic", num_labels=8
    )
    return ResNetForImageClassification(config).eval()


def occlusions(network: nn.Module, faces: Tensor, about: Tensor) -> dict[str, Tool]:
    tools: dict[str, Tool] = {
        "facsight": lambda: occlusion(Probe(network), faces, about, patch=PATCH, stride=PATCH)
    }
    if find_spec("captum"):
        from captum.attr import Occlusion

        tool, size = Occlusion(Scores(network)), (3, PATCH, PATCH)
        for count in PERTURBATIONS:
            tools[f"captum, {count} a run"] = lambda count=count: tool.attribute(
                faces, size, size, target=about, perturbations_per_eval=count
            )[:, 0]
    return tools


def rises(network: nn.Module, faces: Tensor, about: Tensor, masks: int) -> dict[str, Tool]:
    tools: dict[str, Tool] = {
        "facsight": lambda: rise(Probe(network), faces, about, samples=masks, of="logit")
    }
    if find_spec("rise"):
        tools["captum-rise"] = lambda: public_rise(network, faces, about, masks, seed=0)
    return tools


def public_rise(network: nn.Module, faces: Tensor, about: Tensor, masks: int, seed: int) -> Tensor:
    from rise import RISE  # pyright: ignore[reportMissingImports]

    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        return RISE(Scores(network)).attribute(faces, masks, ((7, 7),), target=about)


def timed(tool: Tool) -> tuple[float, float, Tensor]:
    clock, processor = time.perf_counter(), time.process_time()
    maps = tool()
    return time.perf_counter() - clock, time.process_time() - processor, maps


def contest(tools: dict[str, Tool], rounds: int, runs: int) -> dict[str, object]:
    """Milliseconds per run of one face, and how many times sooner than the soonest other ours is."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in tools}
    maps = {}
    for _ in range(rounds):
        for name, tool in tools.items():
            *taken, maps[name] = timed(tool)
            seconds[name].append((taken[0], taken[1]))
    clock, processor = (
        {name: round(1000 * median(t[kind] for t in taken) / runs, 3) for name, taken in seconds.items()}
        for kind in (0, 1)
    )
    told: dict[str, object] = {"clock_ms_a_run": clock, "processor_ms_a_run": processor}
    others = [name for name in tools if name != "facsight"]
    if others:
        told["times_sooner_by_clock"] = round(min(clock[o] for o in others) / clock["facsight"], 3)
        told["times_sooner_by_processor"] = round(
            min(processor[o] for o in others) / processor["facsight"], 3
        )
        told["largest_difference"] = {o: float((maps[o] - maps["facsight"]).abs().max()) for o in others}
    return told


def masks_for_the_same_map(masks: int, seeds: int = 4) -> dict[str, object]:
    """How far maps of other seeds are from each other, as a share of a map's own spread over places."""
    network = load_network(bundled_weights())[0].eval()
    drawn = draw_faces(2, generator=torch.Generator().manual_seed(1), size=48).faces
    faces = standardise(torch.as_tensor(drawn.images))
    with torch.no_grad():
        about = network(faces).logits.argmax(dim=1)
    probe, chance = Probe(network), 0.5 + 1e-7  # a share next to a half is drawn cell by cell
    ways: dict[str, Callable[[int], Tensor]] = {
        "facsight": lambda seed: rise(probe, faces, about, samples=masks, seed=seed),
        "facsight, cells drawn independently": lambda seed: rise(
            probe, faces, about, samples=masks, seed=seed, keep=chance
        ),
    }
    if find_spec("rise"):
        shares = nn.Sequential(Scores(network), nn.Softmax(dim=1))
        ways["captum-rise"] = lambda seed: public_rise(shares, faces, about, masks, seed)
    error = {name: spread_between([way(seed) for seed in range(seeds)]) for name, way in ways.items()}
    return {
        "masks": masks,
        "seeds": seeds,
        "error": {name: round(value, 4) for name, value in error.items()},
        "times_the_masks_for_the_same_error": {
            name: round((value / error["facsight"]) ** 2, 1) for name, value in error.items()
        },
    }


def spread_between(maps: list[Tensor]) -> float:
    centred = torch.stack([m - m.mean(dim=(1, 2), keepdim=True) for m in maps])
    error = centred.var(dim=0).mean(dim=(1, 2)).sqrt()
    return float((error / centred.mean(dim=0).std(dim=(1, 2))).mean())


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--faces", type=int, default=32)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--masks", type=int, default=128)
    options.add_argument("--threads", type=int, default=2)
    asked = options.parse_args()
    torch.set_num_threads(asked.threads)
    faces = make_faces(asked.faces)
    about = torch.arange(asked.faces) % 8
    windows = (faces.shape[2] // PATCH) ** 2
    results: dict[str, object] = {"faces": asked.faces, "rounds": asked.rounds, "windows": windows}
    for name, network in (("plain", make_network()), ("transformers", transformers_network())):
        with torch.no_grad():
            runs = asked.faces * (windows + 1)
            of_occlusion = contest(occlusions(network, faces, about), asked.rounds, runs)
            runs = asked.faces * asked.masks
            of_rise = contest(rises(network, faces, about, asked.masks), asked.rounds, runs)
        results[name] = {"occlusion": of_occlusion, "rise": of_rise}
        print(name, results[name], flush=True)
        record("pixel_explainers", results)  # what is there, in case the rest takes too long
    results["masks"] = masks_for_the_same_map(1024)
    print(results["masks"])
    print(record("pixel_explainers", results))


if __name__ == "__main__":
    main()
