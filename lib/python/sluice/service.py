# SPDX-License-Identifier: MIT
"""Services: where clients and servers of one contract meet."""
from __future__ import annotations

from typing import Any, Dict, Optional

from ._sluice import ffi, lib
from .errors import check
from .owned import Owned, set_options
from .payload import Contract
from .ports import Client, Server
from .structs import sized

_SERVICE_FLAGS = {
    "must_exist": lib.SLUICE_SERVICE_MUST_EXIST,
    "must_create": lib.SLUICE_SERVICE_MUST_CREATE,
    "no_request_overflow": lib.SLUICE_SERVICE_NO_REQUEST_OVERFLOW,
    "no_response_overflow": lib.SLUICE_SERVICE_NO_RESPONSE_OVERFLOW,
    "no_fire_and_forget": lib.SLUICE_SERVICE_NO_FIRE_AND_FORGET,
    "any_user": lib.SLUICE_SERVICE_ANY_USER,
}
_ONLY_SET = ("must_exist", "must_create")
_opened: Dict[int, Contract] = {}       # contracts, which the library goes on to read


class Service(Owned):
    """A named meeting point of clients and servers."""

    __slots__ = ("_node", "_contract")

    _noun = "service"
    _destroy = lib.sluice_service_close

    def __init__(self, node: Any, contract: Contract,
                 attributes: Optional[Dict[str, Optional[str]]], options: Dict[str, Any]) -> None:
        self._node, self._contract = node, contract
        _opened[id(contract)] = contract
        raw = sized("sluice_service_opts")
        for name, flag in _SERVICE_FLAGS.items():
            wanted = options.pop(name, None)
            if wanted:
                raw.flags |= flag
            elif wanted is not None and name not in _ONLY_SET:
                raw.refused_flags |= flag
        set_options(raw, options, "a service")
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
        raw = sized("sluice_service_opts")
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
