"""The end of a program, or of a ``with`` block that is interrupted: a bounded wait, and a line for what has no answer."""

from __future__ import annotations

import atexit
import os
import sys
import time
from typing import Protocol, Sequence


class Ending(Protocol):
    """A publisher that was not closed yet."""

    #: Seconds to wait for answers.
    exit_timeout: float

    def begin_end(self, wait_until: float) -> None:
        """Accepts nothing more. Returns at once; may be called again with an earlier time."""

    def finish_end(self, wait_until: float) -> None:
        """Waits until it has ended, not much longer than `wait_until`."""

    def unanswered(self) -> int:
        """Events that ended without an answer since `begin_end`, and those that are still pending."""

    def latest_problem(self) -> str:
        """With the connection; empty: none."""


# The publishers of this process, in the order in which they were made.
_open: dict[int, Ending] = {}
_process = os.getpid()


def opened(publisher: Ending) -> None:
    """It is ended with the program, unless `closed` is called before."""
    global _process
    if os.getpid() != _process:
        # The publishers of the process that forked this one are not ours.
        _open.clear()
        _process = os.getpid()
    _open[id(publisher)] = publisher


def closed(publisher: Ending) -> None:
    """Nothing of it is pending any more."""
    _open.pop(id(publisher), None)


def end(publishers: Sequence[Ending]) -> None:
    """Ends all of them at the same time, each within its `exit_timeout`. One line on stderr says how many events ended
    without an answer; none: no line. A second interruption ends the wait.
    """
    ends = [(publisher, time.monotonic() + publisher.exit_timeout) for publisher in publishers]
    try:
        for publisher, by in ends:
            publisher.begin_end(by)
        for publisher, by in ends:
            publisher.finish_end(by)
    except BaseException:
        now = time.monotonic()
        for publisher, _ in ends:
            publisher.begin_end(now)
        for publisher, _ in ends:
            publisher.finish_end(now)
        raise
    finally:
        _report([publisher for publisher, _ in ends])
        for publisher, _ in ends:
            closed(publisher)


def _report(publishers: Sequence[Ending]) -> None:
    count = sum(publisher.unanswered() for publisher in publishers)
    if not count:
        return
    problems = [problem for problem in (publisher.latest_problem() for publisher in publishers) if problem]
    text = describe(count) + (f" Latest problem: {problems[-1]}" if problems else "")
    try:
        print(text, file=sys.stderr, flush=True)
    except (AttributeError, OSError, ValueError):
        pass  # No stderr: a daemon, or a pipe that nobody reads.


def describe(count: int) -> str:
    """What is said about events that ended without an answer."""
    return (
        f"needletail: events without an answer at the end: {count}. They may or may not be stored; publishing them again"
        " with the same ids is safe."
    )


@atexit.register
def _end_of_program() -> None:
    if os.getpid() == _process:
        end(list(_open.values()))
