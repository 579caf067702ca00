// SPDX-License-Identifier: MIT
/*
 * Files of "key = value" below [section], parsed by libinih.
 *
 * A file is read only if it belongs to root or to this user and nobody else may write it.
 * A symbolic link is followed, and the file behind it is checked.  /dev/null is an empty
 * file.  The whole file is read at once, so that it cannot change while it is parsed, and
 * is given to libinih line by line.
 *
 * libinih would cut a long line in two, take an indented line for the rest of the line
 * before it, and ignore text behind a heading.  Its switches for that hold for the whole
 * process, so this file keeps such lines from libinih: it refuses lines that are too long
 * and headings with text behind them, and removes indentation.  It also refuses bytes that
 * are no text.  It does not know the meaning of the entries.
 */
#include "config/ini_file.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
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

struct source {
	const char *path;
	char *text;
	size_t size, position;
	unsigned int line;
	ini_entry_fn take;
	void *context;
	int result;
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

	source->text = malloc(SIZE_LIMIT);
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

static int check_heading(const struct source *source, const char *text, size_t length)
{
	const char *end;

	if (!length || *text != '[')
		return 0;
	end = memchr(text, ']', length);
	if (!end)
		return fail(EINVAL, "%s:%u: the [ has no ]", source->path, source->line);
	length -= (size_t)(++end - text);
	while (length && is_blank(*end))
		end++, length--;
	if (length && *end != ';' && *end != '#')
		return fail(EINVAL, "%s:%u: there is something behind the ]", source->path,
			    source->line);
	return 0;
}

static int check_line(const struct source *source, const char *text, size_t length, size_t room)
{
	int r;

	/* 3 bytes are for "\r\n" and the 0. */
	if (length + 3 > room)
		return fail(EINVAL, "%s:%u: the line has %zu bytes, and can have %zu",
			    source->path, source->line, length, room - 3);
	r = check_text(source, text, length);
	return r < 0 ? r : check_heading(source, text, length);
}

/* As fgets(). */
static char *next_line(char *room, int size, void *stream)
{
	struct source *source = stream;
	const char *text = source->text + source->position, *end;
	size_t left = source->size - source->position, length;

	if (!left || source->result < 0)
		return NULL;
	end = memchr(text, '\n', left);
	length = end ? (size_t)(end - text) : left;
	source->position += end ? length + 1 : length;
	source->line++;
	while (length && is_blank(*text))
		text++, length--;
	source->result = check_line(source, text, length, (size_t)size);
	if (source->result < 0)
		return NULL;
	memcpy(room, text, length);
	room[length] = '\n';
	room[length + 1] = 0;
	return room;
}

static int take_entry(void *stream, const char *section, const char *key, const char *value)
{
	struct source *source = stream;
	const struct ini_entry entry = {
		.file = source->path,
		.line = source->line,
		.section = section,
		.key = key,
		.value = value ? value : "",
	};

	if (!source->result)
		source->result = source->take(source->context, &entry);
	return source->result >= 0;
}

static int parse(struct source *source)
{
	int line = ini_parse_stream(next_line, source, take_entry, source);

	if (source->result < 0)
		return source->result;
	if (line)
		return fail(EINVAL, "%s:%d: this is neither a [section] nor \"key = value\"",
			    source->path, line);
	return 1;
}

int ini_file_read(const char *path, ini_entry_fn take, void *context)
{
	struct source source = { .path = path, .take = take, .context = context };
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
