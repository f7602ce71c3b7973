"""What looks along time: one file a network.

A network is made of `inputs`, the number of features of a step, and options; it takes (features, inside) to
(batch, step, size) and has an attribute `size`. What it keeps (`tests/nn/temporal/test_every_temporal.py`):
steps beyond a window's end change nothing, windows do not see each other, and any length will do.
"""
