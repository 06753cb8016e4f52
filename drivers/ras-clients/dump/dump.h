/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine.  What its files share; Documentation/ras/dump.rst.
 */
#ifndef _RAS_DUMP_H
#define _RAS_DUMP_H

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm_types.h>
#include <linux/ras.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "seal.h"

/* Levels: which pages are left out.  The bits are those of makedumpfile(8), -d. */
#define DUMP_ZERO		BIT(0)	/* pages of zeros are stored once, at any level */
#define DUMP_CACHE		BIT(1)	/* page cache that the file system has no data on */
#define DUMP_CACHE_PRIVATE	BIT(2)	/* page cache with such data */
#define DUMP_USER		BIT(3)	/* memory of processes */
#define DUMP_FREE		BIT(4)	/* free pages */
#define DUMP_LEVEL_MAX		31

/* How many CPUs may help; more find nothing to do. */
#define DUMP_HELPERS_MAX	16

/* How a page is stored, struct page_desc.flags in makedumpfile's diskdump_mod.h. */
enum dump_compression {
	DUMP_RAW,
	DUMP_LZO	= 2,
	DUMP_ZSTD	= 0x20,
};

/**
 * enum dump_class - what a page frame holds
 * @DUMP_OF_KERNEL: the kernel's, or nobody knows: always dumped
 * @DUMP_OF_SLAB: small objects of the kernel, tasks among them
 * @DUMP_OF_CACHE: page cache
 * @DUMP_OF_CACHE_PRIVATE: page cache, with data of the file system
 * @DUMP_OF_USER: memory of a process
 * @DUMP_OF_NOBODY: free
 * @DUMP_OF_OTHERS: poisoned, or given to the hypervisor: never read
 */
enum dump_class {
	DUMP_OF_KERNEL,
	DUMP_OF_SLAB,
	DUMP_OF_CACHE,
	DUMP_OF_CACHE_PRIVATE,
	DUMP_OF_USER,
	DUMP_OF_NOBODY,
	DUMP_OF_OTHERS,
	DUMP_NR_CLASSES,
};

/* Page frames whose struct page is looked at together. */
#define DUMP_BLOCK_PAGES	64

/**
 * struct dump_look - where the classification is
 * @block: copies of the struct pages of the present block
 * @head: the compound page that began last
 * @head_end: where it ends; pages behind @head and before it are its tails
 * @head_class: what it holds
 * @free_end: where the free block that began last ends
 */
struct dump_look {
	struct page		block[DUMP_BLOCK_PAGES];
	unsigned long		head;
	unsigned long		head_end;
	enum dump_class		head_class;
	unsigned long		free_end;
};

/* Words of a bitmap that are classified together, by one CPU: 128 MiB of memory. */
#define DUMP_STRETCH_WORDS	512
#define DUMP_STRETCH_PAGES	(DUMP_STRETCH_WORDS * DUMP_BLOCK_PAGES)

/**
 * struct dump_stretch - what there is in a stretch of memory
 * @start: its first page frame
 * @level: which pages are left out, DUMP_*
 * @look: see struct dump_look
 * @pages: how many pages are in the dump, by class
 * @left_out: how many are left out, by class
 * @keep: see struct dump_arena
 * @slab: the same
 * @kernel: the same
 */
struct dump_stretch {
	unsigned long		start;
	unsigned int		level;
	struct dump_look	look;
	u64			pages[DUMP_NR_CLASSES];
	u64			left_out[DUMP_NR_CLASSES];
	unsigned long		keep[DUMP_STRETCH_WORDS];
	unsigned long		slab[DUMP_STRETCH_WORDS];
	unsigned long		kernel[DUMP_STRETCH_WORDS];
};

/* Pages that are packed together, and lots of them; see pipe.c. */
#define DUMP_LOT_PAGES		16
#define DUMP_LOTS		8

/*
 * States of a lot.  While it is being packed, %DUMP_LOT_TAKEN plus the CPU.  That CPU may be
 * lost: then the lot is, too, and nobody uses it any more.
 */
enum dump_lot_state {
	DUMP_LOT_FREE,
	DUMP_LOT_FILLED,
	DUMP_LOT_PACKED,
	DUMP_LOT_LOST,
	DUMP_LOT_TAKEN,
};

/* What became of a page in a lot. */
enum dump_item_kind {
	DUMP_ITEM_PACKED,
	DUMP_ITEM_ZEROS,
	DUMP_ITEM_UNREADABLE,
};

/**
 * struct dump_item - a page in a lot
 * @pfn: the page frame
 * @rank: its number among the pages that are in the dump
 * @kind: see enum dump_item_kind
 * @flags: how it is stored, see enum dump_compression
 * @at: where in the lot's data it is, in bytes
 * @size: how many bytes it takes there
 */
struct dump_item {
	unsigned long		pfn;
	u64			rank;
	enum dump_item_kind	kind;
	u32			flags;
	u32			at;
	u32			size;
};

/**
 * struct dump_lot - a piece of work: pages that are packed together, or a stretch of memory
 * that is classified
 * @state: see enum dump_lot_state
 * @nr_items: how many pages there are
 * @item: the pages
 * @bytes: how much they take in @data
 * @memory: all of the lot's memory
 * @data: the pages, packed; if sealed, with a head before and a tag behind
 * @page: a page, copied
 * @work: working memory of the compressor
 * @cipher: and of the cipher
 * @log: the sealed dump that they are for, or NULL
 * @number: of the segment that they make there
 * @start: of the stretch, in page frames; the result is in @data
 * @level: and which of its pages are left out
 */
struct dump_lot {
	atomic_t		state;
	unsigned int		nr_items;
	struct dump_item	item[DUMP_LOT_PAGES];
	size_t			bytes;
	void			*memory;
	void			*data;
	void			*page;
	void			*work;
	struct dump_cipher	*cipher;
	const struct dump_log	*log;
	u64			number;
	unsigned long		start;
	unsigned int		level;
};

/**
 * struct dump_pipe - lots on their way
 * @lot: the lots
 * @nr_lots: how many there are
 * @lot_bytes: the memory of each
 * @cpus: those that may help
 * @compression: how pages are stored, for which the lots have working memory
 * @over: helpers are not needed any more
 * @work: what is done with a lot that is filled
 */
struct dump_pipe {
	struct dump_lot		lot[DUMP_LOTS];
	unsigned int		nr_lots;
	size_t			lot_bytes;
	struct cpumask		cpus;
	enum dump_compression	compression;
	bool			over;
	void			(*work)(struct dump_pipe *pipe, struct dump_lot *lot);
};

/* Passes, in the order of what is missed most if there is no more room or time. */
enum dump_pass {
	DUMP_PASS_FIRST,
	DUMP_PASS_SLAB,
	DUMP_PASS_KERNEL,
	DUMP_PASS_REST,
	/* Of the last two, what an earlier target of this stop has. */
	DUMP_PASS_AGAIN,
	DUMP_NR_PASSES,
};

/**
 * struct dump_mark - how far the targets of a stop have come
 * @pass: one of them has all of the passes before this one
 * @pfn: and of this one what is before this page frame
 */
struct dump_mark {
	enum dump_pass		pass;
	unsigned long		pfn;
};

/**
 * struct dump_arena - all memory of the engine, allocated when it is armed
 * @nr_pfns: page frames from 0 on that the dump tells of
 * @bitmap_bytes: size of a bitmap with a bit for each, rounded up to a page
 * @ram: there is memory: bitmap 1 of the file
 * @keep: the page is in the dump: bitmap 2
 * @first: of those, what goes first
 * @slab: of those, what goes second: slab, and what vmalloc() has mapped
 * @kernel: of those, what goes third; the others go last
 * @pages: the memory of all this, PAGE_SIZE << @order
 * @order: see @pages
 * @pipe: the lots, whose memory is their own
 * @stretch: for an owner who classifies without help
 * @stop: the sequence number of the stop that @mark and @vmcoreinfo are of
 * @mark: what former targets have
 * @meta: a page of the header, notes or descriptors in the making
 * @vmcoreinfo: copy of the kernel's
 * @vmcoreinfo_base: its length, in bytes
 * @vmcoreinfo_size: the same with the time of the crash
 */
struct dump_arena {
	unsigned long		nr_pfns;
	size_t			bitmap_bytes;
	unsigned long		*ram;
	unsigned long		*keep;
	unsigned long		*first;
	unsigned long		*slab;
	unsigned long		*kernel;
	void			*pages;
	unsigned int		order;
	struct dump_pipe	pipe;
	struct dump_stretch	*stretch;
	u32			stop;
	struct dump_mark	mark;
	void			*meta;
	char			*vmcoreinfo;
	size_t			vmcoreinfo_base;
	size_t			vmcoreinfo_size;
};

/**
 * struct dump_layout - where in the file what is, in bytes
 * @sub_header: the second header, with vmcoreinfo and notes behind it
 * @bitmaps: both
 * @descs: the table of page descriptors
 * @data: the pages
 * @nr_pages: how many are in the dump
 */
struct dump_layout {
	u64			sub_header;
	u64			bitmaps;
	u64			descs;
	u64			data;
	u64			nr_pages;
};

/* Size of a page descriptor in the file. */
#define DUMP_DESC_BYTES		24

struct dump_session;
struct dump_target;

/**
 * struct dump_target_ops - what a target can do
 * @arm: optional; get all that a dump needs.  Process context
 * @disarm: optional; undo @arm.  Process context
 * @release: optional; the target is not needed any more.  Process context
 * @not_ready: as ras_handler.not_ready
 * @start: begin a dump; refuses with an errno, and has written nothing then.  @layout is that
 *	of what is written: the file, or the log of one that is sealed
 * @write: store @size bytes at @offset of the file: anywhere before @layout->data, and behind
 *	that right after what was stored last; %-ENOSPC: there is no more room
 * @room: the most that the file can have, in bytes
 * @flush: optional; what was stored so far is to be good, should the machine die now
 * @finish: the file has @size bytes; @whole: all of it is there.  An errno if it is not
 *
 * The last five run on the owner, in a stop.
 */
struct dump_target_ops {
	int			(*arm)(struct dump_target *target);
	void			(*disarm)(struct dump_target *target);
	void			(*release)(struct dump_target *target);
	const char		*(*not_ready)(struct dump_target *target);
	int			(*start)(struct dump_target *target,
					 const struct dump_session *s,
					 const struct dump_layout *layout);
	int			(*write)(struct dump_target *target, u64 offset,
					 const void *data, size_t size);
	u64			(*room)(struct dump_target *target);
	int			(*flush)(struct dump_target *target);
	int			(*finish)(struct dump_target *target, u64 size, bool whole);
};

/**
 * struct dump_target - where a dump can go
 * @name: for messages
 * @ops: see struct dump_target_ops
 * @memory: how much it has allocated since it was armed, in bytes
 * @borrows: it writes to memory that the level leaves out
 * @deadline_ms: how long it may take for a piece, in ms; 0: as long as a disk may
 */
struct dump_target {
	const char		*name;
	const struct dump_target_ops *ops;
	size_t			memory;
	bool			borrows;
	unsigned int		deadline_ms;
};

/* Why a dump is not whole. */
enum dump_end {
	DUMP_WHOLE,
	DUMP_FULL,
	DUMP_LATE,
	DUMP_FAILED,
};

/**
 * struct dump_result - what became of a dump; shown in sysfs
 * @end: see enum dump_end
 * @target: where to; NULL: there was none yet
 * @error: why the target failed, as an errno
 * @bytes: size of the file
 * @pages: how many were to be dumped, by class
 * @left_out: how many were left out, by class
 * @written: how many of @pages are in the file
 * @zeros: of those, pages of zeros
 * @unreadable: pages that could not be read, and are out of the dump
 * @classify_ns: how long the classification took, in ns
 * @start_ns: and what follows before the first page, the start of the target, in ns
 * @pass_ns: and each pass, in ns; with the last one what another target has
 * @pass_bytes: how much each pass has added to the file
 */
struct dump_result {
	enum dump_end		end;
	const char		*target;
	int			error;
	u64			bytes;
	u64			pages[DUMP_NR_CLASSES];
	u64			left_out[DUMP_NR_CLASSES];
	u64			written;
	u64			zeros;
	u64			unreadable;
	u64			classify_ns;
	u64			start_ns;
	u64			pass_ns[DUMP_PASS_REST + 1];
	u64			pass_bytes[DUMP_PASS_REST + 1];
};

/**
 * struct dump_policy - what the administrator wants
 * @level: which pages are left out, DUMP_*
 * @compression: how pages are stored
 * @max_seconds: how long a dump may take, in s; 0: no limit
 * @helpers: how many parked CPUs may help
 * @reboot: a dump that is whole ends the chain; else the next handler runs
 * @live_max_ms: how long a live dump may stop the machine, in ms
 */
struct dump_policy {
	unsigned int		level;
	enum dump_compression	compression;
	unsigned int		max_seconds;
	unsigned int		helpers;
	bool			reboot;
	unsigned int		live_max_ms;
};

/**
 * struct dump_session - a dump in the making
 * @stop: the stop
 * @arena: the engine's memory
 * @target: where to
 * @policy: as it was when the dump began
 * @layout: see struct dump_layout
 * @result: what is told of it
 * @log: of a dump that is sealed
 * @before: what former targets of this stop have
 * @after: the same, and what this one has
 * @end: where the next page goes, in bytes
 * @zero: where the page of zeros is, in bytes; 0: nowhere yet
 * @begin_ns: when it began, by the framework's clock
 * @told_ns: when the log was told last how far it is
 */
struct dump_session {
	const struct ras_stop	*stop;
	struct dump_arena	*arena;
	struct dump_target	*target;
	struct dump_policy	policy;
	struct dump_layout	layout;
	struct dump_result	*result;
	struct dump_log		log;
	struct dump_mark	before;
	struct dump_mark	after;
	u64			end;
	u64			zero;
	u64			begin_ns;
	u64			told_ns;
};

static inline u32 dump_ms(u64 ns)
{
	return div_u64(ns, NSEC_PER_MSEC);
}

/* How many characters of a refused text the log shows, without echo(1)'s newline. */
static inline int dump_word_of(const char *text)
{
	return min_t(size_t, strcspn(text, "\n"), 20);
}

/* hide.c */
void dump_hide(struct page *page, bool hide);
void dump_hide_range(const void *start, size_t bytes, bool hide);
void *dump_secret_alloc(size_t bytes);
void dump_secret_free(void *secret, size_t bytes);

/* class.c */
enum dump_class dump_class_of(struct dump_look *look, unsigned long pfn);
bool dump_level_keeps(unsigned int level, enum dump_class class);

/* classify.c */
void dump_classify_stretch(const struct dump_arena *arena, struct dump_stretch *to,
			   unsigned long start, unsigned int level);
void dump_classify(struct dump_session *s);

/* passes.c */
void dump_mark_first(struct dump_arena *arena);
int dump_write_pages(struct dump_session *s);

/* pipe.c */
void dump_lot_pack(struct dump_pipe *pipe, struct dump_lot *lot);
int dump_pipe_begin(struct dump_pipe *pipe, const struct ras_stop *stop, unsigned int helpers,
		    void (*work)(struct dump_pipe *pipe, struct dump_lot *lot));
void dump_pipe_end(struct dump_pipe *pipe, const struct ras_stop *stop);
struct dump_lot *dump_pipe_free(struct dump_pipe *pipe);
struct dump_lot *dump_pipe_packed(struct dump_pipe *pipe);
bool dump_pipe_is_empty(const struct dump_pipe *pipe);
bool dump_lot_is_on_its_way(const struct dump_lot *lot);
void dump_pipe_work(struct dump_pipe *pipe, const struct ras_stop *stop, struct dump_log *log);
void dump_lot_filled(struct dump_lot *lot, struct dump_log *log);
void dump_lot_stored(struct dump_lot *lot);
int dump_pipe_alloc_memory(struct dump_pipe *pipe, enum dump_compression compression);
void dump_pipe_free_memory(struct dump_pipe *pipe);

/* pack.c */
size_t dump_pack_work_bytes(enum dump_compression compression);
size_t dump_pack_room(void);
size_t dump_pack_page(enum dump_compression compression, const void *page, void *at, void *work);

/* store.c */
int dump_store_start(struct dump_session *s);
int dump_store(struct dump_session *s, u64 offset, const void *data, size_t size);
int dump_store_append(struct dump_session *s, const void *data, size_t size);
int dump_store_lot(struct dump_session *s, const struct dump_lot *lot);
int dump_store_flush(struct dump_session *s);
int dump_store_finish(struct dump_session *s, bool whole);
u64 dump_store_bytes(const struct dump_session *s);

/* format.c */
void dump_lay_out(struct dump_session *s);
int dump_write_meta(struct dump_session *s);
int dump_write_header(struct dump_session *s, bool whole);
int dump_write_desc(struct dump_session *s, u64 rank, u64 offset, u32 size, u32 flags);

/* desc.c */
void dump_make_desc(void *at, u64 offset, u32 size, u32 flags);
void dump_read_desc(const void *at, u64 *offset, u32 *size);
void dump_cut_header(void *page);

/* arena.c */
struct dump_arena *dump_arena_make(enum dump_compression compression, bool with_pipe);
void dump_arena_free(struct dump_arena *arena);
void dump_leave_out_arena(const struct dump_arena *arena);
size_t dump_arena_bytes(const struct dump_arena *arena);
void dump_stamp_vmcoreinfo(struct dump_arena *arena);

/* session.c */
void dump_run(struct dump_session *s);

/* report.c */
const char *dump_end_name(enum dump_end end);
void dump_tell(const struct dump_session *s);
void dump_tell_progress(struct dump_session *s, enum dump_pass pass);

/* handler.c */
extern struct dump_policy dump_policy;
extern struct dump_result dump_result;
int dump_handlers_init(struct dump_target *memory);
int dump_targets_set(const char *text);
int dump_compression_set(enum dump_compression compression);
int dump_key_set(const u8 *recipient);
ssize_t dump_key_show(char *buf);
ssize_t dump_targets_show(char *buf);
size_t dump_memory_taken(void);

/* live.c */
int dump_live_init(struct kobject *parent);

/* mem.c */
struct dump_target *dump_mem_init(struct kobject *parent, const char *text);

#endif /* _RAS_DUMP_H */
