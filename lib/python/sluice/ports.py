# SPDX-License-Identifier: MIT
"""The ports that clients and servers are."""
from __future__ import annotations

import errno
from time import monotonic
from typing import Any, AsyncIterator, Callable, Dict, Iterator, Optional

from . import aio
from ._sluice import ffi, lib
from .errors import check, failure, gone
from .memory import end_views
from .messages import ActiveRequest, PendingResponse, Request
from .owned import Owned, set_options
from .structs import filled, sized
from .waiting import PART, is_number, part_of, wait

STRATEGIES = {"power-of-two": 0, "best-fit": 1, "static": 2}

_PORT_FLAGS = {
    "prefault": lib.SLUICE_PORT_PREFAULT,
    "lock": lib.SLUICE_PORT_LOCK,
    "huge_pages": lib.SLUICE_PORT_HUGE_PAGES,
}


def _port_options(kind: str, options: Dict[str, Any], kept: list) -> Any:
    raw = sized(f"sluice_{kind}_opts")
    port = raw.port
    if "name" in options:
        kept.append(ffi.new("char[]", options.pop("name").encode()))
        port.name = kept[-1]
    port.strategy = STRATEGIES[options.pop("strategy", "power-of-two")]
    for name, flag in _PORT_FLAGS.items():
        if options.pop(name, False):
            port.flags |= flag
    port.when_full = int(options.pop("discard_when_full", False))
    common = {name: options.pop(name) for name in list(options)
              if hasattr(port, name) and not hasattr(raw, name)}
    set_options(port, common, f"a {kind}")
    set_options(raw, options, f"a {kind}")
    return raw


class _Port(Owned):
    """What clients and servers have in common."""

    __slots__ = ("_node", "_contract", "_service", "_views")

    def _begin(self, service: Any) -> None:
        self._service, self._node, self._contract = service, service._node, service._contract
        self._views: set = set()

    def close(self) -> None:
        """Destroy the port.  Raises BufferError while a view of a loan of it is in use."""
        if self._p is not None:
            end_views(self)
        super().close()

    def _do_chores(self) -> None:
        if self._node._chores:
            self._node._do_chores()


class Client(_Port):
    """A port that sends requests."""

    __slots__ = ("_sent",)

    _noun = "client"
    _destroy = lib.sluice_client_destroy

    def __init__(self, service: Any, options: Dict[str, Any]) -> None:
        self._begin(service)
        self._sent = ffi.new("struct sluice_pending_response **")
        kept: list = []
        raw = _port_options("client", options, kept)
        super().__init__(lib.sluice_client_create(service._live(), raw))

    def wait_servers(self, count: int = 1, timeout: Optional[float] = None) -> int:
        """Wait until so many servers are connected; returns how many are."""
        p = self._live()
        self._do_chores()
        return int(wait(lib.sluice_client_wait_servers, timeout, self._node, is_number, p,
                        count))

    async def wait_servers_async(self, count: int = 1) -> int:
        """The same in an event loop of asyncio."""
        return await aio.attempt(self._node, lambda: self.wait_servers(count, 0))

    def loan(self, count: int = 1, *, zeroed: bool = False) -> Request:
        """Loan memory for a request of so many elements."""
        p = self._p
        if p is None:
            gone("client")
        node = self._node
        if node._chores:
            node._do_chores()
        loaned = lib.sluice_client_loan_zeroed(p, count) if zeroed \
            else lib.sluice_client_loan(p, count)
        if not loaned:
            raise failure()
        contract = self._contract
        return Request(loaned, node, contract.request, contract.request_header, self)

    def ask(self, value: Any) -> PendingResponse:
        """Loan a request, write a value into it, and send it; for a slice, a list of values."""
        request = self.loan(self._contract.request.count_of(value))
        request.value = value
        return request.send()

    def call(self, value: Any, timeout: Optional[float] = None) -> Any:
        """Ask, and return the value of the first response.

        It takes the fewest steps: values are copied, and if the thread has to sleep, one system
        call wakes servers and begins the sleep.
        """
        p = self._p
        if p is None:
            gone("client")
        node, contract = self._node, self._contract
        if node._chores:
            node._do_chores()
        began = monotonic()
        request = lib.sluice_client_loan(p, contract.request.count_of(value))
        if not request:
            raise failure()
        try:
            contract.request.write_all(request, value)
        except BaseException:
            lib.sluice_request_release(request)
            raise
        sent = self._sent
        response = lib.sluice_request_call(
            request, sent, PART if timeout is None else part_of(timeout))
        if not response:
            return self._call_on(request, began, timeout)
        answer = contract.response.read_all(response)
        lib.sluice_response_release(response)
        lib.sluice_pending_response_release(sent[0])
        return answer

    def _call_on(self, request: Any, began: float, timeout: Optional[float]) -> Any:
        """A call that has failed, or of which a first part of the wait is over."""
        error, pending = failure(), self._sent[0]
        if not pending:
            lib.sluice_request_release(request)
            raise error
        contract = self._contract
        with PendingResponse(pending, self._node, contract.request, contract.request_header,
                             self) as rest:
            if error.errno == errno.EREMOTEIO:
                raise rest._explained(error)        # type: ignore[arg-type]
            if error.errno == errno.EINTR and not self._node._take_interrupt():
                pass
            elif error.errno != errno.ETIMEDOUT:
                raise error
            left = None if timeout is None else max(timeout - (monotonic() - began), 1e-9)
            with rest.receive(left) as response:
                return response.value

    @property
    def id(self) -> int:
        """The number by which others know the client."""
        return int(lib.sluice_client_id(self._live()))

    @property
    def memory(self) -> Dict[str, int]:
        """Of its requests: growths, segments, bytes, largest_segment, retired."""
        return filled(lib.sluice_client_memory, "sluice_memory", self._live())


class Server(_Port):
    """A port that answers requests.

    Iterating receives requests without end, and finishes each when the next is received.
    ``async for`` does it in an event loop.
    """

    __slots__ = ()

    _noun = "server"
    _destroy = lib.sluice_server_destroy

    def __init__(self, service: Any, options: Dict[str, Any]) -> None:
        self._begin(service)
        kept: list = []
        raw = _port_options("server", options, kept)
        super().__init__(lib.sluice_server_create(service._live(), raw))

    def receive(self, timeout: Optional[float] = None) -> ActiveRequest:
        """Receive the next request; timeout in seconds, None for no limit."""
        p = self._p
        if p is None:
            gone("server")
        node = self._node
        if node._chores:
            node._do_chores()
        received = wait(lib.sluice_server_receive, timeout, node, bool, p)
        contract = self._contract
        return ActiveRequest(received, node, contract.request, contract.request_header, self)

    def __iter__(self) -> Iterator[ActiveRequest]:
        while True:
            with self.receive() as request:
                yield request

    def serve(self, function: Callable[[Any], Any]) -> None:
        """Answer each request with what a function returns for its value; None is no answer.

        It goes on until the function or a wait raises an exception; then the request is finished.
        As of Client.call(), values are copied, and one system call wakes the client and begins
        a sleep.
        """
        node, contract = self._node, self._contract
        sent = ffi.new("int *")
        active = None
        try:
            while True:
                if active is None:
                    active = wait(lib.sluice_server_receive, None, node, bool, self._live())
                answer = function(contract.request.read_all(active))
                if node._chores:
                    node._do_chores()
                if answer is not None:
                    active = self._answer(active, answer, sent)
                else:
                    finished, active = active, None
                    lib.sluice_active_request_release(finished)
        finally:
            if active is not None:
                lib.sluice_active_request_release(active)

    def _answer(self, active: Any, answer: Any, sent: Any) -> Any:
        """Send the only reply; returns the next request, or None.

        If it raises, the request is still held.
        """
        payload = self._contract.response
        reply = lib.sluice_active_request_loan(active, payload.count_of(answer))
        if not reply:
            raise failure()
        try:
            payload.write_all(reply, answer)
        except BaseException:
            lib.sluice_reply_release(reply)
            raise
        sent[0] = -errno.EINVAL
        following = lib.sluice_reply_send_and_receive(reply, PART, sent)
        if following:
            return following
        error = ffi.errno
        if sent[0] < 0 and -sent[0] not in (errno.EPIPE, errno.ECONNRESET, errno.EPROTO):
            lib.sluice_reply_release(reply)
            raise failure(-sent[0])
        if error == errno.EINTR and self._node._take_interrupt():
            lib.sluice_node_interrupt(self._node._p)    # for the wait that follows
            self._node._interrupted = True
        return None

    async def receive_async(self) -> ActiveRequest:
        """Receive the next request in an event loop of asyncio."""
        return await aio.attempt(self._node, lambda: self.receive(0))

    async def __aiter__(self) -> AsyncIterator[ActiveRequest]:
        while True:
            with await self.receive_async() as request:
                yield request

    @property
    def has_request(self) -> bool:
        """Is a request queued?"""
        return bool(check(lib.sluice_server_has_request(self._live())))

    @property
    def expired(self) -> int:
        """Number of requests that came too late."""
        return check(lib.sluice_server_expired(self._live()))

    @property
    def id(self) -> int:
        """The number by which others know the server."""
        return int(lib.sluice_server_id(self._live()))

    @property
    def memory(self) -> Dict[str, int]:
        """Of its replies: growths, segments, bytes, largest_segment, retired."""
        return filled(lib.sluice_server_memory, "sluice_memory", self._live())
