"""Start-up chatter is held back, real messages are not."""

import os

from facsight.faces.quiet import without_chatter


def test_chatter_is_dropped_and_messages_stay(capfd):
    with without_chatter():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
        os.write(
            2, b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        )
        os.write(2, b"W0000 00:00:1795213206.147137 8617 inference_feedback_manager.cc:114] Feedback\n")
        os.write(2, b"Segmentation fault is near\n")
        os.write(2, b"E0000 00:00:1795213206.147137 8617 something.cc:1] An error\n")
    os.write(2, b"afterwards\n")
    told = capfd.readouterr().err
    assert told == (
        "Segmentation fault is near\n"
        "E0000 00:00:1795213206.147137 8617 something.cc:1] An error\n"
        "afterwards\n"
    )


def test_stderr_comes_back_after_an_error(capfd):
    try:
        with without_chatter():
            os.write(2, b"before the error\n")
            raise ValueError
    except ValueError:
        pass
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before the error\nafter\n"
