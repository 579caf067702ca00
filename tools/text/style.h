/* SPDX-License-Identifier: MIT */
/* Bold and dim, where somebody sees it. */
#ifndef TOOLS_STYLE_H
#define TOOLS_STYLE_H

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM };

/* What begins a style on standard output, and what ends it; "" if there is to be none. */
const char *style_begin(enum style style);
const char *style_end(enum style style);

#endif /* TOOLS_STYLE_H */
