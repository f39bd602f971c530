"""The command line's entrance: `capital-worker …` and `python -m worker …` are the same."""

import sys

from worker.cli.commands import run


def main() -> None:
    """Run the command that the arguments name, and exit with its status."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
