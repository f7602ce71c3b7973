"""Fusion blocks forward and backward, beside a transformer encoder and beside their matrix products alone.

    python benchmarks/fusion.py

Windows of 64 steps, 32 at a time, of two modalities with 512 features each. The encoder is torch's own: two
layers 512 wide, 8 heads, 2048 hidden units, on one stream of 512 features. The joint multimodal transformer
also runs against nothing but its matrix products: all that its forward and backward pass hand to the matrix
library, of the same shapes and layout, with fused attention counted as the six products that it cannot do
without. What is compared runs by turns, so that whatever else the machine does falls on both; figures are
medians over rounds, of seconds and of each round's ratio.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from facsight.core.sequences import Sequences
from facsight.fusion.co_attention import CoAttention
from facsight.fusion.joint_cross_attention import JointCrossAttention
from facsight.fusion.joint_multimodal_transformer import JointMultimodalTransformer
from facsight.fusion.recursive_joint_cross_attention import RecursiveAttention
from record import record

WINDOWS, STEPS, WIDTH = 32, 64, 512
SIZES = {"face": WIDTH, "audio": WIDTH}
#: What was multiplied: shapes and strides of both factors.
Product = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]


def blocks() -> dict[str, nn.Module]:
    """Every block that is measured, as it trains: with its dropout."""
    return {
        "joint_cross_attention": JointCrossAttention(SIZES),
        "joint_cross_attention, steps": JointCrossAttention(SIZES, steps=STEPS),
        "recursive_joint_cross_attention": RecursiveAttention(SIZES),
        "recursive_joint_cross_attention, steps": RecursiveAttention(SIZES, steps=STEPS),
        "co_attention": CoAttention(SIZES),
        "co_attention, steps": CoAttention(SIZES, steps=STEPS),
        "joint_multimodal_transformer": JointMultimodalTransformer(SIZES, width=WIDTH),
        "joint_multimodal_transformer, share none": JointMultimodalTransformer(
            SIZES, width=WIDTH, share="none"
        ),
        "joint_multimodal_transformer, concatenation": JointMultimodalTransformer(
            SIZES, width=WIDTH, output="concatenation"
        ),
    }


def encoder() -> nn.Module:
    layer = nn.TransformerEncoderLayer(WIDTH, 8, 4 * WIDTH, batch_first=True)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


def windows() -> Sequences:
    inside = torch.ones(WINDOWS, STEPS, dtype=torch.bool)
    streams = {name: torch.randn(WINDOWS, STEPS, size, requires_grad=True) for name, size in SIZES.items()}
    return Sequences(streams, dict.fromkeys(SIZES, inside), inside)


def both_ways(module: nn.Module, read: Callable[[], Tensor]) -> Callable[[], None]:
    """A pass forward and one backward, with a gradient of its own for every number."""
    gradient = torch.randn_like(read())

    def run() -> None:
        module.zero_grad(set_to_none=True)
        read().backward(gradient)

    return run


class Products(TorchDispatchMode):
    """Remembers every matrix product that passes by."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Product] = []

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        name = function.overloadpacket.__name__
        if name in ("mm", "bmm", "addmm"):
            self.seen.append(_product(*arguments[-2:]))
        elif name == "_scaled_dot_product_flash_attention_for_cpu":
            self.seen += _attention(*arguments[:3])
        elif name == "_scaled_dot_product_flash_attention_for_cpu_backward":
            self.seen += 2 * _attention(*arguments[1:4])
        elif "scaled_dot_product" in name:
            raise RuntimeError(f"this benchmark does not know what {name} multiplies")
        return function(*arguments, **(options or {}))


def _product(one: Tensor, other: Tensor) -> Product:
    return tuple((tuple(x.shape), x.stride()) for x in (one, other))


def _attention(query: Tensor, key: Tensor, value: Tensor) -> list[Product]:
    """Scores, and what they pick of the values; backward each is two products as large."""
    query, key, value = (x.flatten(0, 1) for x in (query, key, value))
    scores = query.new_empty(len(query), query.shape[1], key.shape[1])
    return [_product(query, key.transpose(1, 2)), _product(scores, value)]


def products_of(run: Callable[[], None]) -> Callable[[], None]:
    """The same matrix products, and nothing else."""
    with Products() as told:
        run()
    factors = {key: torch.empty_strided(*key).normal_() for product in told.seen for key in product}
    pairs = [(factors[one], factors[other]) for one, other in told.seen]

    def again() -> None:
        for one, other in pairs:
            torch.matmul(one, other)

    return again


def by_turns(one: Callable[[], None], other: Callable[[], None], rounds: int) -> dict[str, float]:
    """Median seconds of both and the median of each round's ratio."""
    seconds: list[tuple[float, float]] = []
    for _ in range(rounds + 1):
        turn = []
        for run in (one, other):
            start = time.perf_counter()
            run()
            turn.append(time.perf_counter() - start)
        seconds.append((turn[0], turn[1]))
    kept = seconds[1:]  # the first round warms up
    return {
        "seconds": round(statistics.median(a for a, _ in kept), 4),
        "beside": round(statistics.median(b for _, b in kept), 4),
        "ratio": round(statistics.median(a / b for a, b in kept), 3),
    }


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    options.add_argument("--only", help="blocks whose name has this in it; nothing is written")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    seen, beside = windows(), encoder()
    stream = torch.randn(WINDOWS, STEPS, WIDTH, requires_grad=True)
    yardstick = both_ways(beside, lambda: beside(stream))
    against_encoder, against_products = {}, {}
    for name, block in blocks().items():
        if chosen.only and chosen.only not in name:
            continue
        run = both_ways(block, lambda block=block: block(seen).features)
        against_encoder[name] = by_turns(run, yardstick, chosen.rounds)
        print(name, "beside a transformer encoder:", against_encoder[name], flush=True)
        if name.startswith("joint_multimodal_transformer"):
            against_products[name] = by_turns(run, products_of(run), chosen.rounds)
            print(name, "beside its matrix products:", against_products[name], flush=True)
    if not chosen.only:
        shape = {"windows": WINDOWS, "steps": STEPS, "features": SIZES, "rounds": chosen.rounds}
        yard = "torch TransformerEncoder: 2 layers, width 512, 8 heads, 2048 hidden units"
        figures = {"beside_encoder": against_encoder, "beside_products": against_products}
        print(record("fusion", {**shape, "encoder": yard, **figures}))


if __name__ == "__main__":
    main()
