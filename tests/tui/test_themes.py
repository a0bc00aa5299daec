"""The themes can be read: letters stand out from what is behind them."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color

from ptpip_analyze.tui.lines import Lines
from ptpip_analyze.tui.themes import DEFAULTS, THEMES

from .conftest import running


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio as WCAG 2 defines it."""

    def luminance(color: Color) -> float:
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_has_contrast(theme) -> None:
    behind = Color.parse(theme.surface)
    for name in ("foreground", "error", "warning", "success", "primary"):
        assert contrast(behind, Color.parse(getattr(theme, name))) >= 4.5, name
    assert contrast(behind, Color.parse(theme.variables["quiet"])) >= 4.5
    assert theme.variables.keys() == DEFAULTS.keys()


@pytest.mark.parametrize("theme", [theme for theme in THEMES if "blind" in theme.name], ids=lambda theme: theme.name)
def test_never_asks_to_tell_red_from_green(theme) -> None:
    """Good is blue, wrong is orange: they differ in the channel that the colour-blind see."""
    good, wrong = Color.parse(theme.success), Color.parse(theme.error)
    assert good.b - wrong.b > 80
    assert Color.parse(theme.warning).g - wrong.g > 40  # doubtful is yellow


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
async def test_everything_that_is_drawn_can_be_read(polled: Path, theme) -> None:
    async with running(polled) as seen:
        seen.app.theme = theme.name
        await seen.press("2")
        lines = seen.app.view.query_one(Lines)
        for behind in ("", "cursor"):
            base = lines.style_of("") + lines.style_of(behind) if behind else lines.style_of("")
            for name in sorted(lines.COMPONENT_CLASSES):
                style = base + lines.style_of(name.removeprefix("lines--"))
                colours = (Color.from_rich_color(one) for one in (style.color, style.bgcolor))
                assert contrast(*colours) >= (3 if behind else 4.5), (behind, name)
