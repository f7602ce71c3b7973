"""`python -m facsight`, the same as the `facsight` command."""

from facsight.cli import main

main()
