// SPDX-License-Identifier: MIT
/*
 * Files of "key = value" below [section].
 *
 *	[section]		; a comment
 *	# a comment
 *	key = value		; "key: value" is the same
 *
 * A comment begins with ; or # at the beginning of a line, or with a ; behind a blank.  Blanks
 * around sections, keys and values do not count, nor does the byte order mark of UTF-8.
 *
 * A file is read only if it belongs to root or to this user and nobody else may write it.
 * A symbolic link is followed, and the file behind it is checked.  /dev/null is an empty
 * file.  The whole file is read at once, so that it cannot change while it is parsed, and
 * then cut into lines where it is.  Bytes that are no text are refused, and so are long
 * lines.  This file does not know the meaning of the entries.
 */
#include "config/ini_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"

/* Far larger than any configuration. */
#define SIZE_LIMIT	(64u << 10)
#define LINE_LIMIT	197u

struct source {
	const char *path, *section;
	char *text;
	size_t size;
	unsigned int line;
	ini_entry_fn take;
	void *context;
};

/* ---- The file ---- */

static bool is_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

static int check_file(const char *path, const struct stat *st)
{
	if (is_null(st))
		return 0;
	if (!S_ISREG(st->st_mode))
		return fail(EACCES, "%s is no file", path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return fail(EACCES, "%s belongs to user %u, and must belong to root or to user %u",
			    path, st->st_uid, geteuid());
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return fail(EACCES, "%s has mode 0%o, and only its owner may write it",
			    path, st->st_mode & 07777);
	if (st->st_size > (off_t)SIZE_LIMIT)
		return fail(EINVAL, "%s has %lld bytes, and can have %u", path,
			    (long long)st->st_size, SIZE_LIMIT);
	return 0;
}

/* A descriptor; -ENOENT without a sentence: there is none; or -errno. */
static int open_file(const char *path)
{
	int fd = fd_own(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
	struct stat st;
	int error = errno;

	if (fd >= 0)
		return fd;
	if (error == ENOTDIR || (error == EACCES && stat(path, &st)))
		error = ENOENT;
	return error == ENOENT ? -ENOENT :
	       fail(error, "cannot read %s: %s", path, strerror(error));
}

static int read_text(struct source *source, int fd)
{
	ssize_t got;

	/* And the 0 behind the last line. */
	source->text = malloc(SIZE_LIMIT + 1);
	if (!source->text)
		return fail(ENOMEM, "no memory to read %s", source->path);
	do {
		got = read(fd, source->text + source->size, SIZE_LIMIT - source->size);
		source->size += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got < 0 ? fail(errno, "cannot read %s: %s", source->path, strerror(errno)) : 0;
}

/* ---- Its lines ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int check_text(const struct source *source, const char *text, size_t length)
{
	unsigned char c;
	size_t i;

	for (i = 0; i < length; i++) {
		c = (unsigned char)text[i];
		if ((c < ' ' && !is_blank(text[i])) || c == 0x7f)
			return fail(EINVAL, "%s:%u: byte 0x%02x is no text", source->path,
				    source->line, c);
	}
	return 0;
}

/* Where a comment begins behind a blank, or where the text ends. */
static char *comment(char *text)
{
	bool blank = false;

	for (; *text && !(blank && *text == ';'); text++)
		blank = is_blank(*text);
	return text;
}

/* The text without the blanks around it, up to end, where a 0 is written. */
static char *trim(char *text, char *end)
{
	while (is_blank(*text) && text < end)
		text++;
	while (end > text && is_blank(end[-1]))
		end--;
	*end = 0;
	return text;
}

static int take_heading(struct source *source, char *text)
{
	char *end = strchr(text, ']'), *behind;

	if (!end)
		return fail(EINVAL, "%s:%u: the [ has no ]", source->path, source->line);
	for (behind = end + 1; is_blank(*behind); behind++)
		;
	if (*behind && *behind != ';' && *behind != '#')
		return fail(EINVAL, "%s:%u: there is something behind the ]", source->path,
			    source->line);
	source->section = trim(text + 1, end);
	return 0;
}

static int take_entry(struct source *source, char *text)
{
	char *end = comment(text), *sign = text + strcspn(text, "=:");
	struct ini_entry entry = {
		.file = source->path,
		.line = source->line,
		.section = source->section,
	};
	int r;

	if (sign >= end)
		return fail(EINVAL, "%s:%u: this is neither a [section] nor \"key = value\"",
			    source->path, source->line);
	entry.value = trim(sign + 1, end);
	entry.key = trim(text, sign);
	r = source->take(source->context, &entry);
	return r < 0 ? r : 0;
}

static int take_line(struct source *source, char *text, char *end)
{
	int r;

	while (text < end && is_blank(*text))
		text++;
	if ((size_t)(end - text) > LINE_LIMIT)
		return fail(EINVAL, "%s:%u: the line has %zu bytes, and can have %u",
			    source->path, source->line, (size_t)(end - text), LINE_LIMIT);
	r = check_text(source, text, (size_t)(end - text));
	if (r < 0)
		return r;
	*end = 0;
	if (!*text || *text == ';' || *text == '#')
		return 0;
	return *text == '[' ? take_heading(source, text) : take_entry(source, text);
}

static int parse(struct source *source)
{
	char *text = source->text, *end, *all = text + source->size;
	int r;

	if (source->size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	for (; text < all; text = end + 1) {
		end = memchr(text, '\n', (size_t)(all - text));
		end = end ? end : all;
		source->line++;
		r = take_line(source, text, end);
		if (r < 0)
			return r;
	}
	return 1;
}

int ini_file_read(const char *path, ini_entry_fn take, void *context)
{
	struct source source = { .path = path, .section = "", .take = take, .context = context };
	struct stat st;
	int r, fd = open_file(path);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = fstat(fd, &st) ? fail(errno, "cannot look at %s: %s", path, strerror(errno)) :
			     check_file(path, &st);
	if (!r)
		r = read_text(&source, fd);
	fd_close(fd);
	if (!r)
		r = parse(&source);
	free(source.text);
	return r < 0 ? fail_again(r) : r;
}
