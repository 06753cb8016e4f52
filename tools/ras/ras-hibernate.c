// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate - give the machine to a second kernel for a while, and have it back
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "descriptors.h"
#include "hibernate.h"
#include "say.h"

const char say_program[] = "ras-hibernate";

#define VERSION "1"

static const char help[] =
"usage: ras-hibernate COMMAND [OPTION]...\n"
"\n"
"Gives the machine to a second kernel for a while, which sees the memory of the first and gives\n"
"the machine back.\n"
"\n"
"In the first kernel:\n"
"  load                         load the second kernel\n"
"  rehearse                     go there and back, and see whether all is as before\n"
"  snapshot FILE                have the second kernel dump this one's memory to FILE\n"
"  take STREAM FILE             make FILE of what a snapshot has left\n"
"  save DEVICE|FILE             have the second kernel save this one's memory, and switch off\n"
"  make-file FILE               make a file for that, if it is not to be a device\n"
"  where FILE                   show how a kernel that resumes finds it\n"
"  status DEVICE|FILE           show what a save has left\n"
"  abort DEVICE|FILE            void what a save has left\n"
"  initrd FILE [MODULE]...      make the second kernel's initial file system\n"
"  setup DEVICE                 have systemctl hibernate do it: boot entry, settings\n"
"\n"
"In the second kernel:\n"
"  second                       do what the first wants, and go back\n"
"  back                         go back\n"
"  init                         be the first program\n"
"\n"
"In a kernel that was booted with mem=SIZE ras_jump.restore:\n"
"  resume DEVICE                restore what was saved, and have the first kernel go on\n"
"  verify DEVICE                see whether that would be done\n"
"\n"
"      --help                   show this text; behind a command, how it is used\n"
"      --version                show the version\n"
"\n"
"Exit status: 0 well; 1 refused or failed; 2 usage; 3 there is no image.\n";

static const struct {
	const char	*name;
	enum result	(*run)(int argc, char **argv);
} commands[] = {
	{ "load",	load_command },
	{ "back",	back_command },
	{ "second",	second_command },
	{ "rehearse",	try_command },
	{ "snapshot",	snapshot_command },
	{ "take",	take_command },
	{ "save",	save_command },
	{ "resume",	resume_command },
	{ "verify",	verify_command },
	{ "make-file",	make_file_command },
	{ "where",	where_command },
	{ "status",	status_command },
	{ "abort",	abort_command },
	{ "initrd",	initrd_command },
	{ "init",	init_command },
	{ "setup",	setup_command },
};

static enum result usage(const char *reason, const char *word)
{
	fprintf(stderr, "ras-hibernate: %s%s\nTry 'ras-hibernate --help'.\n", reason, word);
	return RESULT_USAGE;
}

static enum result run(int argc, char **argv)
{
	if (!argc)
		return usage("no command is named", "");
	if (!strcmp(argv[0], "--help")) {
		fputs(help, stdout);
		return RESULT_GOOD;
	}
	if (!strcmp(argv[0], "--version")) {
		puts("ras-hibernate " VERSION);
		return RESULT_GOOD;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, argv[0]))
			return commands[i].run(argc, argv);
	return usage("there is no such command: ", argv[0]);
}

int main(int argc, char **argv)
{
	enum result result;

	descriptors_fill();
	/* So the kernel calls its first program; a container calls it otherwise. */
	if (getpid() == 1 && !strcmp(argv[0], "/init"))
		result = init_command(argc, argv);
	else
		result = run(argc - 1, argv + 1);
	if (fflush(stdout) || ferror(stdout)) {
		say_failed("standard output", "cannot be written");
		if (result == RESULT_GOOD)
			result = RESULT_FAILED;
	}
	return (int)result;
}
