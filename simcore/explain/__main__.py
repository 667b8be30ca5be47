"""`python -m simcore.explain [FILE.md]`: the formulas, as Markdown."""

import argparse
import sys
from pathlib import Path

from simcore.explain.markdown import formulas_page


def main(argv=None) -> int:
    """Write the page to a file or print it; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m simcore.explain", description="Write the formulas as Markdown."
    )
    parser.add_argument("file", nargs="?", type=Path, help="where to; printed if left out")
    file = parser.parse_args(argv).file
    if file is None:
        print(formulas_page(), end="")
        return 0
    try:
        file.write_text(formulas_page(), encoding="utf-8")
    except OSError as error:
        parser.error(f"cannot write {file}: {error.strerror}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
