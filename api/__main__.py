"""`python -m api` is `renglon`."""

from api.cli import main

main()
