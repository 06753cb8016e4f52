/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: a second kernel, ready to be loaded.
 */
#ifndef RAS_SECOND_KERNEL_H
#define RAS_SECOND_KERNEL_H

#include "boot-params.h"
#include "bzimage.h"
#include "hibernate.h"
#include "layout.h"
#include "whole-file.h"

/**
 * struct second_kernel - all of it
 * @file: the file of the kernel
 * @image: what it says of itself
 * @initrd: its initial file system
 * @data: its boot data
 * @map: the memory it is told of
 * @layout: its memory
 * @way: where things are
 */
struct second_kernel {
	struct whole_file	file;
	struct bzimage		image;
	struct whole_file	initrd;
	struct boot_data	*data;
	struct memory_map	map;
	struct layout		layout;
	struct boot_way		way;
};

bool second_kernel_make(struct second_kernel *kernel, const struct wish *wish, const char *job);
void second_kernel_free(struct second_kernel *kernel);
bool second_kernel_load(const struct wish *wish, const char *job);
void second_kernel_unload(const struct wish *wish);

#endif
