"""Every dataset that can be opened by name: one file each, with `CARD`, `read` and `mock`.

    CARD = Card(name="rafdb", ...)
    def read(root: Path, found: list[Deviation]) -> pl.DataFrame
    def mock(root: Path, *, seed: int = 0) -> None

`read` gives the columns of `facsight.data.dataset` that the dataset has (`sample` at least), and tells every
deviation from the format; it may take keyword options. `mock` writes a tiny copy in the documented format.
To add a dataset: write its file, add its line.
"""

SETS = {
    "affectnet": "facsight.data.sets.affectnet",
    "biovid": "facsight.data.sets.biovid",
    "bp4d": "facsight.data.sets.bp4d",
    "casme2": "facsight.data.sets.casme2",
    "cremad": "facsight.data.sets.cremad",
    "disfa": "facsight.data.sets.disfa",
    "emobank": "facsight.data.sets.emobank",
    "emotionet": "facsight.data.sets.emotionet",
    "expw": "facsight.data.sets.expw",
    "fer2013": "facsight.data.sets.fer2013",
    "ferplus": "facsight.data.sets.ferplus",
    "findingemo": "facsight.data.sets.findingemo",
    "folder": "facsight.data.sets.folder",
    "iemocap": "facsight.data.sets.iemocap",
    "london": "facsight.data.sets.london",
    "manifest": "facsight.data.sets.manifest",
    "meld": "facsight.data.sets.meld",
    "mer2023": "facsight.data.sets.mer2023",
    "rafau": "facsight.data.sets.rafau",
    "rafce": "facsight.data.sets.rafce",
    "rafdb": "facsight.data.sets.rafdb",
    "rafdb_compound": "facsight.data.sets.rafdb_compound",
    "rainman": "facsight.data.sets.rainman",
    "ravdess": "facsight.data.sets.ravdess",
    "samm": "facsight.data.sets.samm",
    "sfew": "facsight.data.sets.sfew",
    "smic": "facsight.data.sets.smic",
    "stressid": "facsight.data.sets.stressid",
    "unbc": "facsight.data.sets.unbc",
}
