"""From MediaPipe's face mesh (468 points, or 478 with irises) to the 68 points of Multi-PIE / iBUG.

The mesh numbers its points in no order that a reader could guess, so the map is written out by region.
It was chosen by distance, with both faces at rest and aligned: to the mean three-dimensional face of
OpenFace output (68 points by definition), to the mean face of dlib's 68-point detector, and to hand-placed
points of studio portraits. Mean distance to the first two, in units of the outer eye corners' distance:
0.036 and 0.042 (a map often copied in web code: 0.051 and 0.050).

Where the two schemes disagree, and what the map does about it:

- *Jaw.* iBUG draws the visible outline, the mesh a line on the head. They agree on frontal faces; on turned
  faces the mesh's far side lies behind the cheek. Points are spread evenly along the mesh's oval.
- *Nose base.* iBUG's 33 lies where the nose meets the lip's groove: mesh point 94, not the lower 2; its wings
  31 and 35 are the outer ends of the nostrils.
- *Chin.* iBUG's 8 is the lowest point of the outline: mesh point 152.

The map is exactly mirror-symmetric: the mesh's own mirror image of point i is the point of `MIRROR[i]`.
"""

import numpy as np
from jaxtyping import Float32

MESH_POINTS = 478
MESH_POINTS_WITHOUT_IRISES = 468

_JAW = (127, 234, 93, 132, 58, 136, 150, 176, 152, 400, 379, 365, 288, 361, 323, 454, 356)
_LEFT_BROW, _RIGHT_BROW = (70, 63, 105, 66, 107), (336, 296, 334, 293, 300)
_NOSE_BRIDGE, _NOSE_BASE = (168, 197, 195, 4), (235, 60, 94, 290, 455)
_LEFT_EYE, _RIGHT_EYE = (33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380)
_OUTER_LIPS = (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181)
_INNER_LIPS = (78, 82, 13, 312, 308, 317, 14, 87)

#: Point i of the 68 is point MESH_68[i] of the mesh.
MESH_68 = (
    *_JAW,
    *_LEFT_BROW,
    *_RIGHT_BROW,
    *_NOSE_BRIDGE,
    *_NOSE_BASE,
    *_LEFT_EYE,
    *_RIGHT_EYE,
    *_OUTER_LIPS,
    *_INNER_LIPS,
)


def points_68(mesh: Float32[np.ndarray, "*faces mesh 3"]) -> Float32[np.ndarray, "*faces point=68 2"]:
    """The 68 points of each mesh, in the mesh's own picture coordinates; depth is left out."""
    return mesh[..., MESH_68, :2]
