"""The terminal application: which view is shown, how one came there, and the analysis that goes on behind it.

Promises that the first rows are shown while the capture is still being read, and that what goes wrong is a sentence on
the screen. Refuses to compute: views ask ``Loading`` for tables, documents and bytes.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import pyarrow as pa
from textual import work
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Static

from ptpip_analyze.capture import CaptureError
from ptpip_analyze.describe import human_bytes, safe_text
from ptpip_analyze.tables.export import ExportError

from . import incoming as making
from . import saving
from .asked import Asked
from .commands import commands, help_page
from .details import DetailsView
from .dialogs import AskScreen, KeepScreen, PageScreen, PictureScreen, exists
from .going import fault_of, goal_of
from .incoming import Incoming
from .keys import KeyLine
from .ladderview import LadderView
from .lists import table_views
from .loading import Loading, Step
from .notes import Notes
from .overview import Known
from .pages import DoctorView, OverviewView
from .parts import Bytes
from .reading import Reading
from .rows import Listing
from .searching import Hit
from .themes import DEFAULTS, THEMES
from .view import View
from .views import TableView

if TYPE_CHECKING:
    from ptpip_analyze.ahead import Worker

VIEWS: Final = {
    "overview": ("Overview", "Over"), "transactions": ("Transactions", "Trans"), "ladder": ("Ladder", "Ladder"),
    "events": ("Events", "Events"), "properties": ("Properties", "Props"), "objects": ("Objects", "Objs"),
    "findings": ("Findings", "Finds"), "doctor": ("Doctor", "Doctor"), "messages": ("Messages", "Msgs"),
}  # fmt: skip
"""Views by id, in the order of their keys 1 to 9, with long and short names."""

_NARROW: Final = 104


class Place(NamedTuple):
    """Where one was: the view, and the transaction that its details showed."""

    view: str
    transaction: int | None = None


class _LeavingExecutor(ThreadPoolExecutor):
    """Threads that nobody waits for when the application ends: what they read is wanted by nobody then."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait=False, cancel_futures=True)


class Inspector(App[None]):
    """The application over captures. ``fault`` is why reading ended early, once it did.

    With ``follow`` the captures grow. ``incoming`` is one that is being made, followed in place of captures: whoever
    leaves is asked whether to keep it.
    """

    TITLE = "ptpip-analyze"
    ENABLE_COMMAND_PALETTE = True
    CSS = """
    Screen { layout: vertical; }
    #crumbs { height: 1; padding: 0 1; background: $primary-muted; color: $text; }
    #tabs { height: 1; padding: 0 1; background: $panel; }
    ContentSwitcher { height: 1fr; }
    View { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(key), f"view('{name}')", VIEWS[name][0], show=False) for key, name in enumerate(VIEWS, 1)),
        Binding("question_mark,f1", "help", "Help", key_display="?"),
        Binding("escape", "go_back", "Back"),
        Binding("g", "go_to", "Go to"),
        Binding("t", "theme", "Theme", show=False),
        Binding("P", "pause", "Pause"),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(
        self,
        captures: Sequence[str],
        ports: Sequence[int] = (),
        vendor: str | None = None,
        reader: Worker | None = None,
        *,
        follow: bool = False,
        incoming: Incoming | None = None,
    ) -> None:
        super().__init__()
        self.incoming = incoming
        self.follow, self.paused = follow or incoming is not None, False
        self.held = Loading([str(incoming.path)] if incoming is not None else captures, ports, vendor)
        self.asked = Asked()
        self.notes = Notes(self.held.captures)
        self._reader = reader
        self._calling, self._gone = threading.Lock(), False
        self.transactions: Listing | None = None
        self.session_count = 0
        self.trail: list[Place] = []
        self.fault = ""
        self._progress = "reading"
        self._said: dict[str, str] = {}
        self._known: Known | None = None
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours for themes that don't have ours."""
        return dict(DEFAULTS)

    def compose(self) -> ComposeResult:
        """Breadcrumb, tabs, the view, keys."""
        yield Static("", id="crumbs")
        yield Static("", id="tabs")
        with ContentSwitcher(initial="overview"):
            yield OverviewView()
            tables = {view.table: view for view in table_views()}
            yield tables["transactions"]
            yield DetailsView()
            yield LadderView()
            for name in ("events", "properties", "objects", "findings"):
                yield tables[name]
            yield DoctorView()
            yield tables["messages"]
        yield KeyLine()

    async def on_mount(self) -> None:
        """Begin to read."""
        asyncio.get_running_loop().set_default_executor(_LeavingExecutor(6, "tui"))
        self.view.arrive()
        self._head()
        for fault in self.notes.read():
            self.notify(safe_text(fault), title="Notes", severity="warning", markup=False)
        self.load()

    def on_unmount(self) -> None:
        """Let the reading end."""
        self.held.leave()
        with self._calling:
            self._gone = True

    def call_from_thread(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """As Textual does it, but for threads that go on when the application ends: from then on RuntimeError.

        Textual's own would hand the call to a loop that nobody runs any more, and wait for it.
        """

        async def call() -> Any:
            with self._context():
                said = callback(*args, **kwargs)
                return await said if inspect.isawaitable(said) else said

        with self._calling:
            if self._gone or self._loop is None:
                raise RuntimeError("the application does not run")
            asked = asyncio.run_coroutine_threadsafe(call(), self._loop)
        return asked.result()

    # Reading

    @work(thread=True, group="load")
    def load(self) -> None:
        """Analyse, and hand on what is known from time to time."""
        Reading(self).run(self._reader)

    @property
    def has_ended(self) -> bool:
        """Will a capture that is being made not grow any more?"""
        return self.incoming is not None and self.incoming.ended

    def say_progress(self, text: str) -> None:
        """How far reading is; "" at its end."""
        self._progress = text
        self._head()

    @property
    def trouble(self) -> str:
        """Why nothing comes, in words; "" where there is no reason to be known."""
        trouble = self.incoming.trouble if self.incoming is not None else ""
        return f"{self.incoming.name} {trouble}" if self.incoming is not None and trouble else ""

    def say_following(self, more: int) -> None:
        """What comes is followed, or not: then ``more`` bytes are waiting. Also why nothing comes."""
        waiting = f", {human_bytes(more)} more" if more > 0 else ""
        following = safe_text(self.trouble) or "following (P pauses)"
        self.say_progress(f"paused{waiting} (P goes on)" if self.paused else following)

    def end_following(self) -> None:
        """What was being made is complete."""
        self.follow = False
        self.learn(grows=False)
        self.transactions_view.say_rows()
        self.refresh_bindings()
        fault = safe_text(self.incoming.fault) if self.incoming is not None else ""
        self.say_progress(f"the capture has ended{': ' if fault else ''}{fault}")
        if fault:
            self.notify(fault, severity="error", markup=False)

    def action_pause(self) -> None:
        """Let rows come no longer, or again."""
        self.paused = not self.paused
        self.say_following(0)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what grows can be paused."""
        return self.follow if action == "pause" else super().check_action(action, parameters)

    def listing_of(self, table: str, rows: pa.Table) -> Listing:
        """A table as lines."""
        loading = self.held
        vendors = loading.analysis.vendors if loading.analysis is not None else ()
        return Listing(table, rows, loading.begins, vendors, loading.beginning, loading.settings)

    def take(self, step: Step, known: Known, listing: Listing) -> None:
        """More is known."""
        loading = self.held
        share = f"{step.done / step.total:.0%} of {human_bytes(step.total)}" if step.total else ""
        self._progress = "" if step.complete else f"reading {share}"
        if step.complete and self.follow:
            self.say_following(0)
        self.session_count = step.sessions.num_rows
        analysis = loading.analysis
        assert analysis is not None
        self._known = known
        self.query_one(OverviewView).take(known)
        self.take_transactions(listing)
        damaged = [str(capture.damage) for capture in analysis.captures if capture.damage is not None]
        if step.complete and damaged and not self.follow:  # what grows ends anywhere
            self.notify(f"{safe_text(damaged[0])} (everything before it is analysed)", severity="warning", markup=False)
        if step.complete:
            for view in self.query(View):
                view.outdate()
            if self.view.id not in ("overview", "transactions"):
                self.view.arrive()
        self._head()

    def take_transactions(self, listing: Listing) -> None:
        """The rows of the main table, as far as they are known."""
        self.transactions = listing
        self.transactions_view.take(listing)

    def learn(self, **more: Any) -> None:
        """More for the overview."""
        if self._known is not None:
            self._known = self._known._replace(**more)
            self.query_one(OverviewView).take(self._known)

    def failed(self, fault: str) -> None:
        """Reading has ended early."""
        if self.incoming is not None:  # nobody knows it by its file
            fault = fault.replace(str(self.incoming.path), self.incoming.name)
        self.fault = self.held.fault = fault
        self._progress = "reading has ended early"
        self.query_one(OverviewView).fail(f"The capture can't be read: {safe_text(fault)}")
        self.notify(safe_text(fault), title="Reading has ended", severity="error",
                    timeout=20, markup=False)  # fmt: skip
        self.view.arrive()
        self._head()

    # Where one is

    @property
    def view(self) -> View:
        """The view that is shown."""
        switcher = self.query_one(ContentSwitcher)
        return self.query_one(f"#{switcher.current}", View)

    @property
    def transactions_view(self) -> TableView:
        """The main table."""
        return self.query_one("#transactions", TableView)

    def _head(self) -> None:
        """Breadcrumb and tabs."""
        captures = self.held.captures
        name = self.incoming.name if self.incoming is not None else Path(captures[0]).name
        name += f" and {len(captures) - 1} more" if len(captures) > 1 else ""
        before = [self.query_one(f"#{place.view}", View).title for place in self.trail[-2:]]
        crumbs = " › ".join([name, *before, self.view.crumb])
        said = f"   {self._progress}" if self._progress else ""
        self._say("crumbs", Content(safe_text(crumbs) + said))
        short = self.size.width < _NARROW
        tabs = []
        for key, (view, names) in enumerate(VIEWS.items(), 1):
            style = "reverse bold" if view == self.view.id else ""
            tabs.append(Content.styled(f"{key} {names[short]}", f"{style} @click=app.view('{view}')".strip()))
        self._say("tabs", Content(" " if short else "  ").join(tabs))

    def _say(self, line: str, content: Content) -> None:
        """Draw one of the two lines, if it says something else now: whoever moves a cursor changes neither."""
        if self._said.get(line) != content.markup:
            self._said[line] = content.markup
            self.query_one(f"#{line}", Static).update(content, layout=False)

    def on_resize(self) -> None:
        """Another width, which textual takes up after this call."""
        self.call_next(self._head)

    def moved(self, view: View) -> None:
        """The cursor of a view is elsewhere, or its title has changed."""
        if view is self.view:
            self._head()

    def _show(self, view: str) -> None:
        self.query_one(ContentSwitcher).current = view
        self.view.arrive()
        self._head()

    def _leave_trail(self) -> None:
        view = self.view
        self.trail.append(Place(str(view.id), view.transaction if isinstance(view, DetailsView) else None))
        del self.trail[:-50]

    def action_view(self, view: str) -> None:
        """Show a view."""
        if view != self.view.id:
            self._leave_trail()
            self._show(view)

    def action_go_back(self) -> None:
        """Where one came from; or what goes on in the view ends."""
        if self.view.interrupt():
            return
        if not self.trail:
            if self.view.id != "overview":
                self._show("overview")
            return
        place = self.trail.pop()
        self._show(place.view)
        if place.transaction is not None:
            self.query_one(DetailsView).show(place.transaction)

    def open_table(self, view: str, where: str) -> None:
        """Show a table with a filter."""
        self._leave_trail()
        self._show(view)
        self.query_one(f"#{view}", TableView).apply(where)

    def open_transaction(self, number: int, hit: Hit | None = None) -> None:
        """Show the details of a transaction, what was found in it first; the list of transactions goes to it, too."""
        self._leave_trail()
        self._show("details")
        self.query_one(DetailsView).show(number, hit)
        view = self.transactions_view
        if view.grid.row != number and view.listing is not None and view.listing.line_of(number) is not None:
            view.go_to(number)

    def reveal(self, hit: Hit, text: str) -> None:
        """Go to the row in whose bytes a text was found; Enter shows them, n goes on from there."""
        self.action_view(hit.table)
        view = self.query_one(f"#{hit.table}", TableView)
        view.search.found(text, hit)
        view.go_to(hit.row)

    def open_ladder(self, sessions: Sequence[int], frame: int | None) -> None:
        """Show the ladder of sessions at a frame."""
        if self.view.id != "ladder":
            self._leave_trail()
        self.query_one(LadderView).show(sessions, frame)
        self._show("ladder")

    def neighbour(self, transaction: int | None, by: int) -> int | None:
        """The transaction behind another one in the list as it is filtered and ordered, or before it."""
        view = self.transactions_view
        if view.listing is None or transaction is None:
            return None
        rows = view.listing.chosen_rows
        place = (rows == transaction).nonzero()[0]
        at = int(place[0]) + by if len(place) else 0
        return int(rows[at]) if 0 <= at < len(rows) else None

    def moment(self) -> int | None:
        """The first frame of the transaction that was selected last; None where none was."""
        record = self.transactions_view.record()
        return None if record is None else record["first_frame"]

    # Go to, help, themes, saving

    def action_go_to(self) -> None:
        """Go to a frame, a time or a transaction."""
        question = "Go to a frame (120), a transaction (#7), seconds from the first packet (1.5s) or a time (ISO 8601)"
        self.push_screen(AskScreen(question, "", fault_of), self._go_to)

    def _go_to(self, text: str | None) -> None:
        listing = self.transactions
        if text is None or listing is None:
            return
        captures = self.held.analysis.captures if self.held.analysis is not None else []
        goal = goal_of(listing, text, self.held.begins or 0, max((one.packets for one in captures), default=0))
        if goal.says:
            self.notify(goal.says, markup=False)
        if goal.row is not None:
            self.action_view("transactions")
            self.transactions_view.go_to(goal.row)

    def action_theme(self) -> None:
        """The next theme."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]
        self.notify(f"Theme: {self.theme}")

    def action_help(self) -> None:
        """All keys, by view."""
        self.push_screen(PageScreen(help_page()))

    @work(thread=True, exclusive=True, group="picture")
    def show_picture(self, held: Bytes) -> None:
        """Decode a picture, in a thread, and show it in front of the view."""
        from .picture import PictureError, picture

        width, height = max(self.size.width - 6, 10), max(self.size.height - 5, 5)
        try:
            caption, drawn = picture(held, width, height, not self.no_color)
        except (PictureError, CaptureError, OSError) as error:
            self.call_from_thread(self.notify, safe_text(str(error)), markup=False)
            return
        self.call_from_thread(self.push_screen, PictureScreen(caption, drawn))

    @work(thread=True, group="save")
    def save(self, write: Callable[[], str]) -> None:
        """Write something, in a thread, and tell how it went."""
        try:
            said = write()
        except (saving.SaveError, CaptureError, OSError) as error:
            self.call_from_thread(self.notify, safe_text(str(error)), title="Not saved", severity="error", markup=False)
        else:
            self.call_from_thread(self.notify, safe_text(said), markup=False)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The command palette."""
        yield from super().get_system_commands(screen)
        yield from commands(self)

    def action_simulate(self, key: str) -> None:
        """A key was clicked."""
        self.simulate_key(key)

    # The end

    async def action_quit(self) -> None:
        """Leave; what was captured just now is kept, if that is wanted."""
        incoming = self.incoming
        if incoming is None or self.held.size < making.LEAST_BYTES:
            if incoming is not None:
                making.throw_away(incoming)
            self.exit()
            return

        size, name = human_bytes(self.held.size), making.suggested_name(incoming.path)
        self.push_screen(
            KeepScreen(size, name, lambda path: saving.fault_of(path, self.held, None), exists), self._keep
        )

    def _keep(self, path: str | None) -> None:
        """Keep the capture as a file, throw it away ("") or stay (None)."""
        if path is None or self.incoming is None:
            return
        try:
            if path:
                making.keep(self.incoming, saving.checked(path, self.held, None))
            else:
                making.throw_away(self.incoming)
        except (ExportError, saving.SaveError, OSError) as error:
            self.notify(safe_text(str(error)), title="Not kept", severity="error", markup=False)
        else:
            self.exit()
