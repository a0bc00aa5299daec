"""Runs the notebooks of this folder, cell by cell, and keeps what they show: ``python notebooks/execute.py [NAME...]``.

Promises that a cell that fails is named, and that nothing of the machine is kept. Needs the extra ``notebook``, and
nbclient.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

FOLDER = Path(__file__).resolve().parent
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TIMEOUT_S = 60


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook with what its cells show now. nbclient's CellExecutionError for a cell that fails."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        # Files instead of ports of the machine, which anybody on it could reach.
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})
        client = NotebookClient(
            notebook, config=config, kernel_name="python3", timeout=TIMEOUT_S, record_timing=False,
            resources={"metadata": {"path": str(path.parent)}},
            extra_arguments=["--HistoryManager.enabled=False"],
        )  # fmt: skip
        client.execute()
    notebook.metadata = nbformat.from_dict({"kernelspec": notebook.metadata["kernelspec"]})
    return notebook


def main(names: list[str]) -> int:
    """Run the notebooks named, or all of them; 2 for a name that is none."""
    known = {path.stem: path for path in NOTEBOOKS}
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no such notebook: {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    for name in names or known:
        nbformat.write(executed(known[name]), known[name])
        print(f"{name}: done")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
