# SPDX-License-Identifier: MIT
"""What nodes, services and ports have in common: one object of the library, and options."""
from __future__ import annotations

from typing import Any, Dict

from .errors import failure, gone


class Owned:
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


def set_options(raw: Any, values: Dict[str, Any], where: str) -> None:
    """Fill in an options struct; unknown names are refused as those of arguments are."""
    for name, value in values.items():
        if not hasattr(raw, name) or name in ("size", "flags", "port"):
            raise TypeError(f"{where} has no option {name!r}")
        setattr(raw, name, value)
