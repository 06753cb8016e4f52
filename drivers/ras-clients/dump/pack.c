// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: a page is made smaller.
 *
 * By the kernel's own compressors, with working memory that was allocated before.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
/* After mm.h: it does not include what it needs. */
#include <linux/lzo.h>
#include <linux/zstd.h>

#include "dump.h"

/* The fastest; the others save little of a page, and take twice the time. */
#define DUMP_ZSTD_LEVEL		1

/**
 * dump_pack_work_bytes() - how much working memory a compressor needs
 * @compression: the compressor
 *
 * Context: Any.
 * Return: the size in bytes.
 */
size_t dump_pack_work_bytes(enum dump_compression compression)
{
	zstd_parameters zstd;

	switch (compression) {
	case DUMP_LZO:
		return LZO1X_1_MEM_COMPRESS;
	case DUMP_ZSTD:
		zstd = zstd_get_params(DUMP_ZSTD_LEVEL, PAGE_SIZE);
		return zstd_cctx_workspace_bound(&zstd.cParams);
	default:
		return 0;
	}
}

/* How much a compressor may write, in bytes: LZO makes some pages larger. */
size_t dump_pack_room(void)
{
	return lzo1x_worst_compress(PAGE_SIZE);
}

/**
 * dump_pack_page() - compress a page
 * @compression: how
 * @page: the page
 * @at: to where; dump_pack_room() bytes
 * @work: working memory; dump_pack_work_bytes() bytes
 *
 * Context: Any; the same @work by one CPU at a time.
 * Return: how many bytes it takes, less than a page; 0 if it does not become smaller.
 */
size_t dump_pack_page(enum dump_compression compression, const void *page, void *at, void *work)
{
	zstd_parameters zstd;
	zstd_cctx *context;
	size_t size = 0;

	switch (compression) {
	case DUMP_LZO:
		if (lzo1x_1_compress(page, PAGE_SIZE, at, &size, work) != LZO_E_OK)
			return 0;
		break;
	case DUMP_ZSTD:
		zstd = zstd_get_params(DUMP_ZSTD_LEVEL, PAGE_SIZE);
		context = zstd_init_cctx(work, zstd_cctx_workspace_bound(&zstd.cParams));
		if (!context)
			return 0;
		size = zstd_compress_cctx(context, at, PAGE_SIZE - 1, page, PAGE_SIZE, &zstd);
		/*
		 * An error is a size near the largest there is.  zstd_is_error() comes with the
		 * decompressor only.
		 */
		break;
	default:
		break;
	}
	return size < PAGE_SIZE ? size : 0;
}
