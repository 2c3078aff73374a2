"""`python -m alarmd`, and the `alarmd` program."""

from alarmd.cli import main

if __name__ == "__main__":
    main()
