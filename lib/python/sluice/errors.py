# SPDX-License-Identifier: MIT
"""Failures as exceptions: an errno, and the sentence that explains it."""
from __future__ import annotations

import builtins
import errno as _errno
from typing import NoReturn, Optional

from ._sluice import ffi, lib


class Error(OSError):
    """A call of the library has failed.

    ``errno`` is the number; ``strerror`` and ``sentence`` are the line that explains it.
    """

    @property
    def sentence(self) -> str:
        """One line that names the field or setting, the value wanted and the value found."""
        return str(self.strerror)


class WouldBlock(Error, BlockingIOError):
    """There is nothing yet, and the timeout was 0 (EAGAIN)."""


class Timeout(Error, builtins.TimeoutError):
    """The timeout, or the deadline of the request, has passed (ETIMEDOUT)."""


class Interrupted(Error, InterruptedError):
    """Node.interrupt() has ended the wait (EINTR)."""


class Ended(Error, BrokenPipeError):
    """The stream has ended well, or the peer has left (EPIPE)."""


class Died(Error, ConnectionResetError):
    """The peer has died (ECONNRESET)."""


class Refused(Error):
    """A server has ended the request with a status (EREMOTEIO).

    ``code`` and ``text`` are what the server has given.
    """

    code: int = 0
    text: str = ""


_CLASSES = {
    _errno.EAGAIN: WouldBlock,
    _errno.ETIMEDOUT: Timeout,
    _errno.EINTR: Interrupted,
    _errno.EPIPE: Ended,
    _errno.ECONNRESET: Died,
    _errno.EREMOTEIO: Refused,
}


def failure(number: Optional[int] = None) -> Error:
    """The exception for this thread's last failure; its errno is that of the last call."""
    if number is None:
        number = ffi.errno
    sentence = ffi.string(lib.sluice_strerror()).decode(errors="replace")
    return _CLASSES.get(number, Error)(number, sentence)


def check(result: int) -> int:
    """The result of a function that returns 0 or more, or -errno."""
    if result < 0:
        raise failure(-result)
    return result


def gone(what: str) -> NoReturn:
    """Something is used that was closed, sent or released."""
    raise ValueError(f"the {what} was closed, sent or released")
