import pytest

from facsight.cli.screen import BAR, bar, shortened


@pytest.mark.parametrize("share", [0.0, 1e-9, 0.3, 0.5, 0.999, 1.0, 1.5, -1.0])
def test_bars_are_equally_wide(share):
    assert len(bar(share)) == BAR


def test_longer_bars_for_larger_shares():
    filled = [BAR - bar(share / 20).count(" ") for share in range(21)]
    assert filled == sorted(filled)
    assert (filled[0], filled[-1]) == (0, BAR)


def test_short_names_stay():
    assert shortened("a.jpg", 5) == "a.jpg"
    assert len(shortened("a" * 50, 20)) == 20
