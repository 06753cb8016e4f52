// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: what the files say that a set-up writes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hibernate-texts.h"
#include "say.h"
#include "wish.h"

#define MIB		(UINT64_C(1024) * 1024)

static const char logind[] =
"# Written by 'ras-hibernate setup'; removed by 'ras-hibernate setup --remove'.\n"
"# The image need not fit into swap.\n"
"[Service]\n"
"Environment=SYSTEMD_BYPASS_HIBERNATION_MEMORY_CHECK=1\n";

/**
 * texts_conf() - the file of settings
 * @wish: the settings
 * @device: for the image
 *
 * Return: its text, which the caller frees; %NULL if there is no memory.
 */
char *texts_conf(const struct wish *wish, const char *device)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return NULL;
	fprintf(file, "# ras-hibernate(8), written by its command setup\n"
		"DEVICE=%s\nKERNEL=%s\nINITRD=%s\nMEMORY=%" PRIu64 "M\n", device, wish->kernel,
		wish->initrd, wish->memory / MIB);
	if (*wish->append)
		fprintf(file, "APPEND=%s\n", wish->append);
	if (wish->has_method)
		fprintf(file, "COMPRESS=%s\n", image_method_name(wish->method));
	if (strcmp(wish->program, WISH_PROGRAM))
		fprintf(file, "PROGRAM=%s\n", wish->program);
	fprintf(file, "HOOK_SECONDS=%" PRIu64 "\n", wish->hook_seconds);
	if (!fclose(file))
		return text;
	free(text);
	return NULL;
}

/**
 * texts_service() - have systemd hibernate by this program
 *
 * Return: the text, which the caller frees; %NULL, and the reason was said.
 */
char *texts_service(void)
{
	char program[4096], *text;
	const ssize_t length = readlink(WISH_PROGRAM, program, sizeof(program) - 1);

	if (length <= 0) {
		say_failed(WISH_PROGRAM, "%s", strerror(errno));
		return NULL;
	}
	program[length] = 0;
	if (asprintf(&text,
		     "# Written by 'ras-hibernate setup'; removed by 'ras-hibernate setup --remove'.\n"
		     "[Service]\n"
		     "ExecStart=\n"
		     "ExecStart=%s save\n", program) >= 0)
		return text;
	say_failed(TEXTS_SERVICE, "no memory");
	return NULL;
}

/* Have logind not ask how much swap there is.  Return: the text. */
const char *texts_logind(void)
{
	return logind;
}
