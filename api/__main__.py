"""`python -m api` is `renglon`."""

from api.cli.commands import main

main()
