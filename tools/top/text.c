// SPDX-License-Identifier: MIT
/*
 * Numbers in four or five characters: two digits or three, and a letter for thousands of
 * them or 1024s.  The numbers may be anything, since other processes have written them; no
 * text is longer than that.
 */
#include "top.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* "1.2k", "12k", "123k", "1.2M"; or with K, 1024 of them. */
static char *scaled(char *buffer, double value, const char *letters)
{
	double base = letters[1] == 'K' ? 1024 : 1000;
	int letter = 0;

	while (value >= 999.5 && letter < 6) {
		value /= base;
		letter++;
	}
	snprintf(buffer, TOP_CELL, value < 9.95 ? "%.1f%c" : "%.0f%c", value, letters[letter]);
	return buffer;
}

/* "1.23k", "12.3k", "123k": one digit more. */
static char *scaled_finely(char *buffer, double value)
{
	static const char letters[] = " kMGTPE";
	int letter = 0;

	while (value >= 999.5 && letter < 6) {
		value /= 1000;
		letter++;
	}
	snprintf(buffer, TOP_CELL, value < 9.995 ? "%.2f%c" : value < 99.95 ? "%.1f%c" : "%.0f%c",
		 value, letters[letter]);
	return buffer;
}

static char *text(char *buffer, const char *format, double value)
{
	if (isnan(value))
		return strcpy(buffer, "-");
	snprintf(buffer, TOP_CELL, format, value);
	return buffer;
}

/* "123", or scaled() from least on. */
static char *whole_or_scaled(char *buffer, double value, double least, const char *letters)
{
	return value >= least ? scaled(buffer, value, letters) : text(buffer, "%.0f", value);
}

char *top_text_count(char *buffer, double count)
{
	return whole_or_scaled(buffer, count, 9999.5, " kMGTPE");
}

char *top_text_rate(char *buffer, double per_second)
{
	if (per_second >= 9999.5)
		return scaled_finely(buffer, per_second);
	return text(buffer, per_second > 0 && per_second < 9.95 ? "%.1f" : "%.0f", per_second);
}

char *top_text_megabytes(char *buffer, double bytes)
{
	double value = bytes / 1e6;

	if (value >= 9999.5)
		return scaled_finely(buffer, value);
	return text(buffer, value > 0 && value < 9.995 ? "%.2f" :
		    value > 0 && value < 99.95 ? "%.1f" : "%.0f", value);
}

char *top_text_bytes(char *buffer, double bytes)
{
	return whole_or_scaled(buffer, bytes, 999.5, " KMGTPE");
}

char *top_text_ratio(char *buffer, double ratio)
{
	if (ratio >= 9999.5)
		return scaled(buffer, ratio, " kMGTPE");
	return text(buffer, ratio < 9.995 ? "%.2f" : "%.0f", ratio);
}

char *top_text_percent(char *buffer, double share)
{
	return text(buffer, "%.0f", 100 * share);
}

/* Only whole units are counted: 119 s are 1m. */
char *top_text_age(char *buffer, double seconds)
{
	static const struct {
		unsigned int seconds;
		char letter;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	unsigned long whole;
	int unit = 0;

	if (isnan(seconds))
		return strcpy(buffer, "-");
	whole = (unsigned long)seconds;
	while (unit < 3 && whole < units[unit].seconds)
		unit++;
	snprintf(buffer, TOP_CELL, "%lu%c", whole / units[unit].seconds, units[unit].letter);
	return buffer;
}

char *top_text_whole(char *buffer, double number)
{
	return text(buffer, "%.0f", number);
}
