"""Every dataset that can be opened by name: one file each, with `CARD`, `read` and `mock`.

    CARD = Card(name="rafdb", ...)
    def read(root: Path, found: list[Deviation]) -> pl.DataFrame
    def mock(root: Path, *, seed: int = 0) -> None

`read` gives the columns of `facsight.data.dataset` that the dataset has (`sample` at least), and tells every
deviation from the format; it may take keyword options. `mock` writes a tiny copy in the documented format.
To add a dataset: write its file, add its line.
"""

SETS = {
    "emotionet": "facsight.data.sets.emotionet",
    "findingemo": "facsight.data.sets.findingemo",
    "mer2023": "facsight.data.sets.mer2023",
    "rainman": "facsight.data.sets.rainman",
    "stressid": "facsight.data.sets.stressid",
    "expw": "facsight.data.sets.expw",
    "rafau": "facsight.data.sets.rafau",
    "rafce": "facsight.data.sets.rafce",
    "sfew": "facsight.data.sets.sfew",
    "casme2": "facsight.data.sets.casme2",
    "samm": "facsight.data.sets.samm",
    "smic": "facsight.data.sets.smic",
    "cremad": "facsight.data.sets.cremad",
    "iemocap": "facsight.data.sets.iemocap",
    "emobank": "facsight.data.sets.emobank",
    "meld": "facsight.data.sets.meld",
    "ravdess": "facsight.data.sets.ravdess",
    "biovid": "facsight.data.sets.biovid",
    "bp4d": "facsight.data.sets.bp4d",
    "disfa": "facsight.data.sets.disfa",
    "unbc": "facsight.data.sets.unbc",
    "rafdb": "facsight.data.sets.rafdb",
}
