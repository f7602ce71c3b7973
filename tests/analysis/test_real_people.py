"""People of real clips, cut together as an interview is, come back by the whole path without any model."""

import numpy as np
import polars as pl
import pytest
from PIL import Image
from sklearn.metrics import adjusted_rand_score

from facsight.analysis.reader import Reader
from facsight.analysis.same_person import SamePerson
from facsight.analysis.study import analyse_videos, load_study
from facsight.core.errors import MissingData
from facsight.faces.identity import open_embedder
from facsight.hub import bundled_weights
from facsight.media.video import open_video
from written_video import saved

CLIPS = ("grid_bbaf2n.mpg", "grid_lrwp9a.mpg", "grid_swiz3n.mpg", "fer_woman2.mp4", "pyfeat_single_face.mp4")
#: Whose turn it is. Those of the first three clips sit before one wall, where a cut from one to another would
#: not be seen.
TURNS = (0, 3, 1, 4, 0, 3, 2, 3, 1, 4, 2, 3)
SHOT = 14


@pytest.mark.slow
def test_an_interview_of_five_people(shared_data, tmp_path):
    try:
        bundled_weights()
    except MissingData:
        pytest.skip("needs the bundled weights, which this working tree does not have")
    pictures = []
    for turn, clip in enumerate(TURNS):
        first = SHOT * TURNS[:turn].count(clip)
        (path,) = (shared_data / "samples").rglob(CLIPS[clip])
        with open_video(path) as video:
            own = [frame.pixels for frame in video.frames()][first : first + SHOT]
        pictures += [np.asarray(Image.fromarray(one).resize((480, 320))) for one in own]
    video = saved(tmp_path / "interview.mkv", pictures)
    analyse_videos([video], tmp_path / "out", Reader(), people=SamePerson(open_embedder("texture")))
    rows = load_study(tmp_path / "out")[0].filter(pl.col("person").is_not_null()).collect()
    who = [TURNS[frame // SHOT] for frame in rows["frame"]]
    assert len(rows) > 0.9 * len(pictures)
    assert rows["track"].n_unique() >= len(TURNS)
    assert rows["person"].n_unique() == len(CLIPS)
    assert adjusted_rand_score(who, rows["person"]) >= 0.95
    people = pl.read_csv(tmp_path / "out" / "people.csv")
    assert people["sure"].mean() >= 0.9
