"""Where the 68 points of a face of mean shape lie in an aligned crop: for what has the crop and no points."""

import numpy as np
from jaxtyping import Float

from facsight.faces.align import align
from facsight.faces.mesh68 import MESH_68
from facsight.faces.pose import mean_mesh


def mean_face(size: int) -> Float[np.ndarray, "68 2"]:
    """The points of the mean face, turned to nowhere, in pixels of a crop with `size` a side."""
    points = mean_mesh()[MESH_68, :2] * (1, -1)  # the mesh's y goes up
    return align(points, size).to_crop(points)
