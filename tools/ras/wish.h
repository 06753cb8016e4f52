/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the command line of a command.
 */
#ifndef RAS_WISH_H
#define RAS_WISH_H

#include "hibernate.h"

/* The options that not each command takes. */
#define TAKES_KERNEL		0x1
#define TAKES_JOB		0x2
#define TAKES_DRY		0x4
#define TAKES_JSON		0x8
#define TAKES_LOAD_ONLY		0x10
#define TAKES_SIZE		0x20
#define TAKES_STAY		0x40
#define TAKES_COMPRESS		0x80
#define TAKES_WAIT		0x100
#define TAKES_INITRD		0x200
#define TAKES_PROGRAM		0x10000
/* The device may come from the file of settings. */
#define TAKES_PLACE		0x20000
#define TAKES_SETUP		0x40000

/* The program that runs. */
#define WISH_PROGRAM		"/proc/self/exe"

/**
 * struct wish_syntax - what a command line may have
 * @help: the text for --help
 * @takes: the options
 * @names: how many names have to be there
 * @has_more: there may be more of them
 */
struct wish_syntax {
	const char	*help;
	unsigned int	takes;
	int		names;
	bool		has_more;
};

/* What the help of a command says about the second kernel. */
#define WISH_HELP_KERNEL \
"      --kernel FILE     the second kernel, a bzImage (default: /boot/vmlinuz-RELEASE)\n" \
"      --initrd FILE     its initial file system (default: /boot/ras-second.cpio)\n" \
"      --memory SIZE     its memory, from the first page on (default: 64M)\n" \
"      --append WORDS    words for its command line\n"

enum result wish_read(struct wish *wish, const struct wish_syntax *syntax, int argc, char **argv);

#endif
