# SPDX-License-Identifier: MIT
"""The memory of a message as Python sees it, and when it is given back.

A view of a message is a memoryview of shared memory, and a numpy array is another one: nothing
is copied.  Python can keep such a view longer than the message.  So all views of a message are
made from one buffer object, which lives as long as any of them, and the message is given back to
the library when this object dies.  To release a message means:

* The view that ``data`` has returned is released.  To use it afterwards raises ValueError.
* If there is no other view, the message is given back at once.
* If an array or a slice of the view is alive, the message is given back when the last of them
  is gone.  Until then its memory stays as it is.

To send a message cannot be put off.  It fails with BufferError while there are such views, and
so does closing a client or server that has loaned a message with such views.

The last view can be gone in a thread that the node does not belong to.  Then the node's thread
gives the message back, at its next call.
"""
from __future__ import annotations

import errno
import weakref
from typing import Any, Callable, Set

from ._sluice import ffi
from .errors import check, gone


class Hold(weakref.ref):
    """Keeps a message until the buffer of its views has died."""

    __slots__ = ("pointer", "free", "node", "message", "parents", "due")

    pointer: Any
    free: Callable[[Any], int]
    node: Any
    message: Any        # weak reference to it
    parents: Any        # what must not be closed meanwhile: the port of a loan, for example
    due: bool           # was the message released?

    def __new__(cls, buffer: Any, *_: Any) -> "Hold":
        return super().__new__(cls, buffer, _buffer_died)

    def __init__(self, buffer: Any, message: Any, parents: Any) -> None:
        super().__init__(buffer, _buffer_died)
        self.pointer, self.node = message._p, message._node
        self.free = type(message)._free
        self.message, self.parents = weakref.ref(message), parents
        self.due = False
        _holds.add(self)
        for parent in parents:
            parent._views.add(self)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


_holds: Set[Hold] = set()


def _buffer_died(hold: Hold) -> None:
    _holds.discard(hold)
    for parent in hold.parents:
        parent._views.discard(hold)
    if hold.due:
        give_back(hold.pointer, hold.free, hold.node)


def give_back(pointer: Any, free: Callable[[Any], int], node: Any) -> None:
    """Release a message, or leave it to the thread of its node."""
    if free(pointer) == -errno.EBUSY:
        node._late.append((pointer, free))
        node._chores = True
    elif node._chores:
        node._do_chores()


def end_views(parent: Any) -> None:
    """Make sure that there are no views of what is void when the parent is closed."""
    for hold in list(parent._views):
        message = hold.message()
        if message is not None and message._hold is hold:
            message._end_views()
        elif hold() is not None:
            raise BufferError("an array or a view of a released loan is still in use")


class Message:
    """What all messages have in common; a message is also a context manager.

    A message that is dropped is released.  After release(), and after it was sent, its use
    raises ValueError.
    """

    __slots__ = ("_p", "_node", "_type", "_header", "_kept", "_buffer", "_view", "_hold",
                 "__weakref__")

    _noun = "message"
    _free: Callable[[Any], int]
    _writable = False

    def __init__(self, pointer: Any, node: Any, payload: Any, header: Any, kept: Any) -> None:
        self._p = pointer
        self._node = node
        self._type = payload
        self._header = header
        self._kept = kept
        self._hold = None       # _buffer and _view mean nothing without it

    def _live(self) -> Any:
        p = self._p
        if p is None:
            gone(self._noun)
        return p

    def _ask(self, function: Callable[..., int], *arguments: Any) -> int:
        """Call a function of the library that returns 0 or more, or -errno."""
        result = check(function(self._live(), *arguments))
        if self._node._chores:
            self._node._do_chores()
        return result

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def __del__(self) -> None:
        if self._p is not None:
            self.release()

    def __bool__(self) -> bool:
        return self._p is not None

    def __len__(self) -> int:
        """Number of elements."""
        return int(self._live().count)

    # ---- Reading and writing ------------------------------------------------

    @property
    def value(self) -> Any:
        """The element; of a slice, a list of all.  Assigning writes it into the message.

        A struct format gives a number or a tuple, a dtype a numpy scalar, and a structure a
        copy of it.
        """
        p = self._live()
        return self._type.read_all(p)

    @value.setter
    def value(self, value: Any) -> None:
        p = self._live()
        if not self._writable:
            raise TypeError(f"a {self._noun} cannot be written")
        self._type.write_all(p, value)

    @property
    def header(self) -> Any:
        """The user header, read as value is.  Assigning writes it into the message."""
        p = self._live()
        if self._header is None:
            raise TypeError("the contract has no user header")
        return self._header.read(ffi.buffer(p.header, self._header.size))

    @header.setter
    def header(self, value: Any) -> None:
        p = self._live()
        if self._header is None or not self._writable:
            raise TypeError(f"this {self._noun} has no user header that can be written")
        self._header.write(ffi.buffer(p.header, self._header.size), value)

    # ---- Views ----------------------------------------------------------------

    @property
    def data(self) -> memoryview:
        """The elements where they lie: of numbers if that is their type, else of bytes."""
        p = self._live()
        if self._hold is None or self._view is None:
            if self._hold is None:
                self._buffer, self._view = ffi.buffer(p.data, p.size), None
                self._hold = Hold(self._buffer, self, self._parents())
            view = memoryview(self._buffer)
            if self._type.code and view.nbytes:
                view = view.cast(self._type.code)
            self._view = view if self._writable else view.toreadonly()
        return self._view

    @property
    def array(self) -> Any:
        """The elements where they lie, as a numpy array."""
        import numpy
        view = self.data
        if not view.nbytes:
            return numpy.empty(0, self._type.dtype)
        return numpy.frombuffer(view, self._type.dtype)

    @property
    def structure(self) -> Any:
        """The element where it lies, as the ctypes structure of its type; of loans only."""
        if not self._writable:
            raise TypeError(f"a {self._noun} cannot be written: value is a copy of it")
        return self._type.layout.from_buffer(self.data)

    def _parents(self) -> Any:
        """What must not be closed while there are views."""
        return ()

    def _drop_view(self) -> None:
        view, self._view = self._view, None
        if view is not None:
            try:
                view.release()
            except BufferError:
                pass            # something else uses it, and keeps the buffer
        self._buffer = None     # lives on in other views, if there are any

    def _end_views(self) -> None:
        """Make sure that there are no views, since their memory is to be given away."""
        if self._hold is None:
            return
        self._drop_view()
        buffer = self._hold()
        if buffer is not None:
            self._buffer = buffer
            raise BufferError(f"an array or a view of the {self._noun} is still in use")
        self._hold = None

    # ---- The end ----------------------------------------------------------------

    def release(self) -> None:
        """Give the message back; if views of it are alive, when the last of them is gone."""
        p, self._p = self._p, None
        if p is None:
            return
        hold = self._hold
        if hold is None:
            give_back(p, type(self)._free, self._node)
            return
        hold.due = True
        self._drop_view()
