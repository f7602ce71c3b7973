from facsight.core.landmarks import MIRROR, POINT_COUNT, RIGID, RIGID_TEMPLATE


def test_mirroring_twice_changes_nothing():
    assert [MIRROR[MIRROR[i]] for i in range(POINT_COUNT)] == list(range(POINT_COUNT))


def test_mirror_swaps_what_the_scheme_names():
    # jaw ends, brow ends, nose wings, eye corners, mouth corners; the chin and the lips' middles stay
    pairs = {
        0: 16,
        17: 26,
        21: 22,
        31: 35,
        36: 45,
        39: 42,
        48: 54,
        60: 64,
        8: 8,
        27: 27,
        33: 33,
        51: 51,
        57: 57,
    }
    assert {i: MIRROR[i] for i in pairs} == pairs


def test_template_is_mirror_symmetric():
    place = dict(zip(RIGID, RIGID_TEMPLATE, strict=True))
    for point, (x, y) in place.items():
        mirrored_x, mirrored_y = place[MIRROR[point]]
        assert (round(1 - x, 9), y) == (mirrored_x, mirrored_y)
