"""Reading, in a thread beside the screen: what is known so far goes to the application, step by step.

Promises the first rows while the capture is still read, what the rules found at the end, and with ``follow`` what is
added to a capture that grows. Refuses to draw.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from ptpip_analyze.ahead import WorkerError
from ptpip_analyze.capture import CaptureError
from ptpip_analyze.tables.stats import operations_of
from ptpip_analyze.tables.summary import capture_facts
from ptpip_analyze.tables.throughput import bytes_over_time

from .loading import Step
from .overview import STRETCHES, Known, worst_of
from .rows import Listing

if TYPE_CHECKING:
    from ptpip_analyze.ahead import Worker

    from .app import Inspector

FOLLOW_S: Final = 0.3
"""So often it is looked whether a capture has grown."""

_HEADED: Final = 4096  # bytes with which what grows has its headers, or is no capture


class Reading:
    """What is read for an application; ``run`` is for a thread, and returns when nothing more can come."""

    def __init__(self, app: Inspector) -> None:
        self._app, self._loading = app, app.held

    def run(self, reader: Worker | None) -> None:
        """Read to the end, and go on where there may be more."""
        app, loading = self._app, self._loading
        try:
            self._wait_for_headers()
            for step in loading.steps(reader):
                self._tell(step)
            self._look_closer()
            while app.follow and not loading.left:
                self._go_on()
        except (CaptureError, WorkerError, OSError) as error:
            app.call_from_thread(app.failed, str(error))

    def _wait_for_headers(self) -> None:
        """What has just begun to be written is not yet a capture."""
        app, loading, said = self._app, self._loading, False
        while app.follow and not loading.left and not app.has_ended and loading.size < _HEADED:
            try:
                loading.probe()
            except CaptureError:
                if not said:
                    said = True
                    app.call_from_thread(app.say_progress, "waiting for packets")
                time.sleep(FOLLOW_S)
            else:
                return

    def _go_on(self) -> None:
        """Wait until there is more of the captures, and take that. Reading takes a sixth of the time at most."""
        app, loading = self._app, self._loading
        while not loading.left and (app.paused or loading.size == loading.seen):
            if app.has_ended and loading.size == loading.seen:
                app.call_from_thread(app.end_following)
                return
            time.sleep(FOLLOW_S)
            app.call_from_thread(app.say_following, loading.size - loading.seen)
        if loading.left:
            return
        begun = time.monotonic()
        self._tell(loading.again())
        self._look_closer()
        time.sleep(5 * (time.monotonic() - begun))

    def _tell(self, step: Step) -> None:
        app, loading = self._app, self._loading
        analysis = loading.analysis
        assert analysis is not None
        named = {} if app.incoming is None else {"capture": app.incoming.name}  # nobody knows it by its file
        known = Known(
            [capture_facts(capture) | named for capture in analysis.captures],
            app.listing_of("sessions", step.sessions), operations_of(step.transactions), None, 0.0, None,
            app.follow,
        )  # fmt: skip
        app.call_from_thread(app.take, step, known, self._listing(step.transactions))

    def _listing(self, rows: pa.Table) -> Listing:
        app = self._app
        return app.transactions_view.alike(app.listing_of("transactions", rows))

    def _look_closer(self) -> None:
        """What the overview says of the whole: throughput, then what the rules found."""
        app, loading = self._app, self._loading
        analysis = loading.analysis
        assert analysis is not None
        times = [result.times for result in analysis.captures if result.times]
        if not times:
            app.call_from_thread(app.learn, throughput=np.zeros(1, np.int64))
        else:
            begins, ends = min(first for first, _ in times), max(last for _, last in times)
            found = bytes_over_time(analysis.batches("packets"), begins, ends, STRETCHES)
            app.call_from_thread(app.learn, throughput=found, span_s=(ends - begins) / 1e9)
        findings = app.listing_of("findings", loading.table("findings"))
        app.call_from_thread(app.learn, worst=worst_of(findings))
        app.call_from_thread(app.take_transactions, self._listing(loading.table("transactions")))
