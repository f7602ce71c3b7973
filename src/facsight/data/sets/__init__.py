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
    "fer2013": "facsight.data.sets.fer2013",
    "ferplus": "facsight.data.sets.ferplus",
    "folder": "facsight.data.sets.folder",
    "london": "facsight.data.sets.london",
    "manifest": "facsight.data.sets.manifest",
    "rafdb": "facsight.data.sets.rafdb",
    "rafdb_compound": "facsight.data.sets.rafdb_compound",
}
