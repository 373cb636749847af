"""What came of a backtest: the report on screen, as a document, and as a page."""

from pathlib import Path

from trader.backtest.books.folder import Folder
from trader.backtest.books.plan import PlannedBook
from trader.commands import output
from trader.commands.backtest_document import document
from trader.commands.backtest_screen import screen
from trader.commands.config import loaded
from trader.commands.session import Session
from trader.domain.errors import TraderError, UsageError
from trader.evals.backtest_report import BacktestReport, report_backtest


def show_folder(
    session: Session, folder: Folder, book: PlannedBook | None, html: Path | None
) -> BacktestReport:
    """Report on a backtest, about `book` or its first. Raises UsageError, TraderError."""
    settings, _ = loaded(session)
    found = report_backtest(folder, book, cut_offs=settings.llm.knowledge_cutoffs)
    if html is not None:
        write_page(found, html)
        output.say(f"the report is in {html}")
    if session.json:
        output.document(document(found))
    else:
        output.screen(*screen(found, folder))
    return found


def check_place(html: Path | None) -> None:
    """That a page can stand there, before anything is worked on for it. Raises UsageError."""
    if html is not None and html.is_dir():
        raise UsageError(f"--html {html} is a folder", hint="--html report.html names a file")
    if html is not None and not html.parent.is_dir():
        raise UsageError(f"--html {html}: there is no folder {html.parent}", hint="make it, or name another")


def write_page(found: BacktestReport, path: Path) -> None:
    """The page, whole or not at all. Raises TraderError where it cannot be written."""
    from trader.commands.html.page import page

    text = page(found)
    try:
        partial = path.with_name(f"{path.name}.partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise TraderError(
            f"{path} cannot be written: {error.strerror}", hint="--html FILE elsewhere"
        ) from error
