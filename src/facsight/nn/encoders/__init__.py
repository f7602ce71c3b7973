"""What one modality gives in each step, as features: one file an encoder.

An encoder is made of `shape`, that of a step of its stream, and options; it takes (stream, known) to
(batch, step, size) and has an attribute `size`. What it keeps (`tests/nn/encoders/test_every_encoder.py`): a
window's features do not depend on the other windows of its batch, what is not known changes nothing, and
what is known is learnt from. Those with `scaled = False` read numbers as they are (pixels, samples, words):
nothing takes mean and spread out of their streams first.
"""
