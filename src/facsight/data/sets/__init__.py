"""Every dataset that can be opened by name: one file each, with `CARD`, `read` and `mock`.

    CARD = Card(name="rafdb", ...)
    def read(root: Path, found: list[Deviation]) -> pl.DataFrame
    def mock(root: Path, *, seed: int = 0) -> None

`read` gives the columns of `facsight.data.dataset` that the dataset has (`sample` at least), and tells every
deviation from the format; it may take keyword options. `mock` writes a tiny copy in the documented format.
To add a dataset: write its file, add its line.
"""

SETS = {
    "abaw1_au": "facsight.data.sets.abaw1_au",
    "abaw1_expr": "facsight.data.sets.abaw1_expr",
    "afew": "facsight.data.sets.afew",
    "affectnet": "facsight.data.sets.affectnet",
    "affwild2_au": "facsight.data.sets.affwild2_au",
    "affwild2_expr": "facsight.data.sets.affwild2_expr",
    "affwild2_lsd": "facsight.data.sets.affwild2_lsd",
    "affwild2_mtl": "facsight.data.sets.affwild2_mtl",
    "affwild2_va": "facsight.data.sets.affwild2_va",
    "bah_frame": "facsight.data.sets.bah_frame",
    "bah_video": "facsight.data.sets.bah_video",
    "biovid": "facsight.data.sets.biovid",
    "bp4d": "facsight.data.sets.bp4d",
    "casme2": "facsight.data.sets.casme2",
    "cexpr": "facsight.data.sets.cexpr",
    "cremad": "facsight.data.sets.cremad",
    "dfew": "facsight.data.sets.dfew",
    "disfa": "facsight.data.sets.disfa",
    "dvd": "facsight.data.sets.dvd",
    "emi": "facsight.data.sets.emi",
    "emobank": "facsight.data.sets.emobank",
    "emotionet": "facsight.data.sets.emotionet",
    "eri": "facsight.data.sets.eri",
    "expw": "facsight.data.sets.expw",
    "fer2013": "facsight.data.sets.fer2013",
    "ferplus": "facsight.data.sets.ferplus",
    "ferv39k": "facsight.data.sets.ferv39k",
    "findingemo": "facsight.data.sets.findingemo",
    "folder": "facsight.data.sets.folder",
    "iemocap": "facsight.data.sets.iemocap",
    "london": "facsight.data.sets.london",
    "mafw": "facsight.data.sets.mafw",
    "manifest": "facsight.data.sets.manifest",
    "meld": "facsight.data.sets.meld",
    "mer2023": "facsight.data.sets.mer2023",
    "rafau": "facsight.data.sets.rafau",
    "rafce": "facsight.data.sets.rafce",
    "rafdb": "facsight.data.sets.rafdb",
    "rafdb_compound": "facsight.data.sets.rafdb_compound",
    "rainman": "facsight.data.sets.rainman",
    "ravdess": "facsight.data.sets.ravdess",
    "recola": "facsight.data.sets.recola",
    "samm": "facsight.data.sets.samm",
    "sewa": "facsight.data.sets.sewa",
    "sfew": "facsight.data.sets.sfew",
    "smic": "facsight.data.sets.smic",
    "stressid": "facsight.data.sets.stressid",
    "unbc": "facsight.data.sets.unbc",
    "veatic": "facsight.data.sets.veatic",
}
