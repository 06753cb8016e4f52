// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the key Esc on the console, which aborts a save.
 *
 * A terminal sends the byte ESC for it, and for a cursor key ESC and other bytes at once.
 */
#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "esc.h"

#define ESC		0x1b
/* What belongs to a cursor key comes within that time. */
#define REST_MS		50
#define INTERVAL_NS	(CLOCK_SECOND / 20)

/**
 * esc_begin() - begin to look at a terminal
 * @esc: set to it, to be ended by esc_end()
 * @fd: of the terminal, or of something else
 *
 * Return: it is a terminal; if not, nothing is ever read.
 */
bool esc_begin(struct esc *esc, int fd)
{
	struct termios raw;

	*esc = (struct esc){ .fd = -1 };
	if (tcgetattr(fd, &esc->before))
		return false;
	raw = esc->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	/* A read does not wait. */
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSANOW, &raw))
		return false;
	esc->fd = fd;
	esc->looked = clock_ns();
	return true;
}

/**
 * esc_end() - have a terminal as it was
 * @esc: of the terminal
 */
void esc_end(struct esc *esc)
{
	if (esc->fd >= 0)
		tcsetattr(esc->fd, TCSANOW, &esc->before);
	esc->fd = -1;
}

/* Nothing follows an ESC, or just the next one, as from a key that is held down. */
static bool is_alone(const struct esc *esc)
{
	struct pollfd more = { .fd = esc->fd, .events = POLLIN };
	unsigned char next;

	if (poll(&more, 1, REST_MS) <= 0)
		return true;
	return read(esc->fd, &next, sizeof(next)) == sizeof(next) && next == ESC;
}

/**
 * esc_look() - was Esc pressed?
 * @esc: of the terminal
 */
bool esc_look(struct esc *esc)
{
	unsigned char typed[64];
	ssize_t got;

	if (esc->fd < 0)
		return false;
	esc->looked = clock_ns();
	got = read(esc->fd, typed, sizeof(typed));
	for (ssize_t i = 0; i < got; i++)
		if (typed[i] == ESC && (i + 1 < got ? typed[i + 1] == ESC : is_alone(esc)))
			return true;
	return false;
}

/**
 * esc_look_if_due() - was Esc pressed?  If somebody has just looked, nobody looks
 * @esc: of the terminal
 */
bool esc_look_if_due(struct esc *esc)
{
	return esc->fd >= 0 && clock_ns() - esc->looked >= INTERVAL_NS && esc_look(esc);
}
