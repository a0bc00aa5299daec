"""A real browser for tests: headless Chromium, driven over WebDriver by chromedriver's HTTP interface.

Promises that what the page logs, and every request that it makes, can be asked for. Refuses the network: only the one
file is opened.
"""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support import program

ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-proxy-server",
             "--disable-background-networking", "--disable-component-update")  # fmt: skip
KEYS = {"ArrowLeft": "\ue012", "ArrowRight": "\ue014", "Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c"}
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver names an element (W3C WebDriver 11)
_READY = "return !document.getElementById('timeline-data') || document.documentElement.dataset.ready === 'true'"
_LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Browser:
    """One window."""

    def __init__(self, address: str, session: str) -> None:
        self._at = f"{address}/session/{session}"

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return _ask(method, self._at + path, body)

    def open(
        self, path: Path, fragment: str = "", *, width: int = 1400, height: int = 900, dark: bool = False,
        scripts: bool = True,
    ) -> None:  # fmt: skip
        """Open a file in a window of a size, and wait until the page's scripts are ready, unless it has none.

        What was logged and asked for before is forgotten.
        """
        window = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self._cdp("Emulation.setDeviceMetricsOverride", **window)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._cdp("Emulation.setEmulatedMedia", features=[scheme])
        self._ask("POST", "/url", {"url": "about:blank"})
        self.logged()
        self.requests()
        self._ask("POST", "/url", {"url": path.as_uri() + fragment})
        if scripts:
            self.wait(_READY)

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script: str) -> None:
        """Until a script returns something true; WebDriver's own time limit fails it."""
        waits = (
            f"const [done] = arguments, is = () => {{ {script} }};"
            "const ask = () => is() ? done(true) : setTimeout(ask, 10); ask();"
        )
        self._ask("POST", "/execute/async", {"script": waits, "args": []})

    def click(self, selector: str) -> None:
        """Click an element, as a person does: it has to be visible."""
        self._ask("POST", f"/element/{self._element(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        """Press keys (names of ``KEYS``, else letters) with the focus on an element."""
        self._ask("POST", f"/element/{self._element(selector)}/value", {"text": KEYS.get(text, text)})

    def press(self, key: str) -> None:
        """Press a key wherever the focus is."""
        value = KEYS.get(key, key)
        keys = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": keys}]})

    def drag(self, selector: str, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Drag the mouse over an element, between places counted from its upper left corner."""
        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector)
        box = self.run("return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector)

        def to(place: tuple[int, int]) -> dict[str, Any]:
            return {"type": "pointerMove", "duration": 20, "x": round(box["x"] + place[0]),
                    "y": round(box["y"] + place[1])}  # fmt: skip

        steps = [to(start), {"type": "pointerDown", "button": 0}, to(end), {"type": "pointerUp", "button": 0}]
        self._ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": steps}]})

    def _element(self, selector: str) -> str:
        return str(self._ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT])

    def logged(self) -> list[str]:
        """Messages of the console since they were last asked for: errors, and what the policy has blocked."""
        return [one["message"] for one in self._ask("POST", "/se/log", {"type": "browser"})]

    def requests(self) -> list[str]:
        """The addresses of all requests since they were last asked for."""
        lines = self._ask("POST", "/se/log", {"type": "performance"})
        events = [json.loads(one["message"])["message"] for one in lines]
        return [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]

    def screenshot(self, path: Path | None = None, *, whole: bool = False) -> bytes:
        """A PNG of the window, or of the whole page."""
        picture = self._cdp("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **self._clip(whole))
        data = base64.b64decode(picture["data"])
        if path is not None:
            path.write_bytes(data)
        return data

    def _clip(self, whole: bool) -> dict[str, Any]:
        if not whole:
            return {}
        size = self._cdp("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12000), "scale": 1}}

    def pdf(self) -> bytes:
        """The page on A4."""
        paper = {"page": {"width": 21.0, "height": 29.7}, "background": True}
        return base64.b64decode(self._ask("POST", "/print", paper))

    def _cdp(self, command: str, **parameters: Any) -> Any:
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})


def _ask(method: str, address: str, body: dict[str, Any] | None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
    try:
        with _LOCAL.open(request, timeout=60) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(json.load(error)["value"]["message"]) from None


@contextlib.contextmanager
def browsing(folder: Path) -> Iterator[Browser]:
    """A browser with its profile in a folder; ended with the block."""
    driver = program("chromedriver")
    chromium = program("chromium")
    process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        started = next(line for line in process.stdout if "started successfully on port" in line)
        port = started.rsplit(" ", 1)[1].rstrip(".\n")
        address = f"http://127.0.0.1:{port}"
        wishes = {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": chromium, "args": [*ARGUMENTS, f"--user-data-dir={folder}"]},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        opened = _ask("POST", f"{address}/session", {"capabilities": {"alwaysMatch": wishes}})
        try:
            yield Browser(address, opened["sessionId"])
        finally:
            _ask("DELETE", f"{address}/session/{opened['sessionId']}", None)
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
