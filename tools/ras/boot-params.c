// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: what a boot loader tells the second kernel.
 *
 * See Documentation/x86/boot.rst and zero-page.rst in the kernel's source.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "boot-params.h"
#include "paging.h"
#include "say.h"
#include "trampoline.h"
#include "whole-file.h"

#define PEER		"/sys/kernel/ras/jump/peer"
#define SYSTAB		"/sys/firmware/efi/systab"
/* 16 digits follow, which only the machine knows. */
#define JUMP_BACK	"kexec_jump_back_entry=0x"
#define NO_DIGITS	"0000000000000000"
/* A boot loader that has no number of its own. */
#define LOADER_UNKNOWN	0xff
#define VIDEO_NORMAL	0xffff

/* Does the command line have a word that this program puts there? */
static const char *has_word(const char *append)
{
	static const char * const words[] = { "mem=", "kexec_jump_back_entry=", "ras_jump.peer=" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *at = append;

		while ((at = strstr(at, words[i]))) {
			if (at == append || at[-1] == ' ')
				return words[i];
			at++;
		}
	}
	return NULL;
}

/**
 * boot_data_words() - make the second kernel's command line
 * @data: set its @command_line
 * @header: of the kernel
 * @root: what is put before the names of the kernel's files
 * @end: where the second kernel's memory ends
 * @append: the words that the user wants there
 *
 * Return: it has room; otherwise the reason was said.
 */
bool boot_data_words(struct boot_data *data, const struct setup_header *header, const char *root,
		     uint64_t end, const char *append)
{
	size_t room = header->cmdline_size + 1ul;
	bool wants_four;
	char *peer;
	int length;

	if (has_word(append)) {
		say_failed("--append", "%s is put there by this program", has_word(append));
		return false;
	}
	if (!paging_fits(header, root, append, &wants_four))
		return false;
	peer = whole_file_line(root, PEER);
	if (room > sizeof(data->command_line))
		room = sizeof(data->command_line);
	length = snprintf(data->command_line, room,
			  "%s%s%smem=%" PRIu64 "K %s%s%s" JUMP_BACK NO_DIGITS, append,
			  *append ? " " : "", wants_four ? PAGING_FOUR " " : "", end / 1024,
			  peer ? "ras_jump.peer=" : "", peer ? peer : "", peer ? " " : "");
	free(peer);
	if ((size_t)length < room)
		return true;
	say_failed("--append", "the command line would have %d bytes, the kernel takes %zu",
		   length, room - 1);
	return false;
}

/* The address of ACPI's root pointer; 0 if the kernel has to look for it, as it can with a BIOS. */
static uint64_t find_rsdp(const char *root)
{
	char *text = whole_file_line(root, SYSTAB), *at;
	uint64_t address = 0;

	if (!text)
		return 0;
	at = strstr(text, "ACPI20=");
	if (!at)
		at = strstr(text, "ACPI=");
	if (at)
		address = strtoull(strchr(at, '=') + 1, NULL, 16);
	free(text);
	return address;
}

static void put_number(uint8_t *to, uint64_t value)
{
	memcpy(to, &value, sizeof(value));
}

static void fill_trampoline(struct boot_data *data, const struct boot_way *way)
{
	const size_t digits = strlen(data->command_line) - strlen(NO_DIGITS);

	memcpy(data->trampoline, trampoline_code, (size_t)(trampoline_end - trampoline_code));
	put_number(data->trampoline + TRAMPOLINE_DIGITS,
		   way->data + offsetof(struct boot_data, command_line) + digits);
	put_number(data->trampoline + TRAMPOLINE_PARAMS,
		   way->data + offsetof(struct boot_data, params));
	put_number(data->trampoline + TRAMPOLINE_ENTRY, way->entry);
}

static void fill_map(struct boot_params *params, const struct memory_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct memory_range *range = map->ranges + i;
		const struct boot_e820_entry entry = {
			.addr = range->start, .size = range->end - range->start,
			.type = range->type,
		};

		memcpy(params->e820_table + i, &entry, sizeof(entry));
	}
	params->e820_entries = (uint8_t)map->count;
}

/**
 * boot_data_fill() - fill in all but the command line, which is there
 * @data: the boot data, otherwise zeros
 * @header: of the kernel
 * @way: where things are
 * @map: the memory that the second kernel is told of
 * @root: what is put before the names of the kernel's files
 */
void boot_data_fill(struct boot_data *data, const struct setup_header *header,
		    const struct boot_way *way, const struct memory_map *map, const char *root)
{
	struct boot_params *params = &data->params;
	const uint64_t words = way->data + offsetof(struct boot_data, command_line);

	memcpy(&params->hdr, header, sizeof(*header));
	params->hdr.type_of_loader = LOADER_UNKNOWN;
	params->hdr.vid_mode = VIDEO_NORMAL;
	params->hdr.code32_start = (uint32_t)(way->entry - 0x200);
	params->hdr.cmd_line_ptr = (uint32_t)words;
	params->ext_cmd_line_ptr = (uint32_t)(words >> 32);
	params->hdr.ramdisk_image = (uint32_t)way->initrd;
	params->ext_ramdisk_image = (uint32_t)(way->initrd >> 32);
	params->hdr.ramdisk_size = (uint32_t)way->initrd_size;
	params->ext_ramdisk_size = (uint32_t)(way->initrd_size >> 32);
	params->hdr.setup_data = 0;
	params->acpi_rsdp_addr = find_rsdp(root);
	fill_map(params, map);
	fill_trampoline(data, way);
}
