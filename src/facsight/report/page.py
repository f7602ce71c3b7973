"""Pages that hold everything they show: one HTML file, no network, no script but our own (`script.py`)."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from facsight import __version__
from facsight.core.saving import whole_file
from facsight.report.colours import STEPS


@cache
def _environment() -> Environment:
    """Templates whose every value is escaped, and whose every name must exist."""
    return Environment(
        loader=PackageLoader("facsight.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: Any) -> str:
    """A page as text; whatever comes from outside (file names, reasons) is escaped by the templates."""
    scale = ", ".join(f"rgb({red}, {green}, {blue})" for red, green, blue in STEPS[::4].tolist())
    return _environment().get_template(template).render(version=__version__, scale=scale, **values)


def write_page(path: Path, template: str, **values: Any) -> Path:
    """Render a page into a file that appears whole or not at all."""
    text = render(template, **values)
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")
    return path
