from facsight.report.dots import LEFT, RIGHT, WIDTH, Estimate, dot_chart


def test_values_lie_on_the_axis_where_they_should():
    chart = dot_chart("t", [Estimate("a", 0.5, 0.25, 1.0), Estimate("b", 0.0, 0.0, 0.0, "floor")])
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    assert chart.rows[0].x == middle
    assert chart.rows[0].high == WIDTH - RIGHT
    assert chart.rows[1].x == LEFT
    assert chart.rows[0].y < chart.rows[1].y


def test_the_axis_always_shows_zero():
    chart = dot_chart("t", [Estimate("a", -0.5, -1.0, -0.25)])
    assert {label for _, label in chart.ticks} == {"-1", "-0.5", "0"}
    assert chart.rows[0].low == LEFT


def test_the_axis_through_zero_marks_it():
    chart = dot_chart("t", [Estimate("a", 0.0, -1.0, 1.0)])
    assert [label for _, label in chart.ticks] == ["-1", "0", "1"]


def test_all_zero_still_has_an_axis():
    assert dot_chart("t", [Estimate("a", 0.0, 0.0, 0.0)]).rows[0].x == LEFT


def test_ticks_are_not_written_over_one_another():
    near = dot_chart("t", [Estimate("a", 0.9, 0.8, 1.0), Estimate("b", 0.0, -0.01, 0.01)])
    assert [label for _, label in near.ticks] == ["0", "1"]
    apart = dot_chart("t", [Estimate("a", 0.9, 0.8, 1.0), Estimate("b", 0.0, -0.5, 0.01)])
    assert [label for _, label in apart.ticks] == ["-0.5", "0", "1"]
