"""The themes: dark, light, and both once more in blue and orange, which the colour-blind tell apart (Okabe and Ito)."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

DEFAULTS: Final = {"quiet": "#8a8a8a"}
"""Colours that Textual's own themes lack: what is of little interest."""

THEMES: Final = (
    Theme(
        "dark", primary="#7aa2f7", secondary="#9d7cd8", accent="#ff9e64", warning="#e0af68", error="#f7768e",
        success="#9ece6a", foreground="#c0caf5", background="#16161e", surface="#1a1b26", panel="#24283b",
        variables={"quiet": "#8992c0"},
    ),
    Theme(
        "light", primary="#2456a6", secondary="#7a4fa3", accent="#b3530c", warning="#8a5a00", error="#b3261e",
        success="#2f6f2f", foreground="#1f2328", background="#ffffff", surface="#f7f7f9", panel="#e4e6eb", dark=False,
        variables={"quiet": "#6a6f78"},
    ),
    Theme(
        "dark-colour-blind", primary="#56b4e9", secondary="#cc79a7", accent="#e69f00", warning="#f0e442",
        error="#ff6f3c", success="#56b4e9", foreground="#e6e6e6", background="#101014", surface="#16161c",
        panel="#26262e", variables={"quiet": "#9a9aa6"},
    ),
    Theme(
        "light-colour-blind", primary="#00507f", secondary="#8a3d6b", accent="#005f46", warning="#6b5b00",
        error="#a83200", success="#00507f", foreground="#1a1a1a", background="#ffffff", surface="#f8f8f8",
        panel="#e3e3e8", dark=False, variables={"quiet": "#66666e"},
    ),
)  # fmt: skip
