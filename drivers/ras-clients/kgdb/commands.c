// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client kdb and kgdb: the framework's commands in kdb.
 */
#include <linux/kdb.h>
#include <linux/kernel.h>
#include <linux/kgdb.h>
#include <linux/list.h>
#include <linux/seq_buf.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "../../../kernel/debug/debug_core.h"
#include "kgdb.h"

#ifdef CONFIG_KGDB_KDB
/* A person reads this. */
#define RAS_KGDB_TEXT	4096

static char ras_kgdb_text[RAS_KGDB_TEXT];

static void ras_kgdb_print(struct seq_buf *s)
{
	char *text = ras_kgdb_text, *part;

	ras_kgdb_text[min(s->len, sizeof(ras_kgdb_text) - 1)] = '\0';
	/* kdb's own buffer is smaller than a stop may have to say. */
	while ((part = strsep(&text, "\n")))
		if (*part)
			kdb_printf("%s\n", part);
}

/* What the debugger is there for, before it says where. */
void ras_kgdb_say_stop(const struct ras_stop *stop)
{
	kdb_diemsg = stop->message;
	kdb_printf("\n%s on CPU %d: %s\n",
		   stop->resumable ? "RAS stop" : "RAS stop of a crash",
		   stop->trigger_cpu, stop->message);
}

static int ras_kdb_ras(int argc, const char **argv)
{
	const struct ras_stop *stop = ras_kgdb_session.stop;
	struct seq_buf s;

	if (argc)
		return KDB_ARGCOUNT;
	if (!stop) {
		kdb_printf("The framework has not stopped this machine.\n");
		return 0;
	}
	seq_buf_init(&s, ras_kgdb_text, sizeof(ras_kgdb_text));
	ras_describe(stop, &s);
	ras_kgdb_print(&s);
	return 0;
}

static int ras_kdb_kdump(int argc, const char **argv)
{
	if (argc)
		return KDB_ARGCOUNT;
	if (!ras_kgdb_session.stop) {
		kdb_printf("The framework has not stopped this machine.\n");
		return 0;
	}
	if (!ras_crash_kernel_loaded()) {
		kdb_printf("No crash kernel is loaded.\n");
		return 0;
	}
	/* As go: the CPU that the others wait for has to do it. */
	if (raw_smp_processor_id() != kdb_initial_cpu) {
		kdb_printf("kdump must execute on the entry cpu, use \"cpu %d\" first\n",
			   kdb_initial_cpu);
		return KDB_BADCPUNUM;
	}
	ras_kgdb_session.verdict = RAS_LAST;
	if (dbg_kdb_mode)
		ras_kgdb_type("go\r");
	else
		kdb_printf("The crash kernel starts when gdb continues or detaches.\n");
	return 0;
}

static kdbtab_t ras_kdb_commands[] = {
	{
		.name	= "ras",
		.func	= ras_kdb_ras,
		.usage	= "",
		.help	= "Show the stop, its CPUs and its handlers",
		.flags	= KDB_ENABLE_ALWAYS_SAFE,
	},
	{
		.name	= "kdump",
		.func	= ras_kdb_kdump,
		.usage	= "",
		.help	= "Go straight to the crash kernel",
		.flags	= KDB_ENABLE_REBOOT,
	},
};

int ras_kgdb_add_commands(void)
{
	int i, ret = 0;

	for (i = 0; i < ARRAY_SIZE(ras_kdb_commands) && !ret; i++)
		ret = kdb_register(&ras_kdb_commands[i]);
	return ret;
}
#else
void ras_kgdb_say_stop(const struct ras_stop *stop) { }
int ras_kgdb_add_commands(void) { return 0; }
#endif
