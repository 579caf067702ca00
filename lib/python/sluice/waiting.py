# SPDX-License-Identifier: MIT
"""Calls that wait, and what Python wants of them.

A signal handler of Python runs between two instructions of Python, and not while a call waits.  So
a long wait is made of waits of half a second: then a signal that has come just before one of them
is not overlooked for longer.  A wait that a signal has ended goes on, as those of Python do, unless
the handler has raised an exception.  Node.interrupt() ends it.
"""
from __future__ import annotations

import errno
from time import monotonic_ns
from typing import Any, Callable, Optional

from ._sluice import ffi
from .errors import failure

PART = 500_000_000


def part_of(timeout: float) -> int:
    """Nanoseconds of the first part of a wait."""
    return 0 if timeout <= 0 else min(int(timeout * 1e9), PART)


def is_number(result: int) -> bool:
    """What a function that returns 0 or more, or -errno, returns if all is well."""
    return result >= 0


def wait(call: Callable[..., Any], timeout: Optional[float], node: Any,
         is_good: Callable[[Any], bool], *arguments: Any) -> Any:
    """Call a function whose last argument is a timeout, until its result is good."""
    began = monotonic_ns()
    end = None if timeout is None else began + min(int(timeout * 1e9), 1 << 62)
    while True:
        if end is None:
            part = PART
        else:
            part = 0 if timeout <= 0 else max(min(end - began, PART), 1)  # type: ignore[operator]
        result = call(*arguments, part)
        if is_good(result):
            return result
        error = ffi.errno
        now = monotonic_ns()
        if error == errno.ETIMEDOUT:
            # ours; or, earlier than the part, that of the request
            if now - began < part or (end is not None and now >= end):
                raise failure(error)
        elif error != errno.EINTR or node._take_interrupt():
            raise failure(error)
        began = now
