"""facsight: reads facial expressions from photos and videos, and shows its evidence.

reader = facsight.Reader()
for reading in reader.read("photo.jpg"):
    print(reading.label, reading.evidence.sentence)

facsight.analyze(["interview.mp4", "day2/"], out="study/", rate=5)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facsight.analysis.adapting import adapt
    from facsight.analysis.evidence import Evidence
    from facsight.analysis.inputs import analyze
    from facsight.analysis.other_tables import read_table
    from facsight.analysis.person_file import Person, load_person
    from facsight.analysis.reader import Reader
    from facsight.analysis.reading import Reading
    from facsight.core.errors import FacsightError
    from facsight.preparation.run import prepare

__version__ = "0.1.0"
__all__ = [
    "Evidence",
    "FacsightError",
    "Person",
    "Reader",
    "Reading",
    "__version__",
    "adapt",
    "analyze",
    "load_person",
    "prepare",
    "read_table",
]

#: Public names and where they live; nothing of it is imported before it is asked for.
_HOMES = {
    "Evidence": "facsight.analysis.evidence",
    "FacsightError": "facsight.core.errors",
    "Person": "facsight.analysis.person_file",
    "Reader": "facsight.analysis.reader",
    "Reading": "facsight.analysis.reading",
    "adapt": "facsight.analysis.adapting",
    "analyze": "facsight.analysis.inputs",
    "load_person": "facsight.analysis.person_file",
    "prepare": "facsight.preparation.run",
    "read_table": "facsight.analysis.other_tables",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'facsight' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
