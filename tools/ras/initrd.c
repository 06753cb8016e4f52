// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate initrd: make the initial file system of a second kernel.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "initrd.h"
#include "modules.h"
#include "new-file.h"
#include "ramdisk.h"
#include "say.h"
#include "wish.h"

#define MIB		(1024.0 * 1024.0)
#define FILE_MOST	((size_t)256 * 1024 * 1024)

static const char help[] =
"usage: ras-hibernate initrd [OPTION]... FILE [MODULE]...\n"
"\n"
"Makes FILE, an initial file system for a second kernel, and for one that resumes: this program,\n"
"which is the first one there, and modules of this kernel, with those that they need.  A MODULE\n"
"with a slash in its name is a file, for another kernel.\n"
"\n"
"      --for DEVICE      with the modules of a block device, to which the image goes\n"
"      --program FILE    the program (default: this one), which must need no libraries\n"
"      --help            show this text\n"
"\n"
"Exit status: 0 it is made; 1 refused or failed; 2 usage.\n";

/* Has it no interpreter, which would load libraries? */
static bool needs_nothing(const struct whole_file *program)
{
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (program->size < sizeof(head))
		return false;
	memcpy(&head, program->data, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_phentsize != sizeof(part) || head.e_phoff > program->size ||
	    head.e_phnum > (program->size - head.e_phoff) / sizeof(part))
		return false;
	for (size_t i = 0; i < head.e_phnum; i++) {
		memcpy(&part, program->data + head.e_phoff + i * sizeof(part), sizeof(part));
		if (part.p_type == PT_INTERP)
			return false;
	}
	return head.e_phnum;
}

static bool add_program(struct whole_file *archive, const char *path)
{
	struct whole_file program = { 0 };
	bool good = whole_file_read(&program, path, FILE_MOST);

	if (good && !needs_nothing(&program)) {
		say_failed(path, "is no program without libraries; build it with LDFLAGS=-static");
		good = false;
	}
	good = good && ramdisk_add_file(archive, "init", 0755, program.data, program.size);
	free(program.data);
	return good;
}

static bool add_module(struct whole_file *archive, const char *path, size_t number)
{
	const char *slash = strrchr(path, '/'), *end = strrchr(path, '.');
	struct whole_file module = { 0 };
	char name[256];
	bool good;

	/* The kernel that loads it need not know how to decompress it. */
	if (!end || strcmp(end, ".ko")) {
		say_failed(path, "is no module, or a compressed one");
		return false;
	}
	snprintf(name, sizeof(name), "%s/%03zu-%.200s", INITRD_MODULES + 1, number, slash + 1);
	good = whole_file_read(&module, path, FILE_MOST) &&
	       ramdisk_add_file(archive, name, 0600, module.data, module.size);
	free(module.data);
	return good;
}

static bool fill(struct whole_file *archive, const char *program, const struct modules *modules)
{
	static const char * const directories[] = { "dev", "proc", "sys", INITRD_MODULES + 1 };
	bool good = true;

	for (size_t i = 0; good && i < ARRAY_SIZE(directories); i++)
		good = ramdisk_add_directory(archive, directories[i]);
	good = good && ramdisk_add_console(archive) && add_program(archive, program);
	for (size_t i = 0; good && i < modules->count; i++)
		good = add_module(archive, modules->paths[i], i);
	return good && ramdisk_end(archive);
}

static bool write_archive(const char *path, const struct whole_file *archive)
{
	struct new_file file;
	bool good;

	good = new_file_open(&file, path) &&
	       new_file_write(&file, archive->data, archive->size, 0) && new_file_finish(&file);
	new_file_close(&file);
	return good;
}

/**
 * initrd_make() - make an initial file system
 * @path: of the file, which must not be there
 * @program: that is the first one
 * @modules: that it has
 *
 * Return: it is there, and durable; otherwise the reason was said.
 */
bool initrd_make(const char *path, const char *program, const struct modules *modules)
{
	struct whole_file archive = { 0 };
	const bool good = fill(&archive, program, modules) && write_archive(path, &archive);

	if (good)
		printf("%s: %.1f MiB, modules: %zu\n", path, (double)archive.size / MIB,
		       modules->count);
	free(archive.data);
	return good;
}

static bool find_modules(const struct wish *wish, struct modules *modules)
{
	bool good = !wish->device || modules_add_for(modules, wish->device);

	for (int i = 1; good && i < wish->count; i++)
		good = modules_add(modules, wish->names[i]);
	return good;
}

/**
 * initrd_command() - ras-hibernate initrd
 * @argc: number of arguments
 * @argv: the arguments
 */
enum result initrd_command(int argc, char **argv)
{
	const struct wish_syntax syntax = {
		.help = help, .takes = TAKES_INITRD | TAKES_PROGRAM, .names = 1, .has_more = true,
	};
	struct modules modules = { 0 };
	struct wish wish;
	enum result result = wish_read(&wish, &syntax, argc, argv);
	bool good;

	if (result != RESULT_GOOD || wish.is_done)
		return result;
	good = find_modules(&wish, &modules) &&
	       initrd_make(wish.names[0], wish.program, &modules);
	modules_free(&modules);
	return good ? RESULT_GOOD : RESULT_FAILED;
}
