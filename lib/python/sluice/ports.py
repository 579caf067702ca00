# SPDX-License-Identifier: MIT
"""Nodes, services, and the ports that clients and servers are."""
from __future__ import annotations

import errno
from dataclasses import dataclass
from time import monotonic
from typing import Any, AsyncIterator, Callable, Dict, Iterator, List, Optional

from . import aio
from ._sluice import ffi, lib
from .errors import check, failure, gone
from .memory import end_views
from .messages import ActiveRequest, PendingResponse, Request, info_of
from .payload import Contract
from .waiting import PART, is_number, part_of, wait

STRATEGIES = {"power-of-two": 0, "best-fit": 1, "static": 2}
WAITS = {"auto": 0, "uring": 1, "socket": 2}
KINDS = {1: "request", 2: "response", 3: "connected", 4: "disconnected"}

_SERVICE_FLAGS = {
    "must_exist": lib.SLUICE_SERVICE_MUST_EXIST,
    "must_create": lib.SLUICE_SERVICE_MUST_CREATE,
    "no_request_overflow": lib.SLUICE_SERVICE_NO_REQUEST_OVERFLOW,
    "no_response_overflow": lib.SLUICE_SERVICE_NO_RESPONSE_OVERFLOW,
    "no_fire_and_forget": lib.SLUICE_SERVICE_NO_FIRE_AND_FORGET,
    "any_user": lib.SLUICE_SERVICE_ANY_USER,
}
_ONLY_SET = ("must_exist", "must_create")
_PORT_FLAGS = {
    "prefault": lib.SLUICE_PORT_PREFAULT,
    "lock": lib.SLUICE_PORT_LOCK,
    "huge_pages": lib.SLUICE_PORT_HUGE_PAGES,
}
_opened: Dict[int, Contract] = {}       # contracts, which the library goes on to read


class _Owned:
    """An object of the library; a context manager that closes it at the end."""

    __slots__ = ("_p", "__weakref__")

    _noun = "object"
    _destroy: Any

    def __init__(self, pointer: Any) -> None:
        self._p = pointer
        if not pointer:
            self._p = None
            raise failure()

    def _live(self) -> Any:
        p = self._p
        if p is None:
            gone(self._noun)
        return p

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_p", None) is not None:
            self.close()

    def close(self) -> None:
        """Give the object back.  What was made from it keeps what it needs."""
        p, self._p = self._p, None
        if p is not None:
            type(self)._destroy(p)


def _set(raw: Any, values: Dict[str, Any], where: str) -> None:
    """Fill in an options struct; unknown names are refused as those of arguments are."""
    for name, value in values.items():
        if not hasattr(raw, name) or name in ("size", "flags", "port"):
            raise TypeError(f"{where} has no option {name!r}")
        setattr(raw, name, value)


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


class Node(_Owned):
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
        raw = ffi.new("struct sluice_node_opts *")
        raw.size = ffi.sizeof(raw[0])
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
        raw = ffi.new("struct sluice_event *")
        raw.size = ffi.sizeof(raw[0])
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


class Service(_Owned):
    """A named meeting point of clients and servers."""

    __slots__ = ("_node", "_contract")

    _noun = "service"
    _destroy = lib.sluice_service_close

    def __init__(self, node: Node, contract: Contract,
                 attributes: Optional[Dict[str, Optional[str]]], options: Dict[str, Any]) -> None:
        self._node, self._contract = node, contract
        _opened[id(contract)] = contract
        raw = ffi.new("struct sluice_service_opts *")
        raw.size = ffi.sizeof(raw[0])
        for name, flag in _SERVICE_FLAGS.items():
            wanted = options.pop(name, None)
            if wanted:
                raw.flags |= flag
            elif wanted is not None and name not in _ONLY_SET:
                raw.refused_flags |= flag
        _set(raw, options, "a service")
        kept = [ffi.new("char[]", text.encode()) if text is not None else ffi.NULL
                for pair in (attributes or {}).items() for text in pair]
        pairs = ffi.new("struct sluice_attribute[]", max(len(kept) // 2, 1))
        for i in range(len(kept) // 2):
            pairs[i].key, pairs[i].value = kept[2 * i], kept[2 * i + 1]
        raw.attributes, raw.attribute_count = pairs if kept else ffi.NULL, len(kept) // 2
        super().__init__(lib.sluice_service_open(node._live(), contract._raw, raw))

    def client(self, **options: Any) -> "Client":
        """Make a port that sends requests; options as of struct sluice_client_opts."""
        return Client(self, options)

    def server(self, **options: Any) -> "Server":
        """Make a port that answers requests; options as of struct sluice_server_opts."""
        return Server(self, options)

    @property
    def settings(self) -> Dict[str, int]:
        """The settings with which the service was created."""
        raw = ffi.new("struct sluice_service_opts *")
        raw.size = ffi.sizeof(raw[0])
        check(lib.sluice_service_settings(self._live(), raw))
        return {name: int(getattr(raw, name)) for name in dir(raw)
                if name not in ("size", "attributes", "attribute_count")}

    @property
    def attributes(self) -> Dict[str, str]:
        """The keys and values that describe the service."""
        raw, found = ffi.new("struct sluice_attribute *"), {}
        while check(lib.sluice_service_attribute(self._live(), len(found), raw)):
            found[ffi.string(raw.key).decode()] = ffi.string(raw.value).decode()
        return found


def _port_options(kind: str, options: Dict[str, Any], kept: list) -> Any:
    raw = ffi.new(f"struct sluice_{kind}_opts *")
    raw.size = ffi.sizeof(raw[0])
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
    _set(port, common, f"a {kind}")
    _set(raw, options, f"a {kind}")
    return raw


class _Port(_Owned):
    """What clients and servers have in common."""

    __slots__ = ("_node", "_contract", "_service", "_views")

    def _begin(self, service: Service) -> None:
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

    def __init__(self, service: Service, options: Dict[str, Any]) -> None:
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
        return info_of(lib.sluice_client_memory, "sluice_memory", self._live())


class Server(_Port):
    """A port that answers requests.

    Iterating receives requests without end, and finishes each when the next is received.
    ``async for`` does it in an event loop.
    """

    __slots__ = ()

    _noun = "server"
    _destroy = lib.sluice_server_destroy

    def __init__(self, service: Service, options: Dict[str, Any]) -> None:
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
        return info_of(lib.sluice_server_memory, "sluice_memory", self._live())
