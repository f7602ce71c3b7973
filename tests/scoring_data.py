"""Made-up labels and predictions for the tests of scoring."""


def frames(count, videos=1):
    """Names of so many frames, spread evenly over videos."""
    return [f"v{k % videos}/{k:05d}.jpg" for k in range(count)]


def random_columns(spaces, count, rng):
    """Random labels of every space, by column."""
    columns = {}
    for space in spaces:
        if space.kind == "classes":
            columns[space.column] = rng.choice(space.classes, count).tolist()
        elif space.kind == "units":
            columns |= {name: (rng.random(count) < 0.3).astype(int).tolist() for name in space.columns}
        else:
            low, high = space.low, space.high
            columns |= {name: rng.uniform(low, high, count).round(4).tolist() for name in space.columns}
    return columns
