"""Write the golden texts that differ: ``python -m tests.stories.bless [CASE...]``, all cases without names.

Shows every difference before it is blessed, and removes golden texts that have no case any more. Refuses a name that
is no case. A golden text is a claim: read what this prints against what the story says.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence

from .telling import CASES, GOLDEN, all_golden, golden, tell


def bless(chosen: Sequence[str]) -> int:
    """Bless the chosen cases; how many files changed."""
    changed = 0
    for case in chosen:
        for layer, text in tell(case).items():
            path = golden(case, layer)
            path.parent.mkdir(exist_ok=True)
            old = path.read_text() if path.exists() else ""
            if old != text:
                changed += 1
                print("".join(difflib.unified_diff(old.splitlines(True), text.splitlines(True), str(path), "now")))
                path.write_text(text)
    return changed


def main(names: Sequence[str]) -> None:
    """Bless the named cases, or all of them and forget what is no case."""
    unknown = sorted(set(names) - set(CASES))
    if unknown:
        sys.exit(f"no such case: {', '.join(unknown)}")
    changed = bless(names or CASES)
    if not names:
        for path in sorted(all_golden() - {golden(case, layer) for case in CASES for layer in GOLDEN}):
            print(f"removed {path}")
            path.unlink()
    print(f"{changed} golden texts changed")


if __name__ == "__main__":
    main(sys.argv[1:])
