"""What the terminal shows: a line per face, bars, and errors as one block."""

from rich.console import Console
from rich.text import Text

#: Cells of a bar.
BAR = 12
_EIGHTHS = " ▏▎▍▌▋▊▉"


def console(*, stderr: bool = False) -> Console:
    """A console that colours words only where it is told to, and never cuts lines that go to a file."""
    made = Console(stderr=stderr, highlight=False, emoji=False, markup=False)
    return (
        made
        if made.is_terminal
        else Console(stderr=stderr, highlight=False, emoji=False, markup=False, width=250)
    )


def complain(message: str) -> None:
    """An error for people: one block on the error stream, no traceback."""
    console(stderr=True).print(Text.assemble(("facsight: ", "bold red"), message))


def bar(share: float, cells: int = BAR) -> str:
    """A share in [0, 1] as a bar in eighths of a cell.

    >>> bar(0.5, 4), bar(1.0, 4), bar(0.28125, 4)
    ('██  ', '████', '█▏  ')
    """
    eighths = round(min(max(share, 0.0), 1.0) * cells * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(cells)


def shortened(name: str, width: int) -> str:
    """The end of a long file name, which tells files apart better than its beginning.

    >>> shortened("holiday/2024/beach_0012.jpg", 16)
    '…/beach_0012.jpg'
    """
    return name if len(name) <= width else "…" + name[-(width - 1) :]
