"""`python -m redirectmap` is the command `redirectmap`."""

from redirectmap.cli import main

main()
