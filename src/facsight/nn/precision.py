"""In which number format a network multiplies: float32, or bfloat16 where that is faster."""

from typing import Literal

import torch

from facsight.core.errors import UnknownName, did_you_mean

Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


def has_bfloat16() -> bool:
    """Whether this processor multiplies in bfloat16: there, and only there, it is faster."""
    known = getattr(torch.cpu, "get_capabilities", dict)()  # new in torch 2.10
    return bool(known.get("amx_bf16") or known.get("avx512_bf16"))


def fastest_precision() -> Precision:
    """What reads fastest here. Bfloat16 keeps three digits: probabilities change by up to about 0.01."""
    return "bfloat16" if has_bfloat16() else "float32"


def check_precision(name: str) -> Precision:
    """The precision of that name; `UnknownName` where there is none."""
    for precision in PRECISIONS:
        if name == precision:
            return precision
    raise UnknownName(f"there is no precision {name!r}: {did_you_mean(name, PRECISIONS)}")
