/* SPDX-License-Identifier: MIT */
/*
 * USDT: places in the code that a tracer can find and watch, by Debian's <sys/sdt.h>.
 *
 * A place is a nop, and a note in the ELF file that says where the place is, what its
 * arguments are, and which 16-bit semaphore the kernel raises while a tracer watches it.
 * The nop has one byte: Linux 6.18 breaks programs at longer ones.  Without <sys/sdt.h>, or
 * with SLUICE_WITHOUT_PROBES, there are no places, and the compiler removes the code that
 * leads to them.
 */
#ifndef SLUICE_BASE_USDT_H
#define SLUICE_BASE_USDT_H

#include <stdint.h>

#if defined(__has_include) && !defined(SLUICE_WITHOUT_PROBES)
#if __has_include(<sys/sdt.h>)
#define USDT_AVAILABLE 1
#define _SDT_HAS_SEMAPHORES 1
#define STAP_SDT_ARG_CONSTRAINT nr	/* left in their registers */
#include <sys/sdt.h>
#endif
#endif

#ifdef __clang__
/* clang warns of the macros of <sys/sdt.h>. */
#pragma clang diagnostic ignored "-Wgnu-zero-variadic-macro-arguments"
#endif

#ifndef USDT_AVAILABLE
#define USDT_AVAILABLE 0
#define STAP_PROBE1(provider, name, a)			((void)(a))
#define STAP_PROBE2(provider, name, a, b)		((void)(a), (void)(b))
#define STAP_PROBE3(provider, name, a, b, c)		((void)(a), (void)(b), (void)(c))
#define STAP_PROBE4(provider, name, a, b, c, d) \
	((void)(a), (void)(b), (void)(c), (void)(d))
#define STAP_PROBE5(provider, name, a, b, c, d, e) \
	((void)(a), (void)(b), (void)(c), (void)(d), (void)(e))
#define STAP_PROBE6(provider, name, a, b, c, d, e, f) \
	((void)(a), (void)(b), (void)(c), (void)(d), (void)(e), (void)(f))
#endif

/* Makes the function set up its frame, which a stack that is taken in it begins with. */
#define USDT_FRAME() \
	__asm__ __volatile__("" : : "r"(__builtin_frame_address(0)))

/* The semaphore of a place.  The kernel finds it through the note. */
#define USDT_SEMAPHORE(name) \
	uint16_t name __attribute__((__section__(".probes"), __visibility__("hidden")))

#endif /* SLUICE_BASE_USDT_H */
