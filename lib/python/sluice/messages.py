# SPDX-License-Identifier: MIT
"""The messages: requests and responses of clients, active requests and replies of servers."""
from __future__ import annotations

from typing import Any, AsyncIterator, Dict, Iterator, Optional

from . import aio
from ._sluice import ffi, lib
from .errors import Ended, Refused, check, failure, gone
from .memory import Message, end_views
from .structs import filled, sized
from .waiting import wait


class Received(Message):
    """A message that a peer has sent: it can be read, and says where it comes from."""

    __slots__ = ()

    _info: Any
    _info_kind: str
    _peer: Any
    _take_fd: Any

    @property
    def info(self) -> Dict[str, int]:
        """Origin and number.

        Of a request: client, node, request, count, deadline.  Of a response: server, node,
        request, position, count, last.
        """
        return filled(type(self)._info, self._info_kind, self._live())

    @property
    def peer(self) -> Dict[str, int]:
        """The process that has sent it: port, node, pid, uid, gid."""
        return filled(type(self)._peer, "sluice_peer", self._live())

    def take_fd(self) -> int:
        """Take the next descriptor that came with it; the caller closes it."""
        return self._ask(type(self)._take_fd)


class Loan(Message):
    """A message that was loaned: it can be written, and sent once."""

    __slots__ = ()

    _writable = True
    _shorten: Any
    _attach: Any

    def _is_void(self) -> bool:
        """Has the library taken the loan back, with what it came from?"""
        return self._kept._p is None

    def _parents(self) -> Any:
        return (self._kept,)

    def _live(self) -> Any:
        p = self._p
        if p is None or self._is_void():
            gone(self._noun)
        return p

    def release(self) -> None:
        """Give the loan back without sending it."""
        if self._p is not None and self._is_void():
            self._p = None
        super().release()

    def shorten(self, count: int) -> None:
        """Give up the end of a slice.  Raises BufferError while a view is in use."""
        self._end_views()
        self._ask(type(self)._shorten, count)

    def attach_fd(self, fd: int) -> None:
        """Send a duplicate of a descriptor with the message."""
        self._ask(type(self)._attach, fd)


class Request(Loan):
    """A request that a client has loaned and may write."""

    __slots__ = ()

    _noun = "request"
    _free = lib.sluice_request_release
    _shorten = lib.sluice_request_shorten
    _attach = lib.sluice_request_attach_fd

    def set_deadline(self, deadline: Optional[float]) -> None:
        """Set the time of time.monotonic() after which an answer is of no use."""
        ns = 0 if deadline is None else int(deadline * 1e9)
        self._ask(lib.sluice_request_set_deadline, ns)

    def set_route(self, one: bool) -> None:
        """Send the request to one server, instead of all."""
        self._ask(lib.sluice_request_set_route, int(one))

    def send(self) -> "PendingResponse":
        """Send the request to the connected servers.

        If it fails, the request is still loaned.  Raises BufferError while a view is in use.
        """
        p = self._live()
        if self._hold is not None:
            self._end_views()
        node = self._node
        if node._chores:
            node._do_chores()
        sent = lib.sluice_request_send(p)
        if not sent:
            raise failure()
        self._p = None
        client = self._kept
        contract = client._contract
        return PendingResponse(sent, node, contract.request, contract.request_header, client)


class PendingResponse(Message):
    """A request that was sent, and the stream of its responses.

    Iterating receives responses until the stream has ended well, and releases each when the
    next is received.  ``async for`` does it in an event loop.
    """

    __slots__ = ()

    _noun = "pending response"
    _free = lib.sluice_pending_response_release

    def receive(self, timeout: Optional[float] = None) -> "Response":
        """Receive the next response; timeout in seconds, None for no limit."""
        p = self._p
        if p is None:
            gone(self._noun)
        node = self._node
        if node._chores:
            node._do_chores()
        try:
            received = wait(lib.sluice_pending_response_receive, timeout, node, bool, p)
        except Refused as refused:
            raise self._explained(refused) from None
        contract = self._kept._contract
        return Response(received, node, contract.response, contract.response_header, self._kept)

    def _explained(self, refused: Refused) -> Refused:
        status = sized("sluice_status")
        if lib.sluice_pending_response_status(self._live(), status) > 0:
            refused.code = status.code
            refused.text = ffi.string(status.text).decode(errors="replace")
        return refused

    def responses(self, timeout: Optional[float] = None) -> Iterator["Response"]:
        """Receive responses until the stream has ended well; timeout for each of them."""
        while True:
            try:
                response = self.receive(timeout)
            except Ended:
                return
            with response:
                yield response

    def __iter__(self) -> Iterator["Response"]:
        return self.responses()

    async def receive_async(self) -> "Response":
        """Receive the next response in an event loop of asyncio."""
        return await aio.attempt(self._node, lambda: self.receive(0))

    async def __aiter__(self) -> AsyncIterator["Response"]:
        while True:
            try:
                response = await self.receive_async()
            except Ended:
                return
            with response:
                yield response

    @property
    def servers(self) -> int:
        """Number of servers that the request has reached."""
        return self._ask(lib.sluice_pending_response_servers)

    @property
    def is_connected(self) -> bool:
        """May more responses come?"""
        return bool(self._ask(lib.sluice_pending_response_is_connected))

    @property
    def has_response(self) -> bool:
        """Is a response queued?"""
        return bool(self._ask(lib.sluice_pending_response_has_response))

    def set_stop_hint(self) -> None:
        """Tell the servers that no more responses are needed."""
        self._ask(lib.sluice_pending_response_set_stop_hint)

    @property
    def info(self) -> Dict[str, int]:
        """Number and origin: client, node, request, count, deadline."""
        return filled(lib.sluice_pending_response_info, "sluice_request_info", self._live())


class Response(Received):
    """A reply that a client has received; it can be held longer than its pending response."""

    __slots__ = ()

    _noun = "response"
    _free = lib.sluice_response_release
    _info = lib.sluice_response_info
    _info_kind = "sluice_response_info"
    _peer = lib.sluice_response_peer
    _take_fd = lib.sluice_response_take_fd

    def keep(self) -> "Response":
        """The same response for longer than an iteration; this one is empty afterwards."""
        kept = Response(self._live(), self._node, self._type, self._header, self._kept)
        if self._hold is not None:
            kept._buffer, kept._view, kept._hold = self._buffer, self._view, self._hold
        self._p = self._buffer = self._view = self._hold = None
        return kept


class ActiveRequest(Received):
    """A request that a server has received; releasing it finishes the request."""

    __slots__ = ("_views",)

    _noun = "active request"
    _free = lib.sluice_active_request_release
    _info = lib.sluice_active_request_info
    _info_kind = "sluice_request_info"
    _peer = lib.sluice_active_request_peer
    _take_fd = lib.sluice_active_request_take_fd

    def __init__(self, pointer: Any, node: Any, payload: Any, header: Any, kept: Any) -> None:
        super().__init__(pointer, node, payload, header, kept)
        self._views: set = set()

    def loan(self, count: int = 1, *, zeroed: bool = False) -> "Reply":
        """Loan memory for a reply of so many elements."""
        p = self._p
        if p is None:
            gone(self._noun)
        loan = lib.sluice_active_request_loan_zeroed if zeroed else lib.sluice_active_request_loan
        reply = loan(p, count)
        if not reply:
            raise failure()
        contract = self._kept._contract
        return Reply(reply, self._node, contract.response, contract.response_header, self)

    def reply(self, value: Any) -> None:
        """Loan a reply, write a value into it, and send it; for a slice, a list of values."""
        reply = self.loan(self._kept._contract.response.count_of(value))
        reply.value = value
        reply.send()

    def release(self) -> None:
        """Finish the request.  Raises BufferError while a view of a loaned reply is in use."""
        if self._p is not None and self._views:
            end_views(self)
        super().release()

    def end(self, code: int, text: str = "") -> None:
        """Finish the request with a status: a code from 1 to 4095, and a text."""
        p = self._live()
        self._end_views()
        end_views(self)
        check(lib.sluice_active_request_end(p, code, text.encode()))
        self._p = None

    @property
    def deadline(self) -> Optional[float]:
        """Until when the client waits, as time.monotonic() counts; None if it has not said so."""
        ns = self._live().deadline
        return ns / 1e9 if ns else None

    @property
    def is_connected(self) -> bool:
        """Does the client still want an answer?"""
        return bool(self._ask(lib.sluice_active_request_is_connected))

    @property
    def has_stop_hint(self) -> bool:
        """Does the client need no more responses?"""
        return bool(self._ask(lib.sluice_active_request_has_stop_hint))


class Reply(Loan):
    """A reply that a server has loaned and may write."""

    __slots__ = ()

    _noun = "reply"
    _free = lib.sluice_reply_release
    _shorten = lib.sluice_reply_shorten
    _attach = lib.sluice_reply_attach_fd

    def _is_void(self) -> bool:
        active = self._kept
        return active._p is None or active._kept._p is None

    def _parents(self) -> Any:
        return (self._kept, self._kept._kept)

    def send(self) -> bool:
        """Send the reply; False if there was no room and it was discarded.

        After a failure it is still loaned.  Raises BufferError while a view is in use.
        """
        p = self._live()
        if self._hold is not None:
            self._end_views()
        node = self._node
        if node._chores:
            node._do_chores()
        sent = lib.sluice_reply_send(p)
        if sent >= 0:
            self._p = None
            return not sent
        raise failure(-sent)

    def set_last(self) -> None:
        """Mark the reply as the last."""
        self._ask(lib.sluice_reply_set_last)
