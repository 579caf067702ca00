// SPDX-License-Identifier: MIT
/* Replaces text/columns_print.c if there is no libsmartcols: lines are as long as they are. */
#include <stdio.h>
#include <string.h>

#include "tools/text/columns.h"
#include "tools/text/printable.h"

static void print_cells(const struct columns *columns, const char *text)
{
	size_t length;
	int space;

	for (size_t i = 0; i < COLUMNS_MAX; i++) {
		length = strcspn(text, "\t");
		space = (int)(columns->width[i] - text_width(text, length));
		if (columns->alignment[i] == 'r')
			printf("%*s%.*s", space, "", (int)length, text);
		else	/* the last one ends where it ends */
			printf("%.*s%*s", (int)length, text, text[length] ? space : 0, "");
		if (!text[length])
			return;
		printf("%*s", COLUMNS_GAP, "");
		text += length + 1;
	}
}

int columns_print_rows(const struct columns *columns, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		fputs(style_begin(columns->row[i].style), stdout);
		print_cells(columns, columns->row[i].text);
		printf("%s\n", style_end(columns->row[i].style));
	}
	return 0;
}
