# SPDX-License-Identifier: MIT
"""What messages carry: types from struct formats, ctypes structures and numpy dtypes.

A type says how many bytes an element has, and how Python writes and reads one.  It must hold
no pointers, since another process reads it; those that can be seen are refused.
"""
from __future__ import annotations

import ctypes
import struct
from typing import Any, Optional, Union

from ._sluice import ffi

_NAMES = {
    "b": "int8_t", "B": "uint8_t", "h": "int16_t", "H": "uint16_t", "i": "int32_t",
    "I": "uint32_t", "l": "int64_t", "L": "uint64_t", "q": "int64_t", "Q": "uint64_t",
    "f": "float", "d": "double", "c": "char", "?": "bool",
}
_buffer = ffi.buffer
_CODES = {
    "int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I",
    "int64": "q", "uint64": "Q", "float32": "f", "float64": "d", "bool": "?",
}


class Type:
    """A payload type: exactly one element, or with Slice any number of them.

    name: what the two sides compare, as C spells it, without "struct".  It may be left out for a
        single number ("Q" is uint64_t), and for ctypes structures, which have a name.
    layout: a format of the struct module, a ctypes structure, or a numpy dtype.  A format in
        native order (the default) is laid out and padded as a struct of C.
    alignment: bytes; as C has it, if it is not given.
    fingerprint: as ``sluice types`` prints it; 0 if it is not known.
    """

    is_slice = False

    def __init__(self, name: Optional[str], layout: Any, *, alignment: Optional[int] = None,
                 fingerprint: int = 0) -> None:
        self.layout = layout
        self.code: Optional[str] = None
        self._struct: Optional[struct.Struct] = None
        self._dtype: Any = None
        if isinstance(layout, str):
            natural = self._set_format(layout)
        elif isinstance(layout, type) and issubclass(
                layout, (ctypes.Structure, ctypes.Union, ctypes.Array)):
            natural = self._set_ctypes(layout)
            name = name or layout.__name__
        else:
            natural = self._set_dtype(layout)
        self.name = name or self._usual_name()
        self.alignment = alignment or natural
        self.fingerprint = fingerprint

    def _set_format(self, layout: str) -> int:
        native = layout[:1] not in "<>=!" or not layout
        codes = [c for c in layout if c.isalpha() or c == "?"]
        if "P" in codes:
            raise TypeError("a pointer has no meaning in another process")
        if not codes:
            raise TypeError("a payload has at least one byte")
        natural = max(struct.calcsize("@" + c) for c in codes if c not in "xsp") \
            if native and set(codes) - set("xsp") else 1
        if native and natural > 1:      # as C pads the end of a struct
            layout += "0" + next(c for c in codes if c not in "xsp"
                                 and struct.calcsize("@" + c) == natural)
        self._struct = struct.Struct(layout)
        self._pack_into, self._unpack_from = self._struct.pack_into, self._struct.unpack_from
        self.size = self._struct.size
        if not self.is_slice:
            self._be_quick(self._struct)
        self.code = codes[0] if len(self.layout.lstrip("@")) == 1 else None
        return natural

    def _be_quick(self, layout: struct.Struct) -> None:
        """One element of a struct format is what small messages carry: in one step."""
        pack, unpack, size, buffer = layout.pack_into, layout.unpack_from, layout.size, _buffer
        is_one = len(unpack(bytes(size))) == 1

        def write_all(message: Any, value: Any) -> None:
            if type(value) is tuple:
                pack(buffer(message.data, size), 0, *value)
            else:
                pack(buffer(message.data, size), 0, value)

        def read_all(message: Any) -> Any:
            values = unpack(buffer(message.data, size))
            return values[0] if is_one else values

        self.write_all, self.read_all = write_all, read_all     # type: ignore[method-assign]

    def _set_ctypes(self, layout: Any) -> int:
        _refuse_pointers(layout)
        self.size = ctypes.sizeof(layout)
        return ctypes.alignment(layout)

    def _set_dtype(self, layout: Any) -> int:
        import numpy
        self._dtype = numpy.dtype(layout)
        if self._dtype.hasobject:
            raise TypeError("an object of Python has no meaning in another process")
        self.size = self._dtype.itemsize
        self.code = _CODES.get(self._dtype.name) if self._dtype.isnative else None
        return self._dtype.alignment

    def _usual_name(self) -> str:
        if self.code not in _NAMES:
            raise TypeError("a type of several members needs a name")
        return _NAMES[self.code]

    @property
    def dtype(self) -> Any:
        """The numpy dtype of an element."""
        if self._dtype is None:
            import numpy
            if self.code:
                self._dtype = numpy.dtype(self.code)
            elif self._struct is None:
                self._dtype = numpy.dtype(self.layout)
            else:
                self._dtype = numpy.dtype(("V", self.size))
        return self._dtype

    def read_all(self, message: Any) -> Any:
        """The element of a message of the library; of a slice, a list of all."""
        if not self.is_slice:
            return self.read(_buffer(message.data, self.size))
        buffer = _buffer(message.data, message.size)
        return [self.read(buffer, i * self.size) for i in range(message.count)]

    def write_all(self, message: Any, value: Any) -> None:
        """Write the element of a message of the library; of a slice, all from a list."""
        if not self.is_slice:
            self.write(_buffer(message.data, self.size), value)
            return
        if len(value) != message.count:
            raise ValueError(f"{len(value)} values for {message.count} elements")
        buffer = _buffer(message.data, message.size)
        for i, element in enumerate(value):
            self.write(buffer, element, i * self.size)

    def count_of(self, value: Any) -> int:
        """Number of elements of a message that carries a value."""
        return len(value) if self.is_slice else 1

    def write(self, buffer: Any, value: Any, offset: int = 0) -> None:
        """Write one element into a buffer."""
        if self._struct is not None:
            if type(value) is tuple:
                self._pack_into(buffer, offset, *value)
            else:
                self._pack_into(buffer, offset, value)
        elif self._dtype is not None:
            import numpy
            numpy.frombuffer(buffer, self._dtype, 1, offset)[0] = value
        elif isinstance(value, self.layout):
            ctypes.memmove((ctypes.c_char * self.size).from_buffer(buffer, offset),
                           ctypes.byref(value), self.size)
        else:
            raise TypeError(f"{self.layout.__name__} is expected")

    def read(self, buffer: Any, offset: int = 0) -> Any:
        """Read one element from a buffer: a number or a tuple, or a copy of a structure."""
        if self._struct is not None:
            values = self._unpack_from(buffer, offset)
            return values[0] if len(values) == 1 else values
        if self._dtype is not None:
            import numpy
            return numpy.frombuffer(buffer, self._dtype, 1, offset)[0].copy()
        return self.layout.from_buffer_copy(buffer, offset)

    def _fill(self, raw: Any, kept: list) -> None:
        """Fill in a struct sluice_type."""
        kept.append(ffi.new("char[]", self.name.encode()))
        raw.name = kept[-1]
        raw.size, raw.alignment, raw.kind = self.size, self.alignment, int(self.is_slice)
        raw.fingerprint = self.fingerprint


class Slice(Type):
    """A payload of any number of elements, which the sender chooses with each loan."""

    is_slice = True


def _refuse_pointers(layout: Any) -> None:
    pointers = (ctypes._Pointer, ctypes._CFuncPtr)      # type: ignore[attr-defined]
    if issubclass(layout, pointers) or layout in (
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_wchar_p, ctypes.py_object,
            ctypes.c_longdouble):
        raise TypeError(f"{layout.__name__} has no meaning in another process")
    if issubclass(layout, ctypes.Array):
        _refuse_pointers(layout._type_)
    for member in getattr(layout, "_fields_", ()):
        if len(member) > 2:
            raise TypeError(f"{layout.__name__}.{member[0]} is a bit-field, which compilers "
                            "lay out differently")
        _refuse_pointers(member[1])


class Contract:
    """What both sides of a service must agree on: a name, and the types of its messages.

    A header is a type of one element in front of each message.
    """

    def __init__(self, name: str, request: Union[Type, Slice], response: Union[Type, Slice], *,
                 request_header: Optional[Type] = None,
                 response_header: Optional[Type] = None) -> None:
        self.name, self.request, self.response = name, request, response
        self.request_header, self.response_header = request_header, response_header
        self._kept: list = []
        self._raw = raw = ffi.new("struct sluice_contract *")
        self._kept.append(ffi.new("char[]", name.encode()))
        raw.name = self._kept[-1]
        for role in ("request", "response", "request_header", "response_header"):
            if getattr(self, role) is not None:
                getattr(self, role)._fill(getattr(raw, role), self._kept)
