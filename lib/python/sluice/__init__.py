# SPDX-License-Identifier: MIT
"""Sluice: zero-copy request-response between the processes of one host.

The nouns are those of sluice.h, which is the manual of what the calls do.  A node is made first,
a service is opened with a contract, and a client or a server is made from the service:

    import sluice

    adder = sluice.Contract("example/adder", sluice.Type("add_request", "QQ"),
                            sluice.Type("add_response", "Q"))

    with sluice.Node("adder") as node, node.open(adder) as service, service.client() as client:
        client.wait_servers(timeout=10)
        print(client.call((40, 2), timeout=1))

Messages lie in shared memory, and ``data`` and ``array`` are views of it.  memory.py says how
long they live.  A failure is an exception with errno and a sentence.  A node and everything made
from it belong to one thread.  Timeouts are in seconds; None is no limit, and 0 does not wait.
"""
from ._sluice import ffi as _ffi, lib as _lib
from .errors import Died, Ended, Error, Interrupted, Refused, Timeout, WouldBlock
from .messages import ActiveRequest, PendingResponse, Reply, Request, Response
from .node import Event, Node
from .payload import Contract, Slice, Type
from .ports import Client, Server
from .service import Service

__all__ = [
    "ActiveRequest", "Client", "Contract", "Died", "Ended", "Error", "Event", "Interrupted",
    "Node", "PendingResponse", "Refused", "Reply", "Request", "Response", "Server", "Service",
    "Slice", "Timeout", "Type", "WouldBlock", "version",
]


def version() -> str:
    """The version of the library that is running."""
    return _ffi.string(_lib.sluice_version()).decode()
