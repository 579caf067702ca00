# SPDX-License-Identifier: MIT
"""The contract and the rounds of growing-slices.h, for programs in Python."""
import signal

import numpy
import sluice

BYTES = sluice.Slice("uint8_t", "B")
ROUND = sluice.Type("round", "Q")       # the sender's own counter, from 1

GROWING_SLICES = sluice.Contract("example/growing-slices", BYTES, BYTES,
                                 request_header=ROUND, response_header=ROUND)

# Added to the pattern, so that a request is never taken for a response.
REQUEST, RESPONSE = 0x35, 0xCA


def round_len(number: int) -> int:
    """Round k carries k * k bytes, up to a million."""
    return number * number if number < 1000 else 1_000_000


def pattern(number: int, salt: int, count: int) -> numpy.ndarray:
    """The bytes of a round."""
    i = numpy.arange(count, dtype=numpy.uint64)
    return (number * 31 + salt + i * 7 + (i >> 8) * 13 + (i >> 16) * 29).astype(numpy.uint8)


def check(number: int, salt: int, message: sluice.Request) -> None:
    """Ends the program if a byte is wrong; looks at them where they lie."""
    if len(message) != round_len(number):
        raise SystemExit(f"round {number}: got {len(message)} bytes")
    if not numpy.array_equal(message.array, pattern(number, salt, len(message))):
        raise SystemExit(f"round {number}: a byte is wrong")


class Stop(BaseException):
    """A signal asks the program to end."""


def stop_on_signals() -> None:
    """SIGINT and SIGTERM raise Stop, also in the middle of a wait."""
    def stop(*_: object) -> None:
        raise Stop

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
