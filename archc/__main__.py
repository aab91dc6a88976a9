"""`python -m archc`."""

from archc.cli import main

main()
