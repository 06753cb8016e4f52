// SPDX-License-Identifier: GPL-2.0
/*
 * tools/ras: signals that ask a program to end.
 */
#include <signal.h>
#include <stddef.h>

#include "stop.h"

static volatile sig_atomic_t caught;

static void note(int number)
{
	caught = number;
}

/**
 * stop_catch_signals() - from now on a signal does not end the program by itself
 *
 * A limit of the size of files, and a reader of the output who has gone, are errors like
 * others: the bytes that are there have to be noted.
 */
void stop_catch_signals(void)
{
	struct sigaction action = { .sa_handler = note };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGXFSZ, &action, NULL);
	sigaction(SIGPIPE, &action, NULL);
}

/**
 * stop_reason() - is the program to end?
 *
 * Return: the name of the signal, or %NULL.
 */
const char *stop_reason(void)
{
	switch (caught) {
	case 0:
		return NULL;
	case SIGINT:
		return "SIGINT";
	case SIGTERM:
		return "SIGTERM";
	default:
		return "SIGHUP";
	}
}
