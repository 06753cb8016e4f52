// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: parked CPUs copy and compress pages while the owner writes.
 *
 * Pages go through *lots* of up to %DUMP_LOT_PAGES.  The owner fills a lot with the numbers of
 * page frames; whoever takes it, a helper or the owner itself if it has nothing to write, packs
 * the pages into the lot's own memory; the owner stores it, in whatever order lots are done.
 * Before that, memory is classified in the same way, a stretch a lot (classify.c).
 *
 * A lot changes hands by one word, its state.  A helper that hangs keeps its lot, whose memory
 * nobody else uses any more, and the owner packs those pages again in another one.
 *
 * If the dump is sealed, whoever packs a lot seals it, too.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/ras.h>
#include <linux/string.h>

#include "dump.h"

/* How long a helper may take for a lot, in ms: a thousand times what it needs. */
#define DUMP_LOT_MS		1000
/* Before the pages there is working memory of the cipher, and the head of a segment. */
#define DUMP_LOT_HEAD		round_up(sizeof(struct dump_cipher) +		\
					 sizeof(struct ras_seal_segment), 64)
/* How long a helper looks for a lot before it comes back to the framework, in ns. */
#define DUMP_IDLE_NS		(50 * NSEC_PER_USEC)

/* Take a lot that is to be packed; false if somebody else has. */
static bool dump_lot_take(struct dump_lot *lot, unsigned int cpu)
{
	return atomic_read(&lot->state) == DUMP_LOT_FILLED &&
	       atomic_cmpxchg_acquire(&lot->state, DUMP_LOT_FILLED, DUMP_LOT_TAKEN + cpu) ==
	       DUMP_LOT_FILLED;
}

/* Pack a page behind those that are in the lot already. */
static void dump_lot_pack_page(struct dump_lot *lot, struct dump_item *item,
			       enum dump_compression compression)
{
	void *at = lot->data + lot->bytes;

	item->at = lot->bytes;
	item->size = 0;
	/*
	 * The copy is stored: other CPUs that are missing, and devices, go on to change the
	 * page.
	 */
	if (ras_copy_page(lot->page, item->pfn)) {
		item->kind = DUMP_ITEM_UNREADABLE;
		return;
	}
	if (!memchr_inv(lot->page, 0, PAGE_SIZE)) {
		item->kind = DUMP_ITEM_ZEROS;
		return;
	}
	item->kind = DUMP_ITEM_PACKED;
	item->flags = compression;
	item->size = dump_pack_page(compression, lot->page, at, lot->work);
	if (!item->size) {
		memcpy(at, lot->page, PAGE_SIZE);
		item->flags = DUMP_RAW;
		item->size = PAGE_SIZE;
	}
	lot->bytes += item->size;
}

/**
 * dump_lot_pack() - pack, and seal, the pages of a lot
 * @pipe: the pipe
 * @lot: the lot
 *
 * Context: A handler, or a CPU that helps it.
 */
void dump_lot_pack(struct dump_pipe *pipe, struct dump_lot *lot)
{
	unsigned int i;

	lot->bytes = 0;
	for (i = 0; i < lot->nr_items; i++)
		dump_lot_pack_page(lot, &lot->item[i], pipe->compression);
	if (lot->log && lot->bytes)
		dump_seal_segment(lot->log, lot->cipher, RAS_SEAL_PAGES, lot->number, lot->data,
				  lot->bytes);
}

/* Do the work of a lot that was taken.  If it was taken back meanwhile, it stays so. */
static void dump_lot_work(struct dump_pipe *pipe, struct dump_lot *lot, unsigned int cpu)
{
	void (*work)(struct dump_pipe *pipe, struct dump_lot *lot) = READ_ONCE(pipe->work);

	work(pipe, lot);
	/* Pairs with the acquire in dump_pipe_packed(). */
	atomic_cmpxchg_release(&lot->state, DUMP_LOT_TAKEN + cpu, DUMP_LOT_PACKED);
}

/*
 * Take the first lot from @i on that is to be packed, and leave it in *@lot; false if there is
 * none.
 */
static bool dump_pipe_take(struct dump_pipe *pipe, unsigned int i, unsigned int cpu,
			   struct dump_lot **lot)
{
	for (; i < pipe->nr_lots; i++) {
		*lot = &pipe->lot[i];
		if (dump_lot_take(*lot, cpu))
			return true;
	}
	*lot = NULL;
	return false;
}

/* A piece of the job, on a parked CPU: one lot. */
static bool dump_pipe_help(void *arg)
{
	struct dump_pipe *pipe = arg;
	unsigned int cpu = raw_smp_processor_id();
	struct dump_lot *lot = NULL;

	/* The first is the owner's: it has one even if all helpers are lost. */
	ras_poll(READ_ONCE(pipe->over) || dump_pipe_take(pipe, 1, cpu, &lot), DUMP_IDLE_NS);
	if (lot)
		dump_lot_work(pipe, lot, cpu);
	return !READ_ONCE(pipe->over);
}

/* Whoever has taken the lot does not give it back.  False if nobody has. */
static bool dump_lot_lose(struct dump_lot *lot)
{
	int state = atomic_read(&lot->state);

	/* If that fails, the CPU has just packed it. */
	if (state >= DUMP_LOT_TAKEN)
		state = atomic_cmpxchg(&lot->state, state, DUMP_LOT_LOST);
	return state == DUMP_LOT_LOST || state >= DUMP_LOT_TAKEN;
}

/* Free a lot for a new job; false if a CPU that is lost has it. */
static bool dump_lot_clear(struct dump_lot *lot)
{
	int state;

	/* Once more at the most: a CPU that is late may take the lot in between, and keeps it. */
	do {
		if (dump_lot_lose(lot))
			return false;
		state = atomic_read(&lot->state);
	} while (state >= DUMP_LOT_TAKEN ||
		 atomic_cmpxchg(&lot->state, state, DUMP_LOT_FREE) != state);
	return true;
}

/**
 * dump_pipe_begin() - get ready for work, with help
 * @pipe: the pipe
 * @stop: the stop
 * @helpers: the most parked CPUs that are to help
 * @work: what is to be done with lots
 *
 * Context: A handler with %RAS_HANDLER_HELPED.
 * Return: 0; %-EBUSY if every lot is held by a CPU that is lost.
 */
int dump_pipe_begin(struct dump_pipe *pipe, const struct ras_stop *stop, unsigned int helpers,
		    void (*work)(struct dump_pipe *pipe, struct dump_lot *lot))
{
	struct ras_job job = {
		.work		= dump_pipe_help,
		.arg		= pipe,
		.cpus		= &pipe->cpus,
		.deadline_ms	= DUMP_LOT_MS,
	};
	unsigned int cpu, i, usable = 0;

	/* Read in dump_lot_work() by helpers of this job, and by one that is late from another. */
	WRITE_ONCE(pipe->work, work);
	WRITE_ONCE(pipe->over, false);
	/* A CPU that was lost in an earlier job may go on with its lot. */
	for (i = 0; i < pipe->nr_lots; i++)
		usable += dump_lot_clear(&pipe->lot[i]);
	cpumask_clear(&pipe->cpus);
	for_each_present_cpu(cpu)
		if (helpers && cpu != raw_smp_processor_id()) {
			cpumask_set_cpu(cpu, &pipe->cpus);
			helpers--;
		}
	/* Without help the owner does it all. */
	if (usable && !cpumask_empty(&pipe->cpus))
		ras_help_start(stop, &job);
	return usable ? 0 : -EBUSY;
}

/**
 * dump_pipe_end() - no more work
 * @pipe: the pipe
 * @stop: the stop
 *
 * Context: The handler that has called dump_pipe_begin().
 */
void dump_pipe_end(struct dump_pipe *pipe, const struct ras_stop *stop)
{
	unsigned int i;

	WRITE_ONCE(pipe->over, true);
	/* What nobody has begun need not be. */
	for (i = 0; i < pipe->nr_lots; i++)
		atomic_cmpxchg(&pipe->lot[i].state, DUMP_LOT_FILLED, DUMP_LOT_FREE);
	ras_help_end(stop);
}

/* A lot that can be filled, or NULL. */
struct dump_lot *dump_pipe_free(struct dump_pipe *pipe)
{
	unsigned int i;

	for (i = 0; i < pipe->nr_lots; i++)
		if (atomic_read(&pipe->lot[i].state) == DUMP_LOT_FREE)
			return &pipe->lot[i];
	return NULL;
}

/* The lot was filled: others may do its work.  With the log of the dump if it has pages. */
void dump_lot_filled(struct dump_lot *lot, struct dump_log *log)
{
	lot->log = log && log->seal ? log : NULL;
	/* Also if it was packed before: what is in the pages may have changed since. */
	if (lot->log)
		lot->number = log->number++;
	/* Pairs with the acquire in dump_lot_take(): the items are there. */
	atomic_set_release(&lot->state, DUMP_LOT_FILLED);
}

/* The lot was stored. */
void dump_lot_stored(struct dump_lot *lot)
{
	atomic_set(&lot->state, DUMP_LOT_FREE);
}

/* A lot that is packed, or NULL. */
struct dump_lot *dump_pipe_packed(struct dump_pipe *pipe)
{
	unsigned int i;

	for (i = 0; i < pipe->nr_lots; i++)
		/* Pairs with the release in dump_lot_pack(). */
		if (atomic_read_acquire(&pipe->lot[i].state) == DUMP_LOT_PACKED)
			return &pipe->lot[i];
	return NULL;
}

/* Has it pages that are not stored yet? */
bool dump_lot_is_on_its_way(const struct dump_lot *lot)
{
	int state = atomic_read(&lot->state);

	return state != DUMP_LOT_FREE && state != DUMP_LOT_LOST;
}

/* Is no lot on its way? */
bool dump_pipe_is_empty(const struct dump_pipe *pipe)
{
	unsigned int i;

	for (i = 0; i < pipe->nr_lots; i++)
		if (dump_lot_is_on_its_way(&pipe->lot[i]))
			return false;
	return true;
}

/*
 * A helper has @lot.  If it will not do the work, copy what is asked to @spare, which is free,
 * or leave it in the lot itself if nobody can be writing to it any more.
 */
static bool dump_lot_recover(struct dump_lot *lot, struct dump_lot *spare,
			     const struct ras_stop *stop, struct dump_log *log)
{
	int state = atomic_read(&lot->state);
	enum ras_helper helper;

	if (state < DUMP_LOT_TAKEN)
		return false;
	helper = ras_help_state(stop, state - DUMP_LOT_TAKEN);
	if (helper == RAS_HELPER_RUNS || atomic_read(&lot->state) != state)
		return false;
	/* A helper that is late from an earlier job has no part in this one, but may go on. */
	if (helper == RAS_HELPER_DONE || helper == RAS_HELPER_ABANDONED) {
		dump_lot_filled(lot, log);
		return true;
	}
	if (!spare || !dump_lot_lose(lot))
		return false;
	spare->start = lot->start;
	spare->level = lot->level;
	spare->nr_items = lot->nr_items;
	memcpy(spare->item, lot->item, sizeof(lot->item));
	dump_lot_filled(spare, log);
	return true;
}

/**
 * dump_pipe_work() - have the owner do what is left for it while nothing is packed
 * @pipe: the pipe
 * @stop: the stop
 * @log: of the dump, or NULL, as for dump_lot_filled()
 *
 * Does the work of a lot, or finds out which helper will not come back.
 *
 * Context: The handler that has called dump_pipe_begin().
 */
void dump_pipe_work(struct dump_pipe *pipe, const struct ras_stop *stop, struct dump_log *log)
{
	unsigned int cpu = raw_smp_processor_id(), i;
	struct dump_lot *lot;

	if (dump_pipe_take(pipe, 0, cpu, &lot)) {
		dump_lot_work(pipe, lot, cpu);
		return;
	}
	for (i = 0; i < pipe->nr_lots; i++)
		if (dump_lot_recover(&pipe->lot[i], dump_pipe_free(pipe), stop, log))
			return;
	ras_relax();
}

/* What is packed in a lot, with room for a page that becomes larger, or for a tag. */
static size_t dump_lot_data_bytes(void)
{
	return round_up(DUMP_LOT_PAGES * PAGE_SIZE + dump_pack_room(), 64);
}

/**
 * dump_pipe_free_memory() - free what dump_pipe_alloc_memory() has allocated
 * @pipe: the pipe
 *
 * Context: Process context.
 */
void dump_pipe_free_memory(struct dump_pipe *pipe)
{
	unsigned int i;

	for (i = 0; i < pipe->nr_lots; i++)
		free_pages_exact(pipe->lot[i].memory, pipe->lot_bytes);
	pipe->nr_lots = 0;
}

/**
 * dump_pipe_alloc_memory() - allocate the lots
 * @pipe: the pipe, all zeros
 * @compression: how pages are to be stored
 *
 * Two for each CPU, within limits: one is packed while the other is stored.
 *
 * Context: Process context.
 * Return: 0 or %-ENOMEM.
 */
int dump_pipe_alloc_memory(struct dump_pipe *pipe, enum dump_compression compression)
{
	unsigned int nr = clamp(2 * num_possible_cpus(), 3U, (unsigned int)DUMP_LOTS);

	pipe->compression = compression;
	/* What is packed, working memory, and a page at the end. */
	pipe->lot_bytes = PAGE_ALIGN(DUMP_LOT_HEAD + dump_lot_data_bytes() +
				     dump_pack_work_bytes(compression)) + PAGE_SIZE;
	for (pipe->nr_lots = 0; pipe->nr_lots < nr; pipe->nr_lots++) {
		struct dump_lot *lot = &pipe->lot[pipe->nr_lots];

		lot->memory = alloc_pages_exact(pipe->lot_bytes, GFP_KERNEL | __GFP_ZERO);
		if (!lot->memory) {
			dump_pipe_free_memory(pipe);
			return -ENOMEM;
		}
		lot->cipher = lot->memory;
		lot->data = lot->memory + DUMP_LOT_HEAD;
		lot->work = lot->data + dump_lot_data_bytes();
		lot->page = lot->memory + pipe->lot_bytes - PAGE_SIZE;
	}
	return 0;
}
