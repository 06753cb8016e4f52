// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate make-file, where: a file for an image, and where it is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "image-disk.h"
#include "wish.h"
#include "zero-file.h"

static const char make_help[] =
"usage: ras-hibernate make-file [OPTION]... --size SIZE FILE\n"
"\n"
"Makes FILE for 'ras-hibernate save', on ext4 or xfs, and prints DEVICE@OFFSET, by which a kernel\n"
"that resumes finds it.\n"
"\n"
"      --size SIZE       of FILE; what is in use of memory has to fit into it\n"
"      --help            show this text\n"
"\n"
"Exit status: 0 it is made; 1 refused or failed; 2 usage.\n";

static const char where_help[] =
"usage: ras-hibernate where [OPTION]... FILE\n"
"\n"
"Prints DEVICE@OFFSET, by which a kernel that resumes finds an image in FILE.\n"
"\n"
"      --help            show this text\n"
"\n"
"Exit status: 0 it was printed; 1 FILE cannot have an image; 2 usage.\n";

static enum result tell(const char *name, const char *root)
{
	struct image_disk *disk = malloc(sizeof(*disk));
	const bool good = disk && image_disk_open(disk, name, root, false);

	if (good) {
		printf("%s", disk->place.device);
		if (disk->offset)
			printf("@%" PRIu64, disk->offset);
		fputc('\n', stdout);
		image_disk_close(disk);
	}
	free(disk);
	return good ? RESULT_GOOD : RESULT_FAILED;
}

/**
 * make_file_command() - ras-hibernate make-file
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result make_file_command(int argc, char **argv)
{
	const struct wish_syntax syntax = { .help = make_help, .takes = TAKES_SIZE, .names = 1 };
	struct wish wish;
	enum result result = wish_read(&wish, &syntax, argc, argv);

	if (result != RESULT_GOOD || wish.is_done)
		return result;
	if (!wish.size) {
		fputs("ras-hibernate make-file: --size is needed\n"
		      "Try 'ras-hibernate make-file --help'.\n", stderr);
		return RESULT_USAGE;
	}
	if (!zero_file_make(wish.names[0], wish.size, true))
		return RESULT_FAILED;
	return tell(wish.names[0], wish.root);
}

/**
 * where_command() - ras-hibernate where
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result where_command(int argc, char **argv)
{
	const struct wish_syntax syntax = { .help = where_help, .names = 1 };
	struct wish wish;
	enum result result = wish_read(&wish, &syntax, argc, argv);

	if (result != RESULT_GOOD || wish.is_done)
		return result;
	return tell(wish.names[0], wish.root);
}
