"""Explainers beside those of public libraries: do the maps agree, and which are sooner?

    python benchmarks/explainers.py [--only gradcam scorecam] [--rounds 9] [--faces 32] [--masked-faces 2]

One ResNet-18 with random weights, faces of 112 x 112 pixels, two threads, maps at the resolution of the last
stage. The tools take turns within each round, so that a busy moment strikes all of them; beside the time on
the clock stands the time of the processor, which says more on a machine that is busy with something else.
Compared with captum, torch-cam and grad-cam, those of them that are installed: none is a dependency of
facsight. Explainers that run the network for every mask are timed on fewer faces: their time grows with the
number of masks, and is given per face as well.
"""

import argparse
import itertools
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

from facsight.explain.run import explain
from record import record

CLASSES, SIDE, LAYER = 8, 112, "stages.3"
Tool = Callable[[Tensor, Tensor], Tensor]

#: Our names of the explainers that a library offers, and its own.
CAPTUM = {"gradcam": "LayerGradCam"}
TORCHCAM = {
    "cam": "CAM",
    "gradcam": "GradCAM",
    "gradcam++": "GradCAMpp",
    "xgradcam": "XGradCAM",
    "layercam": "LayerCAM",
    "scorecam": "ScoreCAM",
}
GRADCAM = {
    "gradcam": "GradCAM",
    "gradcam++": "GradCAMPlusPlus",
    "xgradcam": "XGradCAM",
    "layercam": "LayerCAM",
    "scorecam": "ScoreCAM",
    "eigencam": "EigenCAM",
}


@dataclass(frozen=True)
class Contest:
    """One explainer: how many times sooner than the fastest library it should be, and options of ours."""

    method: str
    goal: float | None = None
    every_mask: bool = False
    options: dict[str, Any] = field(default_factory=dict)


CONTESTS = (
    Contest("cam"),
    Contest("gradcam", 1.0),
    Contest("gradcam++"),
    Contest("xgradcam"),
    Contest("layercam", 1.0),
    Contest("eigencam", options={"centred": True}),
    Contest("scorecam", 2.0, every_mask=True),
)


class Residual(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Sequential()
        if stride > 1 or inputs != outputs:
            shrink = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.shortcut = nn.Sequential(shrink, nn.BatchNorm2d(outputs))
        self.activation = nn.ReLU(inplace=True)

    def forward(self, maps: Tensor) -> Tensor:
        return self.activation(self.body(maps) + self.shortcut(maps))


class ResNet18(nn.Module):
    """He et al., "Deep residual learning for image recognition", CVPR 2016, table 1."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, 1),
        )
        widths = (64, 64, 128, 256, 512)
        self.stages = nn.Sequential(
            *(
                nn.Sequential(Residual(before, width, 1 if before == width else 2), Residual(width, width, 1))
                for before, width in itertools.pairwise(widths)
            )
        )
        self.head = nn.Linear(512, CLASSES)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.head(self.stages(self.stem(pixels)).mean(dim=(2, 3)))


def make_network() -> ResNet18:
    """Random weights, with the statistics of its normalisations taken from noise like the faces."""
    torch.manual_seed(0)
    network = ResNet18().train()
    with torch.no_grad():
        for seed in range(30):
            network(make_faces(16, seed + 1))
    return network.eval()


def make_faces(count: int, seed: int = 0) -> Tensor:
    """Smooth noise: as a photo, it has structure at every scale that the network sees."""
    source = torch.Generator().manual_seed(seed)
    coarse = [torch.randn(count, 3, side, side, generator=source) for side in (4, 14, 56)]
    grown = [nn.functional.interpolate(part, size=SIDE, mode="bilinear") for part in coarse]
    return torch.stack(grown).sum(dim=0)


def ours(network: nn.Module, contest: Contest) -> Iterator[tuple[str, Tool]]:
    options: dict[str, Any] = {"method": contest.method, "resolution": "layer"} | contest.options
    yield "facsight", lambda x, about: explain(network, x, about=about, layer=LAYER, **options)
    if not contest.every_mask:
        yield "facsight, layer found", lambda x, about: explain(network, x, about=about, **options)


def captum(network: nn.Module, method: str) -> Iterator[tuple[str, Tool]]:
    if method in CAPTUM:
        from captum import attr

        tool = getattr(attr, CAPTUM[method])(network, network.get_submodule(LAYER))
        yield "captum", lambda x, about: tool.attribute(x, about, relu_attributions=True)[:, 0].detach()


def torchcam(network: nn.Module, method: str) -> Iterator[tuple[str, Tool]]:
    if method not in TORCHCAM:
        return
    from torchcam import methods

    options = {"fc_layer": "head"} if method == "cam" else {}

    def run(pixels: Tensor, about: Tensor) -> Tensor:
        with getattr(methods, TORCHCAM[method])(
            network, LAYER, input_shape=(3, SIDE, SIDE), **options
        ) as tool:
            with torch.set_grad_enabled(method not in ("cam", "scorecam")):
                scores = network(pixels)
            return tool(about.tolist(), scores, normalized=False)[0].detach().relu()

    yield "torch-cam", run


def grad_cam(network: nn.Module, method: str) -> Iterator[tuple[str, Tool]]:
    if method not in GRADCAM:
        return
    with_torchvision_or_without()
    import pytorch_grad_cam
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    def run(pixels: Tensor, about: Tensor) -> Tensor:
        targets = [ClassifierOutputTarget(label) for label in about.tolist()]
        with getattr(pytorch_grad_cam, GRADCAM[method])(network, [network.get_submodule(LAYER)]) as tool:
            return torch.from_numpy(tool(pixels, targets))

    yield "grad-cam", run


def with_torchvision_or_without() -> None:
    """grad-cam imports torchvision for utilities that are not used here; names in its place do."""
    if "torchvision" in sys.modules or find_spec("torchvision") is not None:
        return
    for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional"):
        sys.modules[name] = types.ModuleType(name)
    for name in ("Compose", "Normalize", "ToTensor"):
        setattr(sys.modules["torchvision.transforms"], name, None)
    sys.modules["torchvision.transforms.functional"].resize = None  # pyright: ignore


#: The package, the name it is installed by, and what builds its tools.
PEERS: dict[str, tuple[str, Callable[[nn.Module, str], Iterator[tuple[str, Tool]]]]] = {
    "captum": ("captum", captum),
    "torch-cam": ("torchcam", torchcam),
    "grad-cam": ("pytorch_grad_cam", grad_cam),
}
INSTALLED_AS = {"captum": "captum", "torch-cam": "torchcam", "grad-cam": "grad-cam"}


def peers() -> dict[str, str]:
    """Each library and its version, or that it is absent."""
    present = {name: find_spec(module) is not None for name, (module, _) in PEERS.items()}
    return {name: version(INSTALLED_AS[name]) if here else "absent" for name, here in present.items()}


def difference(one: Tensor, other: Tensor) -> float:
    """The largest difference of two sets of maps, each face's scaled to [0, 1] at the size of the larger."""
    size = max(tuple(one.shape[1:]), tuple(other.shape[1:]))
    scaled = []
    for maps in (one, other):
        grown = nn.functional.interpolate(
            maps[:, None].float(), size=size, mode="bilinear", align_corners=False
        )[:, 0]
        grown = grown - grown.amin(dim=(1, 2), keepdim=True)
        peak = grown.amax(dim=(1, 2), keepdim=True)
        scaled.append(grown / torch.where(peak > 0, peak, 1.0))
    return float((scaled[0] - scaled[1]).abs().max())


def compare(
    network: nn.Module, contest: Contest, pixels: Tensor, about: Tensor, rounds: int
) -> dict[str, Any]:
    """Seconds of each tool, the largest difference of its maps to ours, and by how much we are sooner."""
    tools = dict(ours(network, contest))
    for name, (_, build) in PEERS.items():
        if peers()[name] != "absent":
            tools |= dict(build(network, contest.method))
    maps = {name: tool(pixels, about) for name, tool in tools.items()}  # the first run is not timed
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in tools}
    for _ in range(rounds):
        for name, tool in tools.items():
            start, used = time.perf_counter(), time.process_time()
            tool(pixels, about)
            taken[name].append((time.perf_counter() - start, time.process_time() - used))
    rows = {
        name: {
            "best_s": round(min(clock for clock, _ in times), 4),
            "median_s": round(median(clock for clock, _ in times), 4),
            "processor_s": round(median(used for _, used in times), 4),
            "best_ms_per_face": round(min(clock for clock, _ in times) / len(pixels) * 1e3, 2),
            "difference": float(f"{difference(maps['facsight'], maps[name]):.1e}"),
        }
        for name, times in taken.items()
    }
    return {"faces": len(pixels), "rounds": rounds, "tools": rows, **verdict(rows, contest.goal)}


def verdict(rows: dict[str, dict[str, float]], goal: float | None) -> dict[str, Any]:
    """How many times sooner than the fastest library, on the clock and by the processor's time."""
    libraries = [row for name, row in rows.items() if not name.startswith("facsight")]
    if not libraries:
        return {"times_sooner": None}
    ratios = {
        kind: round(min(row[kind] for row in libraries) / rows["facsight"][kind], 2)
        for kind in ("best_s", "median_s", "processor_s")
    }
    reached = {} if goal is None else {"goal": goal, "reached": ratios["median_s"] >= goal}
    return {"times_sooner": ratios, **reached}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=[contest.method for contest in CONTESTS])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--faces", type=int, default=32)
    parser.add_argument("--masked-faces", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(2)
    network, pixels = make_network(), make_faces(options.faces)
    about = torch.arange(options.faces) % CLASSES
    results: dict[str, Any] = {"libraries": peers()}
    for contest in CONTESTS:
        if options.only and contest.method not in options.only:
            continue
        count = options.masked_faces if contest.every_mask else options.faces
        rounds = max(2, options.rounds // 3) if contest.every_mask else options.rounds
        found = compare(network, contest, pixels[:count], about[:count], rounds)
        results[contest.method] = found
        for name, row in found["tools"].items():
            print(f"{contest.method:10} {name:22} {row}")
        print(f"{contest.method:10} times sooner: {found['times_sooner']}, goal {contest.goal}")
    print(results["libraries"], record("explainers", results))


if __name__ == "__main__":
    main()
