"""pyarrow is loaded without pandas and cloudpickle, which are there for whoever asks later."""

from __future__ import annotations

import subprocess
import sys


def test_makes_arrays_without_pandas_and_frames_with_it() -> None:
    code = (
        "import sys\n"
        "from ptpip_analyze.tables.lean import keep_pandas_away\n"
        "keep_pandas_away()\n"
        "import pyarrow as pa\n"
        "from ptpip_analyze.tables.frame import frame_of\n"
        "table = pa.table({'session': pa.array([1, None])})\n"
        "assert not {'pandas', 'cloudpickle'} & set(sys.modules)\n"
        "assert str(frame_of(table)['session'].dtype) == 'Int64'\n"
        "import pandas as pd\n"
        "assert pa.array(pd.Series([1.5, None])).null_count == 1\n"
        "import cloudpickle\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
