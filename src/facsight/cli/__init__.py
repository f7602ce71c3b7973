"""The command line: one file per verb."""


def main() -> None:
    """Entry point of the `facsight` command."""
    from facsight.cli.app import run

    run()
