/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: what its commands have in common.
 */
#ifndef RAS_HIBERNATE_H
#define RAS_HIBERNATE_H

#include <stdbool.h>
#include <stdint.h>

#include "image-method.h"

/**
 * enum result - what a command comes to, and the exit status
 * @RESULT_GOOD: it has done what was asked for
 * @RESULT_FAILED: it was refused or has failed, and the reason was said
 * @RESULT_USAGE: the command line makes no sense
 * @RESULT_NOTHING: there is no image
 */
enum result {
	RESULT_GOOD,
	RESULT_FAILED,
	RESULT_USAGE,
	RESULT_NOTHING,
};

/**
 * struct wish - what the command line asks for
 * @root: what is put before the names of the kernel's files, for tests; then @is_dry
 * @kernel: the file of the second kernel
 * @initrd: the file of its initial file system
 * @append: the words for its command line
 * @job: the file with its job, or %NULL
 * @memory: where its memory ends
 * @size: of the file for a stream; 0: an estimate
 * @has_method: a method to store contents was chosen
 * @method: which, if @has_method
 * @is_dry: load nothing
 * @is_json: write JSON
 * @is_load_only: load the way back, and stay
 * @is_staying: do not switch off
 * @program: that an initial file system is to have
 * @device: for which it is to have modules, or %NULL
 * @wait: so many seconds for the device to be there
 * @place: the device that the file of settings names, or %NULL
 * @hook_seconds: that a hook may take
 * @is_update: only if it is set up
 * @is_removal: undo it
 * @is_only_shown: write nothing
 * @names: what is named besides
 * @count: of them
 * @is_done: there was nothing but a question for help
 */
struct wish {
	const char	*root;
	const char	*kernel;
	const char	*initrd;
	const char	*append;
	const char	*job;
	uint64_t	memory;
	uint64_t	size;
	bool		has_method;
	enum image_method method;
	bool		is_dry;
	bool		is_json;
	bool		is_load_only;
	bool		is_staying;
	const char	*program;
	const char	*device;
	uint64_t	wait;
	char		*place;
	uint64_t	hook_seconds;
	bool		is_update;
	bool		is_removal;
	bool		is_only_shown;
	char		**names;
	int		count;
	bool		is_done;
};

/* The commands; @argv[0] is the name. */
enum result load_command(int argc, char **argv);
enum result back_command(int argc, char **argv);
enum result second_command(int argc, char **argv);
enum result try_command(int argc, char **argv);
enum result snapshot_command(int argc, char **argv);
enum result take_command(int argc, char **argv);
enum result save_command(int argc, char **argv);
enum result resume_command(int argc, char **argv);
enum result verify_command(int argc, char **argv);
enum result make_file_command(int argc, char **argv);
enum result where_command(int argc, char **argv);
enum result status_command(int argc, char **argv);
enum result abort_command(int argc, char **argv);
enum result initrd_command(int argc, char **argv);
enum result init_command(int argc, char **argv);
enum result setup_command(int argc, char **argv);

#endif
