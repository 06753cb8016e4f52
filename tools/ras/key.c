// SPDX-License-Identifier: GPL-2.0
/*
 * tools/ras: keys, as text and in files.
 *
 * Both are 64 hexadecimal digits; a file has a newline behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "key.h"
#include "naming.h"
#include "say.h"

/**
 * key_text() - a key as text
 * @text: set to the text, of %KEY_TEXT
 * @key: the key, of %CRYPT_KEY_BYTES
 */
void key_text(char *text, const uint8_t *key)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned int i = 0; i < CRYPT_KEY_BYTES; i++) {
		*text++ = digits[key[i] >> 4];
		*text++ = digits[key[i] & 15];
	}
	*text = '\0';
}

/* The value of a digit; or -1. */
static int digit(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	if (letter >= 'a' && letter <= 'f')
		return letter - 'a' + 10;
	if (letter >= 'A' && letter <= 'F')
		return letter - 'A' + 10;
	return -1;
}

/* A key and at most a newline. */
static bool parse(uint8_t *key, const char *text, size_t size)
{
	if (size && text[size - 1] == '\n')
		size--;
	if (size != 2 * CRYPT_KEY_BYTES)
		return false;
	for (unsigned int i = 0; i < CRYPT_KEY_BYTES; i++) {
		const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		key[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* Read what there is, up to @size.  Return: how much; or -1, and errno is set. */
static ssize_t read_some(int fd, char *text, size_t size)
{
	size_t done = 0;

	while (done < size) {
		const ssize_t got = read(fd, text + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/**
 * key_read() - read a key
 * @key: set to it, of %CRYPT_KEY_BYTES
 * @name: of the file, which may be a pipe
 * @why: set to the reason if there is none
 */
bool key_read(uint8_t *key, const char *name, struct why *why)
{
	/* More than a key, so that more is seen. */
	char text[KEY_TEXT + 1];
	const int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t size;
	bool good;

	if (fd < 0)
		return refuse(why, "%s", strerror(errno));
	size = read_some(fd, text, sizeof(text));
	good = size >= 0 || refuse(why, "%s", strerror(errno));
	close(fd);
	if (good && !parse(key, text, (size_t)size))
		good = refuse(why, "is no key: it is not 64 hexadecimal digits");
	crypt_forget(text, sizeof(text));
	return good;
}

/**
 * key_word() - read a key that is named on a command line
 * @key: set to it, of %CRYPT_KEY_BYTES
 * @word: the key itself, or the name of a file
 * @why: set to the reason if there is none
 */
bool key_word(uint8_t *key, const char *word, struct why *why)
{
	return parse(key, word, strlen(word)) || key_read(key, word, why);
}

static bool write_all(int fd, const char *text, size_t size)
{
	while (size) {
		const ssize_t done = write(fd, text, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		text += done;
		size -= (size_t)done;
	}
	return !fsync(fd);
}

/**
 * key_write() - write a secret key to a new file
 * @key: the key
 * @path: of the file, which only its owner can read
 *
 * Return: it is there, and durable; otherwise there is no file, and the reason was said.
 */
bool key_write(const uint8_t *key, const char *path)
{
	const char *name;
	const int directory = naming_open_directory(path, &name);
	char text[KEY_TEXT];
	bool good;
	int fd;

	if (directory < 0)
		return false;
	fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	key_text(text, key);
	text[KEY_TEXT - 1] = '\n';
	good = fd >= 0 && write_all(fd, text, sizeof(text)) && !fsync(directory);
	crypt_forget(text, sizeof(text));
	if (!good)
		say_failed(path, "%s", fd < 0 && errno == EEXIST ?
			   "exists; it is not overwritten" : strerror(errno));
	if (!good && fd >= 0)
		unlinkat(directory, name, 0);
	if (fd >= 0)
		close(fd);
	close(directory);
	return good;
}
