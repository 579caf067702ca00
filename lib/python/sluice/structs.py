# SPDX-License-Identifier: MIT
"""Structs of the library that begin with their own size."""
from __future__ import annotations

from typing import Any, Callable, Dict

from ._sluice import ffi
from .errors import check


def sized(kind: str) -> Any:
    """A new struct of all zeros, with its size."""
    raw = ffi.new(f"struct {kind} *")
    raw.size = ffi.sizeof(raw[0])
    return raw


def filled(function: Callable[[Any, Any], int], kind: str, pointer: Any) -> Dict[str, int]:
    """A struct that a function of the library has filled in, as a dict."""
    raw = sized(kind)
    check(function(pointer, raw))
    return {name: int(getattr(raw, name)) for name, _ in ffi.typeof(raw[0]).fields
            if name != "size"}
