/* SPDX-License-Identifier: MIT */
/* Bold and dim, on a terminal. */
#ifndef TOOLS_STYLE_H
#define TOOLS_STYLE_H

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM };

/* The sequences that begin and end a style on standard output; "" for none. */
const char *style_begin(enum style style);
const char *style_end(enum style style);

#endif /* TOOLS_STYLE_H */
