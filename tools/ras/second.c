// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate second: in the second kernel, do what the first wants, and go back.
 *
 * A save ends with the machine switched off.  Whatever goes wrong, it goes back; only without a way
 * back it stays.
 */
#include <stdio.h>
#include <stdlib.h>

#include "go-back.h"
#include "image-write.h"
#include "job.h"
#include "kexec-call.h"
#include "ramdisk.h"
#include "stream-write.h"
#include "wish.h"

static const char help[] =
"usage: ras-hibernate second [OPTION]...\n"
"\n"
"In the second kernel, as a part of its first program: loads the way back, does the job that the\n"
"first kernel has left, and goes back, or switches the machine off when it has saved the first.\n"
"If standard input is a terminal, Esc aborts a save.\n"
"\n"
"      --dry-run         do neither\n"
"      --help            show this text\n"
"\n"
"Exit status: 1 there is no way back; 2 usage.\n";

static enum result do_job(const struct wish *wish, const char *path, uint64_t entry)
{
	struct job *job = calloc(1, sizeof(*job));
	char *text = job_read_text(path);
	bool good = job && text && job_parse(job, path, text);

	if (good && job->what == JOB_SNAPSHOT)
		good = stream_write(job, wish->root);
	if (good && job->what == JOB_SAVE)
		good = image_write(job, entry, wish->root, wish->is_dry);
	free(text);
	free(job);
	return good ? RESULT_GOOD : RESULT_FAILED;
}

/**
 * second_command() - ras-hibernate second
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result second_command(int argc, char **argv)
{
	const struct wish_syntax syntax = { .help = help, .takes = TAKES_DRY };
	char path[4096];
	struct wish wish;
	enum result result = wish_read(&wish, &syntax, argc, argv);
	uint64_t entry;

	if (result != RESULT_GOOD || wish.is_done)
		return result;
	/* First of all: then a panic comes back, too. */
	if (!go_back_find(wish.root, &entry) || !go_back_load(entry, wish.is_dry))
		return RESULT_FAILED;
	snprintf(path, sizeof(path), "%s" RAMDISK_JOB, wish.root);
	result = do_job(&wish, path, entry);
	if (wish.is_dry)
		return result;
	kexec_call_start();
	return RESULT_FAILED;
}
