"""The 68 facial points of Multi-PIE / iBUG, as every part of facsight means them.

Coordinates are continuous pixels `(x, y)`, x to the right and y down, with the origin at the *corner* of
the picture: the centre of the first pixel is (0.5, 0.5). 'Left' and 'right' are those of the picture.
A missing point is NaN.

Source: Sagonas et al., "300 Faces in-the-Wild Challenge", ICCV Workshops 2013 (the annotation scheme).
"""

POINT_COUNT = 68

JAW = tuple(range(17))
LEFT_BROW = tuple(range(17, 22))
RIGHT_BROW = tuple(range(22, 27))
NOSE_BRIDGE = tuple(range(27, 31))
NOSE_BASE = tuple(range(31, 36))
LEFT_EYE = tuple(range(36, 42))
RIGHT_EYE = tuple(range(42, 48))
OUTER_LIPS = tuple(range(48, 60))
INNER_LIPS = tuple(range(60, 68))

#: Point i of a mirrored face is point MIRROR[i] of the face.
MIRROR = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *range(27, 31),
    *range(35, 30, -1),
    *(45, 44, 43, 42, 47, 46),
    *(39, 38, 37, 36, 41, 40),
    *range(54, 47, -1),
    *range(59, 54, -1),
    *range(64, 59, -1),
    *range(67, 64, -1),
)

#: Points that hardly move with expression: eye corners, nose bridge, nose base. Faces are aligned on them.
RIGID = (36, 39, 42, 45, *NOSE_BRIDGE, *NOSE_BASE)

#: Where the RIGID points lie in an aligned crop, as fractions of its side: mirror-symmetric by construction.
#: The shape is the mean of the RIGID points over the FER+ training faces (similarity-aligned, symmetrised).
RIGID_TEMPLATE = (
    (0.223, 0.368),
    (0.389, 0.382),
    (0.611, 0.382),
    (0.777, 0.368),
    (0.500, 0.356),
    (0.500, 0.455),
    (0.500, 0.497),
    (0.500, 0.595),
    (0.394, 0.633),
    (0.438, 0.647),
    (0.500, 0.658),
    (0.562, 0.647),
    (0.606, 0.633),
)
