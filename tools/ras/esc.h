/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the key Esc on the console, which aborts a save.
 */
#ifndef RAS_ESC_H
#define RAS_ESC_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

/**
 * struct esc - a terminal where Esc may be pressed
 * @fd: of the terminal; less than 0: there is none
 * @before: how it was set
 * @looked: when somebody has looked
 */
struct esc {
	int		fd;
	struct termios	before;
	uint64_t	looked;
};

bool esc_begin(struct esc *esc, int fd);
void esc_end(struct esc *esc);
bool esc_look(struct esc *esc);
bool esc_look_if_due(struct esc *esc);

#endif
