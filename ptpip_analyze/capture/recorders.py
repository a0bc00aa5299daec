"""Programs that capture: dumpcap, which holds the privileges so that nothing else has to, or our own (``sniffing``).

Promises a pipe of pcapng and one sentence for whatever goes wrong: who may not capture is told how to be allowed to.
"""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
from typing import Final, Literal

Means = Literal["dumpcap", "sockets"]
MEANS: Final[tuple[Means, ...]] = ("dumpcap", "sockets")

BUFFER_MIB: Final = 32
"""What the kernel may hold while nobody reads: a second and more of a fast network."""
UPDATE_MS: Final = 50

_PLACES = ("/usr/bin/dumpcap", "/usr/local/bin/dumpcap", "/usr/sbin/dumpcap", "/opt/homebrew/bin/dumpcap")
_USUAL = ("Capturing on", "File:", "Packets ")
_PATIENCE_S = 5.0  # that a recorder has to end once it was asked to
# Waits for the end of a pipe that only we hold. The kernel's own word of a parent's death (PR_SET_PDEATHSIG) does not
# reach programs with privileges of their own, and comes when a thread ends already.
_GUARD = ("/bin/sh", "-c", 'read -r _; kill -INT "$1"', "guard")


class RecorderError(Exception):
    """Nothing can be captured, in one sentence."""


class _Guard:
    """Ends a recorder when we can't any more, even by SIGKILL: dumpcap itself notices at its next packet only."""

    def __init__(self, recorder: int) -> None:
        self._process = subprocess.Popen(
            [*_GUARD, str(recorder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def end(self) -> None:
        """It is not needed any more: to be called while the recorder's number is still its own."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()


class Recorder:
    """A running recorder. ``stream`` is the descriptor that its packets come from; ``means`` what it is."""

    def __init__(self, means: Means, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self.means = means
        self.stream = process.stdout.fileno()
        self._process = process
        self._stopped = False
        self._guard = _Guard(process.pid) if means == "dumpcap" else None  # our own sees that nobody reads

    def stop(self) -> None:
        """Ask it to end: what waits in the kernel still comes."""
        self._dismiss_guard()
        if self._process.poll() is None and not self._stopped:
            self._stopped = True
            self._process.send_signal(signal.SIGINT)

    def ending(self) -> str | None:
        """Why it ended though nobody asked it to, None where somebody did; waits for its end and ends it for good."""
        self._dismiss_guard()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        said = self._process.stderr.read().decode(errors="replace") if not self._process.stderr.closed else ""
        self._process.stdout.close()
        self._process.stderr.close()
        if self._stopped:
            return None
        # dumpcap calls it a success when an interface has gone, and says so all the same.
        why = _sentence(said)
        if self._process.returncode == 0:
            return why or None
        return why or f"{self.means} ended with status {self._process.returncode}"

    def _dismiss_guard(self) -> None:
        if self._guard is not None:
            self._guard.end()
            self._guard = None


def start(interface: str, capture_filter: str = "", most: int | None = None, means: Means | None = None) -> Recorder:
    """Capture on an interface: all packets for which the filter (of libpcap) holds, or ``most`` of them.

    ``means`` is what captures; without one dumpcap where it may, else sockets. RecorderError when it can't be.
    """
    dumpcap = shutil.which("dumpcap")
    refused = None
    if means != "sockets" and dumpcap is not None:
        try:
            return _begun(interface, "dumpcap", _of_dumpcap(dumpcap, interface, capture_filter, most))
        except RecorderError as error:
            if means == "dumpcap" or not isinstance(error, _NotAllowed):
                raise
            refused = error
    elif means == "dumpcap":
        raise RecorderError(how_to_be_allowed() if _forbidden() else "dumpcap is not installed; Wireshark brings it")
    command = [sys.executable, "-m", f"{__package__}.sniffing", interface, capture_filter]
    try:
        return _begun(interface, "sockets", command)
    except _NotAllowed as error:
        raise refused or error from None


class _NotAllowed(RecorderError):
    """The user may not capture."""


def _of_dumpcap(dumpcap: str, interface: str, capture_filter: str, most: int | None) -> list[str]:
    command = [dumpcap, "-q", "-i", interface, "-B", str(BUFFER_MIB), "-w", "-"]
    if capture_filter:
        command += ["-f", capture_filter]
    if most is not None:
        command += ["-c", str(most)]
    told = subprocess.run([dumpcap, "--help"], capture_output=True, text=True, check=False).stdout
    if "--update-interval" in told:  # since 4.2 also how long packets may wait in the kernel; before that, 250 ms
        command += ["--update-interval", str(UPDATE_MS)]
    return command


def _begun(interface: str, means: Means, command: list[str]) -> Recorder:
    """A recorder that has begun to capture. RecorderError when it does not begin."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us, who stop it in order
        )
    except OSError as error:
        raise RecorderError(f"{command[0]}: {error.strerror or error}") from error
    assert process.stdout is not None
    assert process.stderr is not None
    _enlarge(process.stdout.fileno())
    recorder = Recorder(means, process)
    try:
        if _comes(process):
            return recorder
    except BaseException:
        process.kill()
        recorder.ending()
        raise
    said = process.stderr.read().decode(errors="replace")
    recorder.ending()
    if "permission" in said.lower():
        raise _NotAllowed(how_to_be_allowed())
    raise RecorderError(f"{interface}: {_sentence(said) or f'{means} did not begin'}")


def _comes(process: subprocess.Popen[bytes]) -> bool:
    """Do packets come, or at least what a capture begins with? Without taking it."""
    assert process.stdout is not None
    poll = select.poll()
    poll.register(process.stdout.fileno(), select.POLLIN)
    for _, event in poll.poll():
        return bool(event & select.POLLIN)
    return False


def _enlarge(pipe: int) -> None:
    """Let a pipe hold more, so that a recorder need not wait for a busy interpreter; where the system allows it."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)
        except OSError:
            return


def _sentence(said: str) -> str:
    """What a recorder has to say, as one sentence: what stands behind the name of dumpcap, or the last line."""
    lines = [line.strip() for line in said.replace("\r", "\n").splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if line.startswith("dumpcap: "):
            found = line.removeprefix("dumpcap: ")
            if "filter" in found and number + 1 < len(lines):  # what is wrong with it stands in the next line
                found += " " + lines[number + 1]
            return found.rstrip(".")
    wanted = [line for line in lines if not line.startswith(_USUAL)]
    return wanted[-1].rstrip(".") if wanted else ""


def _forbidden() -> str | None:
    """A dumpcap that is there, and that this user may not run."""
    return next((place for place in _PLACES if os.path.exists(place) and not os.access(place, os.X_OK)), None)


def how_to_be_allowed() -> str:
    """The sentence for those who may not capture."""
    if place := _forbidden():
        return (
            f"no permission to capture: {place} is for the group wireshark; join it "
            "(sudo usermod -aG wireshark $USER) and log in again"
        )
    dumpcap = shutil.which("dumpcap")
    if dumpcap is not None:
        return (
            f"no permission to capture: give it to dumpcap (sudo setcap cap_net_raw,cap_net_admin+eip {dumpcap}, or on "
            "Debian sudo dpkg-reconfigure wireshark-common and join the group wireshark)"
        )
    return (
        "no permission to capture: install Wireshark's dumpcap and join its group wireshark, or run this as root "
        "(sockets need CAP_NET_RAW)"
    )
