/* SPDX-License-Identifier: MIT */
/* Numbers and strings for people, and numbers from them. */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECOND_NS	INT64_C(1000000000)
#define TEXT_NUMBER	32

/* Times as "1.25 ms", bytes as "64.0 KiB", in a buffer of TEXT_NUMBER; returns it. */
char *text_ns(char *buffer, uint64_t ns);
char *text_bytes(char *buffer, uint64_t bytes);

/* An id: 16 hexadecimal digits.  Likewise. */
char *text_id(char *buffer, uint64_t id);

/* "12", "1.5ms", "2s": nanoseconds; "64", "4K", "1M": bytes.  False if it is neither. */
bool parse_ns(const char *text, uint64_t *ret_ns);
bool parse_bytes(const char *text, uint64_t *ret_bytes);

/* A time that is not 0. */
bool parse_timeout(const char *text, int64_t *ret_ns);

/* A whole number from 1 to most. */
bool parse_count(const char *text, uint64_t most, uint64_t *ret_count);

/* A time of CLOCK_MONOTONIC as a time of the wall clock: nanoseconds since the epoch. */
uint64_t wall_time(uint64_t monotonic);

/* The name of an errno, or its number. */
const char *text_errno(uint64_t number);

#endif /* TOOLS_TEXT_H */
