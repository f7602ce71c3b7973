"""Loaders of single datasets for the catalogue, out of a loader that takes a dataset's name."""

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints


def of_dataset(load: Callable[..., Any], name: str) -> Callable[..., Any]:
    """`load` for the dataset called `name`: its other parameters, as recipes check them."""

    def named(folder, **options):
        return load(name, folder, **options)

    whole = inspect.signature(load)
    taken = {key: kind for key, kind in whole.parameters.items() if key != "name"}
    named.__signature__ = whole.replace(parameters=list(taken.values()))  # pyright: ignore[reportFunctionMemberAccess]
    named.__annotations__ = {key: kind for key, kind in get_type_hints(load).items() if key != "name"}
    named.__doc__ = load.__doc__
    return named
