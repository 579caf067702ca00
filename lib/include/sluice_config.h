/* SPDX-License-Identifier: MIT */
/*
 * sluice_config.h - the configuration, for programs that show it
 *
 * A program may leave options open.  The administrator decides these in
 * /etc/sluice/sluice.conf, and the user in sluice/sluice.conf below $XDG_CONFIG_HOME (else
 * ~/.config), which wins.  The file $SLUICE_CONFIG is read in place of both.  A node reads the
 * configuration when it is made.  The files can also set ceilings: options that ask for more
 * fail with EPERM.  See sluice.conf(5).
 *
 * A program does not need this header to be configured.  It is for tools that show the
 * configuration, or check a file.
 */
#ifndef SLUICE_CONFIG_H
#define SLUICE_CONFIG_H

#include <sluice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct sluice_config;

/**
 * struct sluice_config_key - a key of the configuration, and its value
 * @size: sizeof(struct sluice_config_key), set by the caller.
 * @name: its section and itself, such as "service.max_clients".
 * @value: its value.
 * @preset: its default, the value if nobody sets one.
 * @range: its possible values, in words.
 * @source: the place where @value was set: "/etc/sluice/sluice.conf:3", "$SLUICE_ROOT", or
 *	"built in"; for a default root directory also the reason why it is that one.
 * @meaning: its purpose, a sentence.
 */
struct sluice_config_key {
	size_t size;
	const char *name;
	const char *value;
	const char *preset;
	const char *range;
	const char *source;
	const char *meaning;
};

/** SLUICE_CONFIG_KEY() - a key to be filled in */
#define SLUICE_CONFIG_KEY()	{ .size = sizeof(struct sluice_config_key) }

/**
 * sluice_config_read() - read the configuration
 * @path: a file, which is read alone; or NULL for the configuration of nodes of this process,
 *	the environment included.
 *
 * Context: Any thread.
 * Return: The configuration, to be given to sluice_config_free(); or NULL with errno
 * EINVAL (an unknown key, or a bad value; the sentence names the file and the line),
 * EACCES (a file may not be read, or a user other than root and this one may write it), ENOENT
 * (a file that was named is not there), ENOMEM, EMFILE, ENFILE or EIO.
 */
struct sluice_config *sluice_config_read(const char *path) SLUICE_MUST_CHECK;

/**
 * sluice_config_get() - look at one key
 * @config: the configuration.
 * @index: number of the key, from 0.
 * @key: filled in; its size says how much the caller knows.  The strings are valid until
 *	the next call for @config.
 *
 * Context: One thread at a time.
 * Return: 1; 0 if there are fewer keys; or -EINVAL.
 */
int sluice_config_get(struct sluice_config *config, unsigned int index,
		      struct sluice_config_key *key);

/**
 * sluice_config_free() - give a configuration back
 * @config: the configuration, or NULL.
 *
 * Context: Any thread.
 */
void sluice_config_free(struct sluice_config *config);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_CONFIG_H */
