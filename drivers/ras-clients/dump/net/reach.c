// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: the way to a server, and the card that sends there,
 * kept as they are now.
 *
 * In a crash nobody can look up a route or a neighbour, or allocate rings for a card.  So that
 * is done in advance, again every ten seconds, and when the kernel tells of a change.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/etherdevice.h>
#include <linux/kernel.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/printk.h>
#include <linux/ras_netdump.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <net/neighbour.h>
#include <net/netevent.h>

#include "card.h"
#include "reach.h"
#include "route.h"

/* How long arming waits for the hop's address, in ms. */
#define DUMP_RESOLVE_MS		1000
/* A packet that has all that any server takes. */
#define DUMP_NET_MTU_MAX	(RAS_NETDUMP_BYTES_MAX + 128)
/* How often the way is looked up again, and while there is none. */
#define DUMP_REFRESH		(10 * HZ)
#define DUMP_REFRESH_TROUBLE	HZ
/* Why no card was armed, if that is to be tried again. */
#define DUMP_REACH_BUSY		"its card gets or loses its driver"

static struct dump_path *dump_reach_current(struct dump_reach *r)
{
	return &r->path[r->path_nr];
}

/* Get the card ready, and note from now on when its device loses the driver. */
static struct dump_card *dump_reach_take(const struct dump_reach *r, struct net_device *lower,
					 unsigned int mtu)
{
	struct dump_card *card = dump_card_arm(lower, mtu);
	int ret;

	if (IS_ERR(card))
		return card;
	ret = dump_device_watch(&card->device, r->name);
	if (!ret)
		return card;
	dump_card_disarm(card);
	return ERR_PTR(ret);
}

/*
 * Get the card of an interface ready; or -EBUSY if its device gets or loses its driver just now.
 * Waiting for that would never end: a driver that leaves waits until nobody holds the interface,
 * which the caller does.
 */
static struct dump_card *dump_reach_arm(const struct dump_reach *r, struct net_device *lower,
					unsigned int mtu)
{
	struct pci_dev *pdev = dump_device_pci(lower->dev.parent);
	struct dump_card *card;

	if (pdev && !device_trylock(&pdev->dev))
		return ERR_PTR(-EBUSY);
	card = dump_reach_take(r, lower, mtu);
	if (pdev)
		device_unlock(&pdev->dev);
	return card;
}

/* No path has the card any more. */
static void dump_reach_disarm(struct dump_card *card)
{
	dump_device_unwatch(&card->device);
	/* Pairs with rcu_read_lock() in dump_reach_not_ready(). */
	synchronize_rcu();
	dump_card_disarm(card);
}

/*
 * The card of an interface: the one that is armed; or a new one, if frames go by another card
 * now, as when a bond has changed, or if the device was without a driver meanwhile.
 */
static struct dump_card *dump_reach_card(struct dump_reach *r, struct net_device *lower)
{
	struct dump_card *old = dump_reach_current(r)->card, *card;

	if (dump_device_pci(lower->dev.parent) == old->device.pdev &&
	    !dump_device_is_gone(&old->device))
		return old;
	/* The log has said why. */
	if (lower->ifindex == r->refused)
		return ERR_PTR(-EOPNOTSUPP);
	/* Frames of the same size: what the target has allocated is counted once. */
	card = dump_reach_arm(r, lower, dump_card_room(old));
	if (card != ERR_PTR(-EBUSY))
		r->refused = IS_ERR(card) ? lower->ifindex : 0;
	if (!IS_ERR(card))
		pr_info("%s: goes by %s now, %s\n", r->name, card->name, card->ops->name);
	return card;
}

/* A stop takes the new path from now on.  What was known of the hop is better than nothing. */
static void dump_reach_publish(struct dump_reach *r, struct dump_path *new,
			       struct dump_card *card)
{
	struct dump_path *old = dump_reach_current(r);

	new->way.mtu = min_t(size_t, new->way.mtu, dump_card_room(card));
	if (!new->way.has_hop && old->way.has_hop &&
	    !memcmp(&new->way.hop, &old->way.hop, sizeof(new->way.hop))) {
		ether_addr_copy(new->way.hop_mac, old->way.hop_mac);
		new->way.has_hop = true;
	}
	/* A reader that found this path two refreshes ago may be looking at its card. */
	WRITE_ONCE(new->card, card);
	/* Pairs with the acquire in dump_reach_path(). */
	smp_store_release(&r->path_nr, !r->path_nr);
	if (old->card != card)
		dump_reach_disarm(old->card);
}

/* Look up the path; why there is none, or NULL. */
static const char *dump_reach_look(struct dump_reach *r)
{
	struct dump_path *new = &r->path[!r->path_nr];
	struct net_device *lower = dump_route_find(&r->server, &new->way);
	struct dump_card *card;

	/*
	 * A bridge forgets sooner than neighbours do, and learns again when the hop speaks; and
	 * while a dump waits for an answer, a link of the bond may come back.
	 */
	if ((lower == ERR_PTR(-EHOSTDOWN) || lower == ERR_PTR(-ENETDOWN)) &&
	    !memcmp(&new->way.hop, &dump_reach_current(r)->way.hop, sizeof(new->way.hop)))
		return r->trouble;
	if (IS_ERR(lower))
		return dump_route_why(PTR_ERR(lower));
	card = dump_reach_card(r, lower);
	dev_put(lower);
	if (card == ERR_PTR(-EBUSY))
		return DUMP_REACH_BUSY;
	if (IS_ERR(card))
		return "its route goes by another interface now, whose card cannot be armed";
	dump_reach_publish(r, new, card);
	return NULL;
}

static void dump_reach_refresh(struct work_struct *work)
{
	struct dump_reach *r = container_of(to_delayed_work(work), struct dump_reach, refresh);
	const char *trouble = dump_reach_look(r);

	if (trouble != r->trouble)
		pr_info("%s: %s\n", r->name, trouble ?: "can be reached again");
	WRITE_ONCE(r->trouble, trouble);
	/* No event tells that the check of an address for duplicates has ended. */
	schedule_delayed_work(&r->refresh, trouble ? DUMP_REFRESH_TROUBLE : DUMP_REFRESH);
}

/**
 * dump_reach_is_hop() - has the hop told its address?
 * @r: the way
 * @neighbour: a neighbour that has changed
 *
 * A hop that does not answer is ignored: the refresh would ask it again, it would not answer
 * again, and so on without end.
 *
 * Context: Any.
 * Return: it has.
 */
bool dump_reach_is_hop(const struct dump_reach *r, const struct neighbour *neighbour)
{
	const struct dump_way *way = &dump_reach_path(r)->way;

	if (!(READ_ONCE(neighbour->nud_state) & NUD_VALID) ||
	    neighbour->tbl->family != r->server.family)
		return false;
	/*
	 * A second refresh may write this way meanwhile.  Then there may be one refresh too many,
	 * or the next one, within ten seconds, finds what has changed.
	 */
	return !data_race(memcmp(neighbour->primary_key, &way->hop, neighbour->tbl->key_len));
}

static int dump_reach_event(struct notifier_block *self, unsigned long event, void *data)
{
	struct dump_reach *r = container_of(self, struct dump_reach, events);

	if (event == NETEVENT_REDIRECT ||
	    (event == NETEVENT_NEIGH_UPDATE && dump_reach_is_hop(r, data)))
		mod_delayed_work(system_wq, &r->refresh, 0);
	return NOTIFY_OK;
}

static int dump_reach_interface(struct notifier_block *self, unsigned long event, void *data)
{
	struct dump_reach *r = container_of(self, struct dump_reach, interfaces);

	mod_delayed_work(system_wq, &r->refresh, 0);
	return NOTIFY_OK;
}

/* Look up the path for the first time. */
static int dump_reach_find(struct dump_reach *r)
{
	struct dump_path *path = &r->path[0];
	struct net_device *lower = dump_route_resolve(&r->server, &path->way, DUMP_RESOLVE_MS);
	struct dump_card *card;

	if (IS_ERR(lower)) {
		pr_warn("%s: %s: %pe\n", r->name, dump_route_why(PTR_ERR(lower)), lower);
		return PTR_ERR(lower);
	}
	path->way.mtu = min_t(size_t, path->way.mtu, DUMP_NET_MTU_MAX);
	r->path_nr = 0;
	r->refused = 0;
	r->trouble = NULL;
	card = dump_reach_arm(r, lower, path->way.mtu);
	dev_put(lower);
	if (card == ERR_PTR(-EBUSY))
		pr_warn("%s: %s: %pe\n", r->name, DUMP_REACH_BUSY, card);
	if (IS_ERR(card))
		return PTR_ERR(card);
	WRITE_ONCE(path->card, card);
	return 0;
}

static void dump_reach_drop(struct dump_reach *r)
{
	struct dump_path *path = dump_reach_current(r);
	struct dump_card *card = path->card;

	WRITE_ONCE(path->card, NULL);
	dump_reach_disarm(card);
}

/**
 * dump_reach_begin() - look up the path to a server, and keep it as it is now
 * @r: the path; server and name are set
 *
 * Context: Process context; sleeps while the hop does not tell its address.
 * Return: 0; the errno of dump_route_find() or dump_card_arm(), with a line in the log; or that
 *	of a notifier that cannot be registered.
 */
int dump_reach_begin(struct dump_reach *r)
{
	int ret = dump_reach_find(r);

	if (ret)
		return ret;
	r->events.notifier_call = dump_reach_event;
	r->interfaces.notifier_call = dump_reach_interface;
	INIT_DELAYED_WORK(&r->refresh, dump_reach_refresh);
	ret = register_netevent_notifier(&r->events);
	if (ret)
		goto drop;
	ret = register_netdevice_notifier(&r->interfaces);
	if (ret)
		goto unregister;
	schedule_delayed_work(&r->refresh, DUMP_REFRESH);
	return 0;

unregister:
	unregister_netevent_notifier(&r->events);
	cancel_delayed_work_sync(&r->refresh);
drop:
	dump_reach_drop(r);
	return ret;
}

/**
 * dump_reach_end() - keep the path no more
 * @r: the path, of dump_reach_begin()
 *
 * Context: Process context.
 */
void dump_reach_end(struct dump_reach *r)
{
	unregister_netdevice_notifier(&r->interfaces);
	unregister_netevent_notifier(&r->events);
	cancel_delayed_work_sync(&r->refresh);
	dump_reach_drop(r);
}

/**
 * dump_reach_path() - the path as it is now
 * @r: the path
 *
 * Context: Any.  In a stop nobody writes it; else its card is there to the end of an RCU read
 * section.
 * Return: the path.
 */
const struct dump_path *dump_reach_path(const struct dump_reach *r)
{
	/* Pairs with the release in dump_reach_publish(). */
	return &r->path[smp_load_acquire(&r->path_nr)];
}

/**
 * dump_reach_not_ready() - why the server cannot be reached now
 * @r: the path
 *
 * Context: Any, also while nobody keeps the path.
 * Return: the reason, or %NULL.
 */
const char *dump_reach_not_ready(const struct dump_reach *r)
{
	const struct dump_card *card;
	const char *reason;

	/* Pairs with synchronize_rcu() in dump_reach_disarm(). */
	rcu_read_lock();
	card = READ_ONCE(dump_reach_path(r)->card);
	if (!card)
		reason = "disabled";
	else if (dump_device_is_gone(&card->device))
		reason = "its device has lost its driver";
	else
		reason = READ_ONCE(r->trouble);
	rcu_read_unlock();
	return reason;
}
