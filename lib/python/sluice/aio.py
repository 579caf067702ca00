# SPDX-License-Identifier: MIT
"""A node in an event loop of asyncio.

Tasks that wait share the descriptor of their node.  The loop may sleep only if nothing was done
with the node since sluice_node_prepare().  So every call of a node that has waiting tasks asks
the loop to prepare once more before it sleeps (``_touch``).  When the descriptor is readable, or
preparing has found something, all waiting tasks try again.
"""
from __future__ import annotations

import asyncio
from typing import Any, Callable, List, TypeVar

from ._sluice import lib
from .errors import WouldBlock, check
from .structs import sized

T = TypeVar("T")

_PAUSE = 0.001      # while something is ready that no task waits for


class Waiters:
    """The tasks that wait for something of one node, in one event loop."""

    def __init__(self, node: Any) -> None:
        self._node = node
        self._loop = asyncio.get_running_loop()
        self._futures: List[asyncio.Future] = []
        self._scheduled = False
        self._useless = 0       # times in a row that preparing has found nothing for a task
        self._fd = check(lib.sluice_node_fd(node._live()))
        self._event = sized("sluice_event")

    async def wait(self) -> None:
        """Until something has happened."""
        future = self._loop.create_future()
        if not self._futures:
            self._loop.add_reader(self._fd, self._wake)
        self._futures.append(future)
        self._node._chores = True
        self.touch()
        try:
            await future
        finally:
            if future in self._futures:         # the task was cancelled
                self._futures.remove(future)
                if not self._futures:
                    self._loop.remove_reader(self._fd)

    def progress(self) -> None:
        """A task has received what it waited for."""
        self._useless = 0

    def touch(self) -> bool:
        """The node was used: prepare before the loop sleeps.  False: no task waits."""
        if not self._futures:
            return False
        if not self._scheduled:
            self._scheduled = True
            if self._useless > 2:
                self._loop.call_later(_PAUSE, self._prepare)
            else:
                self._loop.call_soon(self._prepare)
        return True

    def _prepare(self) -> None:
        self._scheduled = False
        if not self._futures or self._node._p is None:
            self._wake()
            return
        if lib.sluice_node_prepare(self._node._p) == 0:
            self._useless = 0
            return
        while lib.sluice_node_next(self._node._p, self._event) > 0:
            continue
        self._useless += 1
        self._wake()

    def _wake(self) -> None:
        futures, self._futures = self._futures, []
        if futures:
            self._loop.remove_reader(self._fd)
        for future in futures:
            if not future.done():
                future.set_result(None)


async def attempt(node: Any, function: Callable[[], T]) -> T:
    """Call a function until it does not raise WouldBlock, and wait in between."""
    while True:
        try:
            result = function()
        except WouldBlock:
            waiters = node._waiters
            if waiters is None or waiters._loop is not asyncio.get_running_loop():
                waiters = node._waiters = Waiters(node)
            await waiters.wait()
        else:
            if node._waiters is not None:
                node._waiters.progress()
            return result
