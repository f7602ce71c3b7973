"""Keeps the models' start-up chatter off the terminal, and nothing else."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

#: What the native code of MediaPipe, TensorFlow Lite, glog and OpenCV writes to stderr while all is well.
_CHATTER = re.compile(
    rb"^(INFO: |WARNING: (All log messages|Logging) before |[IW]\d{4} \d\d:\d\d:"
    rb"|\[ WARN:\d+@[\d.]+\] global net_impl)"
)


@contextmanager
def without_chatter() -> Iterator[None]:
    """Holds back what native code writes to stderr inside the block; afterwards all but chatter is written.

    File descriptor 2 belongs to the whole process: what other threads write to it meanwhile comes out late,
    not never.
    """
    sys.stderr.flush()
    try:
        terminal = os.dup(2)
    except OSError:  # a process without stderr
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            held.seek(0)
            for line in held:
                if not _CHATTER.match(line):
                    os.write(2, line)
