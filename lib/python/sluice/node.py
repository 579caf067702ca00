# SPDX-License-Identifier: MIT
"""Nodes, and what their waits find."""
from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional

from . import aio
from ._sluice import ffi, lib
from .errors import check
from .owned import Owned
from .payload import Contract
from .service import Service
from .structs import sized
from .waiting import is_number, wait

WAITS = {"auto": 0, "uring": 1, "socket": 2}
KINDS = {1: "request", 2: "response", 3: "connected", 4: "disconnected"}


@dataclass(frozen=True)
class Event:
    """Something that Node.wait() has found.

    kind: "request", "response", "connected" or "disconnected".
    reason: errno of the last peer that has gone.
    """

    kind: str
    reason: int
    peers: int
    _port: Any
    _pending: Any

    def is_of(self, noun: Any) -> bool:
        """Has it happened to this client, server or pending response?"""
        p = noun._p
        return p is not None and p in (self._pending, *self._port)


class Node(Owned):
    """One thread in a domain; everything else is made from it.

    name: shown by tools.
    domain: nodes of different domains never meet.
    wait: "auto", "uring" or "socket".
    spin: seconds that a wait polls before it sleeps; negative for none.
    """

    __slots__ = ("_late", "_chores", "_waiters", "_interrupted")

    _noun = "node"
    _destroy = lib.sluice_node_destroy

    def __init__(self, name: Optional[str] = None, *, domain: Optional[str] = None,
                 wait: str = "auto", spin: Optional[float] = None) -> None:
        raw = sized("sluice_node_opts")
        kept = ffi.new("char[]", domain.encode()) if domain is not None else ffi.NULL
        raw.domain = kept
        raw.wait = WAITS[wait]
        raw.spin = 0 if spin is None else (int(spin * 1e9) or -1)
        self._late: List[Any] = []
        self._chores = False
        self._waiters: Optional[aio.Waiters] = None
        self._interrupted = False
        super().__init__(lib.sluice_node_create(
            ffi.NULL if name is None else name.encode(), raw))

    def open(self, contract: Contract, *, attributes: Optional[Dict[str, Optional[str]]] = None,
             **options: Any) -> "Service":
        """Open a service, or create it.

        The options are the members of struct sluice_service_opts, and its flags by name: True
        demands one, False refuses it.  must_exist=True never creates the service.
        """
        return Service(self, contract, attributes, options)

    def wait(self, timeout: Optional[float] = None) -> None:
        """Wait until anything made from the node is ready; events() tells what."""
        p = self._live()
        self._do_chores()
        wait(lib.sluice_node_wait, timeout, self, is_number, p)

    def events(self) -> Iterator[Event]:
        """What the last wait has found, each once."""
        raw = sized("sluice_event")
        while check(lib.sluice_node_next(self._live(), raw)):
            yield Event(KINDS.get(raw.kind, "unknown"), raw.reason, raw.peers,
                        (raw.client, raw.server), raw.pending)

    def interrupt(self) -> None:
        """End a wait of the node's thread with Interrupted.  Any thread may call it."""
        self._interrupted = True
        check(lib.sluice_node_interrupt(self._live()))

    def adopt(self) -> None:
        """Move the node, and everything made from it, to the calling thread."""
        check(lib.sluice_node_adopt(self._live()))

    def fileno(self) -> int:
        """The descriptor for an event loop, to be used with prepare()."""
        return check(lib.sluice_node_fd(self._live()))

    def prepare(self) -> bool:
        """Before an event loop sleeps: True if it must not, since something may be ready."""
        return bool(check(lib.sluice_node_prepare(self._live())))

    @property
    def id(self) -> int:
        """The number by which others know the node."""
        return int(lib.sluice_node_id(self._live()))

    def _take_interrupt(self) -> bool:
        was, self._interrupted = self._interrupted, False
        return was

    def _do_chores(self) -> None:
        """Give back what died in other threads, and have the event loop prepare again."""
        late = self._late
        while late:
            pointer, free = late.pop()
            if free(pointer) == -errno.EBUSY:      # this thread is another one, too
                late.append((pointer, free))
                break
        waiters = self._waiters
        waiting = waiters is not None and waiters.touch()
        self._chores = bool(late) or waiting
