"""`facsight view`: the timelines of a folder of videos in a browser, with the videos playing beside them."""

from pathlib import Path
from typing import Annotated

import typer


def view(
    folder: Annotated[Path, typer.Argument(help="A folder of videos written by `facsight analyze`.")],
    port: Annotated[
        int, typer.Option(help="Where it is served; 0 takes any free port.", min=0, max=65535)
    ] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to serve at. The default is reached from this computer only.")
    ] = "127.0.0.1",
) -> None:
    """Show each video beside its timeline: the cursor follows the video, a click on the timeline seeks.

    Open the address that is printed in a browser; Ctrl-C ends it. What a browser cannot play, such as .mpg,
    still has its timeline.

    Example: `facsight view study/`
    """
    from facsight.cli.screen import complain, console
    from facsight.report.viewer import Viewer, is_loopback

    screen = console()

    def say(reason: str) -> None:
        complain(f"{reason}; give the same `facsight analyze` again, then this command")

    with Viewer(folder, host, port, say) as viewer:
        if not is_loopback(host):
            warning = "Everyone who can reach this computer can watch these videos while this runs."
            screen.print(warning, style="bold yellow", soft_wrap=True)
        screen.print(f"view   {viewer.address}  (Ctrl-C ends it)", soft_wrap=True)
        try:
            viewer.serve_forever()
        except KeyboardInterrupt:
            screen.print("\nStopped.")
