/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: a model of the core, for the model checker SPIN.
 *
 * "./ras check" runs it; tools/ras-test/raslab/model.py knows how.  By hand:
 *
 *	spin -a -DPARK -DCPUS=2 stop.pml
 *	gcc -O2 -w -DSAFETY -DNOREDUCE -DCOLLAPSE -o pan pan.c
 *	./pan -E -m200000
 *	spin -t -p -DPARK -DCPUS=2 stop.pml	# the way to an error
 *
 * One configuration is chosen by a define.
 *
 *	PARK		ownership, parking, release, end, late CPUs, nudges
 *	WATCH		deadline, takeover, takeover of a takeover, hand-over
 *	HELP		parked CPUs that work for a handler, their end and recall
 *	REGISTRY	unregistering a handler that is running
 *
 * What the model checks:
 *
 *  - Assertions.  OWNER_ACTS stands before each store that is the owner's alone.
 *  - everybody_is_fine().  No wait of the model is a loop: a wait is a statement that
 *    blocks, and a wait with a timeout has a second branch that does not block.  When no
 *    process can run any more, each CPU has to be at a place where it may stay for ever.
 *  - The formulas at the end of the file.
 *
 * DEFECT_n puts a known defect back, n being its number in the review that found it.
 * WITNESS_x makes an error of something that has to be reached.
 * RACE_x describes the code of a race that this model has found.  Without these defines
 * the model describes the design in which all of them are mended.
 *
 * Which part is which function:
 *
 *	label or inline			function			file
 *	ras_machine_stopped		ras_machine_stopped()		park.c
 *	ras_park			ras_park()			park.c
 *	ras_await_order			ras_await_order(), ras_obey()	park.c
 *	ras_lose, ras_obey_in_nmi	the same			stop.c, park.c
 *	ras_machine_stop		ras_own(), ras_machine_stop()	stop.c
 *	ras_panic_lost			ras_panic_lost()		trigger.c
 *	ras_begin			ras_begin()			stop.c
 *	ras_gather			ras_gather()			stop.c
 *	ras_add_newcomers		ras_add_newcomers()		stop.c
 *	ras_finish			ras_finish(), ras_run_chain()	stop.c, chain.c
 *	ras_release			ras_release()			stop.c
 *	ras_end				ras_end()			stop.c
 *	ras_machine_handover		ras_machine_handover()		stop.c
 *	ras_await_left			ras_await_left()		stop.c
 *	ras_guard_call			ras_guard_call(), ras_watch_begin()  guard.c, watch.c
 *	ras_guard_leave			ras_guard_leave(), ras_watch_end()   guard.c, watch.c
 *	ras_guard_strike		ras_guard_strike()		guard.c
 *	ras_guard_lost			ras_guard_lost()		guard.c
 *	ras_watch			ras_watch(), ras_ask_owner()	watch.c
 *	ras_become_owner		ras_become_owner()		watch.c
 *	ras_become_parked		ras_become_parked()		watch.c
 *	CAN_WATCH			ras_watcher()			watch.c
 *	ras_obey_call			ras_obey_call(), ras_guard_parked()  parked_call.c, guard.c
 *	ras_call_parked			ras_machine_call_parked()	parked_call.c
 *	ras_call_parked_end		ras_machine_call_parked_end()	parked_call.c
 *	ras_remove_handler		ras_remove_handler()		registry.c
 *	slot[], stop_*, watch_*		struct ras_slot, ras_stop, ras_watch  internal.h
 */

#ifndef CPUS
#define CPUS		3
#endif
#if CPUS == 3
#define ALL_CPUS(what)	(what(0) && what(1) && what(2))
#else
#define ALL_CPUS(what)	(what(0) && what(1))
#endif
#define RAS_NOBODY	7

/* enum ras_state */
#define RAS_IDLE	1
#define RAS_STOPPING	2
#define RAS_STOPPED	3
#define RAS_RELEASING	4
#define RAS_ENDED	5
#define RAS_HANDED_OVER	6

/* enum ras_order_op */
#define RAS_ORDER_STAY		0
#define RAS_ORDER_WATCH		1
#define RAS_ORDER_CALL		2
#define RAS_ORDER_RELEASE	3
#define RAS_ORDER_RETIRE	4
#define RAS_ORDER_HANDOVER	5

/* An order: the sequence, the number of the call, and the operation. */
#define RAS_ORDER(sequence, op)		((sequence) * 256 + (op))
#define RAS_ORDER_TO(sequence, op, nr)	((sequence) * 256 + (nr) * 8 + (op))
#define RAS_ORDER_SEQUENCE(order)	((order) / 256)
#define RAS_ORDER_NR(order)		(((order) / 8) % 32)
#define RAS_ORDER_OP(order)		((order) % 8)

/* In stop_how[]: enum ras_how, and the sets of CPUs that struct ras_stop has. */
#define RAS_HOW_NONE	0
#define RAS_HOW_OWNER	1
#define RAS_HOW_PARKED	2	/* RAS_HOW_IPI, RAS_HOW_NMI, RAS_HOW_SELF */
#define RAS_HOW_MISSING	3

/* What a CPU wants of ras_machine_stop(). */
#define RAS_TRIGGER_NONE	0
#define RAS_TRIGGER_API		1	/* a stop that is released */
#define RAS_TRIGGER_PANIC	2

/*
 * How much happens.  STOPS: on CPU 0, with a release.  PANICS: an
 * oops on CPU 0 that is fatal.  NMI_STOPS,
 * NMI_PANICS: the same in an NMI, on any CPU.  HANDLERS: in a chain.  HANGS: how many of
 * them hang.  MISSES: how often MWAIT does not see a store.
 */
#ifndef STOPS
#define STOPS		1
#endif
#ifndef PANICS
#define PANICS		0
#endif
/*
 * COARSE: what a CPU stores into its own slot is one step, and a deadline passes only where
 * the handler takes its time.  For the configuration with the most CPUs and takeovers.
 */
#ifdef COARSE
#define AT_ONCE		1
#define IS_LATE		late
#else
#define AT_ONCE		nmi
#define IS_LATE		1
#endif

/* An abandoned handler has left a call, which its abandoned() is to end. */
#ifdef RACE_CALL_END
#define PARKED_CALL_LEFT	1
#else
#define PARKED_CALL_LEFT	0
#endif

/*
 * In PARK any CPU may be stopped by IPI or NMI, or be missing.  Elsewhere CPU 1 of
 * three is stopped by NMI, others by IPI if they can take one, and none is missing at first.
 */
#ifdef PARK
#define MISSING		1
#define BY_IPI(c)	1
#define BY_NMI(c)	1
#else
#define MISSING		0
#define BY_IPI(c)	(CPUS == 2 || (c) != 1)
#define BY_NMI(c)	(!BY_IPI(c) || in_nmi[c] || !cpu[c]@end_run)
#endif

#ifdef PARK
#define HANDLERS	0
#define HANGS		0
#ifndef MISSES
#define MISSES		1
#endif
#ifndef NMI_PANICS
#define NMI_PANICS	1
#endif
#ifndef NMI_STOPS
#define NMI_STOPS	0
#endif
#endif

#ifdef WATCH
#ifndef HANDLERS
#define HANDLERS	2
#endif
#ifndef HANGS
#define HANGS		2
#endif
#define MISSES		0
#ifndef NMI_PANICS
#define NMI_PANICS	1
#endif
#define NMI_STOPS	0
#endif

#ifdef HELP
#define HANDLERS	1
#define HANGS		0
#define MISSES		0
#ifndef NMI_PANICS
#define NMI_PANICS	1
#endif
#define NMI_STOPS	0
#define CALLS		2
#endif

#ifndef REGISTRY

typedef ras_slot {
	short	order;
	byte	parked;
	bit	parking;
	bit	by_nmi;			/* record.how == RAS_HOW_NMI */
	bit	guard_active;
	bit	guard_parked;
	bit	inside;			/* struct ras_landing */
	bit	landed;			/* an NMI has changed where this CPU goes on */
	bit	asleep;			/* in MWAIT, which has missed a store */
	byte	guard_call;
	byte	calling;
	byte	called;
};

/* struct ras_machine */
byte owner = RAS_NOBODY;
byte state = RAS_IDLE;
byte running;
byte calls;
byte stop_sequence;
bit stop_resumable;
byte stop_how[CPUS];
byte step_next;
byte watch_cpu = RAS_NOBODY;
byte watch_strike;
ras_slot slot[CPUS];
byte panic_cpu = RAS_NOBODY;

/* struct ras_parked_call.  fn and arg are the number of the call that they belong to. */
bit parked_call_active;
byte parked_call_nr;
byte parked_call_fn;
byte parked_call_arg;

/*
 * The CPUs.  Process c is what CPU c does outside of NMIs, process CPUS + c what it does in
 * an NMI.  The former does not run while in_nmi[c] is set.
 */
bit in_nmi[2 * CPUS];
bit nmi_pending[CPUS];

/* What is yet to happen. */
byte nmi_panics = NMI_PANICS;
byte nmi_stops = NMI_STOPS;
byte misses = MISSES;
byte hangs = HANGS;
byte stops = STOPS;
byte panics = PANICS;

/* Known to the checker only. */
bit released[8];		/* by sequence: the owner has released it */
bit late;			/* the handler takes its time */
bit ended;			/* the chain of a crash has ended, or it is handed over */
#ifdef HELP
bit buffer[8];			/* by call: parked CPUs may touch it */
#endif

/* In a process: its CPU, and whether it is the NMI. */
#define me		(_pid % CPUS)
#define nmi		(_pid >= CPUS)

#define HAS_PARKED(c)	(slot[c].parked == stop_sequence)

/* ras_wants_cpus() */
#define WANTS_CPUS	(state == RAS_STOPPING || state == RAS_STOPPED || \
			 state == RAS_ENDED || state == RAS_HANDED_OVER)

/* ras_order_ends() */
#define ORDER_ENDS(order, sequence) \
	(RAS_ORDER_SEQUENCE(order) > sequence || \
	 (RAS_ORDER_SEQUENCE(order) == sequence && \
	  RAS_ORDER_OP(order) >= RAS_ORDER_RELEASE))

/*
 * An NMI that panics.  On the owner it goes the kernel's own way.  CPUs 1 and 2 are alike, so
 * the first one is on the last CPU.
 */
#define NMI_PANICS_HERE	(nmi_panics && owner != me && \
			 (me == CPUS - 1 || (me == CPUS - 2 && nmi_panics < NMI_PANICS)))

/* No CPU of that description has yet to park, or to leave. */
#define CPU_PARKED(c)	(c == me || stop_how[c] != RAS_HOW_NONE || HAS_PARKED(c))
#define ALL_PARKED	ALL_CPUS(CPU_PARKED)
#define CPU_LEFT(c)	(stop_how[c] != RAS_HOW_PARKED || !HAS_PARKED(c))
#define ALL_LEFT	ALL_CPUS(CPU_LEFT)

/*
 * Also one that has parked after the last look of ras_add_newcomers(), which the owner does
 * not know.
 */
#ifdef RACE_NUDGE
#define TO_NUDGE(c)	(!CPU_LEFT(c))
#else
#define TO_NUDGE(c)	(HAS_PARKED(c))
#endif

/* ras_in_call(), for all CPUs */
#define NOT_IN_CALL(c)	(!slot[c].calling)
#define NONE_IN_CALL	ALL_CPUS(NOT_IN_CALL)

/* ras_watcher() takes the first such CPU by the way that it was stopped; here it is any. */
#ifdef DEFECT_3
#define CAN_WATCH(c)	(c != me && stop_how[c] == RAS_HOW_PARKED && HAS_PARKED(c) && \
			 !slot[c].calling)
#else
#define CAN_WATCH(c)	(c != me && stop_how[c] == RAS_HOW_PARKED && HAS_PARKED(c) && \
			 !slot[c].calling && !slot[c].guard_active)
#endif

#define CANNOT_WATCH(c)	(!CAN_WATCH(c))

/* ras_watch_over() */
#define WATCH_OVER(nr)	(running != nr || \
			 slot[me].order != RAS_ORDER_TO(sequence, RAS_ORDER_WATCH, nr))

/* A CPU that came by NMI must not sleep where nothing but an NMI wakes. */
#ifdef DEFECT_12
#define USES_MWAIT	1
#else
#define USES_MWAIT	(!nmi)
#endif

/* Before each store that only the owner may make. */
#define OWNER_ACTS	assert(owner == me)

/* A second one, sent before the first one arrives, makes no difference. */
inline send_nmi(to)
{
#ifdef COARSE
	/* One that would find nothing to do is not sent. */
	if
	:: slot[to].parking && !slot[to].guard_active
	:: else -> nmi_pending[to] = 1
	fi
#else
	nmi_pending[to] = 1
#endif
}

/* ras_give_order(), to one CPU after the other in PARK, and at once elsewhere */
#ifdef PARK
#define GIVE_ORDER
#else
#define GIVE_ORDER	atomic
#endif
inline ras_give_order(op)
{
	do
	:: atomic {
		i < CPUS ->
		OWNER_ACTS;
		slot[i].order = RAS_ORDER(stop_sequence, op);
		i++
	   }
	:: atomic { i == CPUS -> i = 0; break }
	od
}

/* ras_guard_strike() */
inline ras_guard_strike()
{
	if
	:: slot[me].guard_active && slot[me].inside && watch_strike == slot[me].guard_call ->
		slot[me].inside = 0;
		slot[me].landed = 1
	:: else
	fi
}

/* ras_guard_lost(), with ras_call_is_over() */
inline ras_guard_lost()
{
	if
	:: slot[me].guard_active && slot[me].inside &&
	   ((slot[me].guard_parked && RAS_ORDER_OP(slot[me].order) != RAS_ORDER_CALL) ||
	    (!slot[me].guard_parked && running != slot[me].guard_call)) ->
		slot[me].inside = 0;
		slot[me].landed = 1
	:: else
	fi
}

active [2 * CPUS] proctype cpu() provided (!in_nmi[_pid])
{
	byte trigger;		/* struct ras_request */
	byte sequence;		/* of ras_park() */
	byte call;		/* the guarded call, or the one that is watched */
	byte i;
	bit parked;		/* likewise of ras_park() */
	bit losing;		/* ras_park() was called by ras_lose() */
	bit panic_lost;		/* by ras_panic_lost() */
	bit taken;		/* this CPU has taken over */
	bit stale;		/* this CPU has lost a takeover */
	bit was_parking;	/* of the context that this NMI has interrupted */
	bit last;		/* the chain is done */
	byte fn, arg;		/* struct ras_parked_fn */

	/* The kernel at work, or an NMI that has yet to come. */
end_run:
	atomic {
		if
		/* Each stop sends one, and it has no effect outside of a stop. */
		:: !nmi && BY_IPI(me) && WANTS_CPUS && owner != me -> goto ras_park
		:: _pid == 0 && stops ->
			stops--;
			trigger = RAS_TRIGGER_API;
			goto ras_machine_stop
		/* ras_crash_kexec(): it does not ask for panic_cpu. */
		:: _pid == 0 && panics ->
			panics--;
			trigger = RAS_TRIGGER_PANIC;
			goto ras_machine_stop
		:: nmi && nmi_pending[me] ->
			nmi_pending[me] = 0;
			in_nmi[me] = 1;
			goto ras_machine_stopped
		:: nmi && NMI_PANICS_HERE ->
			nmi_panics--;
			in_nmi[me] = 1;
			trigger = RAS_TRIGGER_PANIC;
			goto ras_machine_stopped
		:: nmi && nmi_stops && owner != me ->
			nmi_stops--;
			in_nmi[me] = 1;
			trigger = RAS_TRIGGER_API;
			goto ras_machine_stopped
		fi
	}

go_on:	/* Return to what was interrupted. */
	atomic {
		trigger = RAS_TRIGGER_NONE;
		in_nmi[me] = 0;
		goto end_run
	}

	/* ---- An NMI ---- */

ras_machine_stopped:
	atomic {
		slot[me].asleep = 0;
		if
		:: owner == me ->
			ras_guard_strike();
			goto nmi_seen
		/* Somebody else's NMI in the grace period. */
		:: owner != me && trigger && !nmi_pending[me] && state == RAS_STOPPING ->
			goto nmi_seen
		:: else -> goto ras_park
		fi
	}
nmi_parked:
	atomic { ras_guard_lost(); goto nmi_seen }
nmi_seen:
	atomic {
		if
		:: trigger == RAS_TRIGGER_PANIC -> goto panic
		:: trigger == RAS_TRIGGER_API -> goto ras_machine_stop
		:: else -> goto go_on
		fi
	}

	/* ---- The side of a CPU that is stopped ---- */

ras_park:
	atomic {
		if
		:: slot[me].parking -> goto ras_park_return
		:: else -> goto again
		fi
	}
again:
	atomic {
		if
		:: !WANTS_CPUS || owner == me || (parked && stop_sequence == sequence) ->
			goto ras_park_return
		:: else -> skip
		fi
	}
	/* An NMI may come between any two of these, but not in an NMI. */
	if
	:: atomic {
		AT_ONCE ->
		slot[me].parking = 1;
		sequence = stop_sequence;
		slot[me].by_nmi = nmi && !losing;
		slot[me].parked = sequence
	   }
	:: atomic { !AT_ONCE -> slot[me].parking = 1 };
	   atomic { sequence = stop_sequence; slot[me].by_nmi = 0 };
	   slot[me].parked = sequence
	fi;

ras_await_order:
	atomic {
		if
		:: ORDER_ENDS(slot[me].order, sequence) -> skip
		:: RAS_ORDER_SEQUENCE(slot[me].order) == sequence &&
		   RAS_ORDER_OP(slot[me].order) == RAS_ORDER_WATCH &&
		   running == RAS_ORDER_NR(slot[me].order) ->
			call = running;
			goto ras_watch
#ifdef HELP
		:: RAS_ORDER_SEQUENCE(slot[me].order) == sequence &&
		   RAS_ORDER_OP(slot[me].order) == RAS_ORDER_CALL &&
		   slot[me].called != RAS_ORDER_NR(slot[me].order) &&
		   !slot[me].guard_active ->
			call = RAS_ORDER_NR(slot[me].order);
			goto ras_obey_call
#endif
		/* The store that comes next does not wake it; an NMI does. */
		:: misses && USES_MWAIT && !ORDER_ENDS(slot[me].order, sequence) ->
			misses--;
			slot[me].asleep = 1;
			goto asleep
		fi;
		/* ras_obey() */
		if
		:: RAS_ORDER_SEQUENCE(slot[me].order) != sequence ||
		   RAS_ORDER_OP(slot[me].order) == RAS_ORDER_RELEASE ->
			assert(released[sequence])
		:: else ->
			assert(ended);
			slot[me].parked = 0;
			sequence = 0;
			goto end_halt
		fi
	}
	if
	:: atomic {
		AT_ONCE ->
		slot[me].parking = 0;
		slot[me].by_nmi = 0;
		slot[me].parked = 0
	   }
	:: atomic { !AT_ONCE -> slot[me].parking = 0 };
	   slot[me].parked = 0
	fi;
	atomic { parked = 1; goto again }

asleep:	atomic { !slot[me].asleep -> goto ras_await_order }

ras_park_return:
	atomic {
		parked = 0;
		sequence = 0;
		if
		:: losing -> goto ras_lose_return
		:: !losing && nmi -> goto nmi_parked
		:: !losing && !nmi -> goto end_run
		fi
	}

end_halt:
	/* Retired. */
	false;

	/* ---- A CPU that wants a stop ---- */

panic:
	atomic {
		if
		:: panic_cpu == RAS_NOBODY -> panic_cpu = me
		:: panic_cpu == me
		:: else -> panic_lost = 1; goto ras_lose
		fi
	}

ras_machine_stop:
	atomic {
		if
		:: owner == RAS_NOBODY ->
			owner = me;
#ifndef DEFECT_2
			was_parking = slot[me].parking;
			slot[me].parking = 0;
			slot[me].parked = 0;
#endif
#ifndef RACE_GUARD
			/* The guard of the context below is put away as well. */
			slot[me].guard_active = 0;
			slot[me].inside = 0;
			slot[me].landed = 0;
#endif
			goto ras_begin
		:: else
		fi
	}

ras_lose:
	atomic {
		losing = 1;
		if
		:: !slot[me].parking -> goto ras_lose_in_park
#ifdef DEFECT_2
		:: slot[me].parking && stale ->
			/* ras_panic() returns 0, and panic() shoots down the others. */
			assert(trigger != RAS_TRIGGER_PANIC);
			goto ras_lose_return
#endif
		:: slot[me].parking && !stale && trigger != RAS_TRIGGER_PANIC ->
			/* An NMI that returns: the context below parks. */
			goto ras_lose_return
		:: slot[me].parking && !stale && trigger == RAS_TRIGGER_PANIC
		fi
	}
#ifdef RACE_NMI_WATCH
	/* Parked in this very stop: the context below, which may be on watch, gets no turn. */
	atomic {
		if
		:: HAS_PARKED(me) -> goto ras_obey_in_nmi
		:: else
		fi
	}
#endif
#ifndef RACE_NMI_LOSER
	/* This NMI never returns, so it parks in place of the context below. */
	atomic { slot[me].parking = 0; goto ras_lose_in_park }
#endif
ras_obey_in_nmi:
	atomic {
		if
		:: owner == RAS_NOBODY && !panic_lost -> goto ras_lose_return
		:: slot[me].parked && RAS_ORDER_SEQUENCE(slot[me].order) == slot[me].parked &&
		   RAS_ORDER_OP(slot[me].order) >= RAS_ORDER_RETIRE ->
			assert(ended);
			slot[me].parked = 0;
			goto end_halt
		fi
	}
ras_lose_in_park:
	atomic {
		if
		:: owner == RAS_NOBODY && !panic_lost -> goto ras_lose_return
		:: WANTS_CPUS && owner != me -> goto ras_park
		fi
	}
ras_lose_return:
	atomic {
		losing = 0;
		if
		:: panic_lost -> goto ras_lose
		:: stale -> stale = 0; goto go_on
		:: !panic_lost && !stale && trigger == RAS_TRIGGER_PANIC ->
			goto ras_machine_stop
		:: else -> goto go_on
		fi
	}

	/* ---- The owner ---- */

ras_begin:
	OWNER_ACTS;
	stop_sequence++;
	d_step {
		stop_resumable = trigger != RAS_TRIGGER_PANIC;
		do
		:: i < CPUS -> stop_how[i] = RAS_HOW_NONE; i++
		:: else -> break
		od;
		i = 0;
		stop_how[me] = RAS_HOW_OWNER;
		step_next = 0;
		watch_cpu = RAS_NOBODY;
		parked_call_active = PARKED_CALL_LEFT;
		OWNER_ACTS;
		state = RAS_STOPPING
	}

ras_gather:
	/* The grace period may be over at any time. */
	atomic {
		do
		:: i < CPUS ->
			if
			:: i != me && !HAS_PARKED(i) && BY_NMI(i) -> send_nmi(i)
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
	if
	:: ALL_PARKED
	:: MISSING && !ALL_PARKED
	fi;
	d_step {
		do
		:: i < CPUS ->
			if
			:: i != me && HAS_PARKED(i) -> stop_how[i] = RAS_HOW_PARKED
			:: i != me && !HAS_PARKED(i) -> stop_how[i] = RAS_HOW_MISSING
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0;
		OWNER_ACTS;
		state = RAS_STOPPED
	}

ras_finish:
	atomic {
		last = step_next == HANDLERS
	}

ras_add_newcomers:
	d_step {
		do
		:: i < CPUS ->
			if
			:: stop_how[i] == RAS_HOW_MISSING && HAS_PARKED(i) ->
				stop_how[i] = RAS_HOW_PARKED
			:: i != me && stop_how[i] == RAS_HOW_NONE && !HAS_PARKED(i) ->
				send_nmi(i)
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
	if
	:: ALL_PARKED
	:: !ALL_PARKED
	fi;
	atomic {
		d_step {
			do
			:: i < CPUS ->
				if
				:: i != me && stop_how[i] == RAS_HOW_NONE && HAS_PARKED(i) ->
					stop_how[i] = RAS_HOW_PARKED
				:: i != me && stop_how[i] == RAS_HOW_NONE && !HAS_PARKED(i) ->
					stop_how[i] = RAS_HOW_MISSING
				:: else
				fi;
				i++
			:: else -> break
			od;
			i = 0
		}
		if
		:: last && stop_resumable -> goto ras_release
		:: last && !stop_resumable -> goto ras_end
		:: last && !stop_resumable -> goto ras_machine_handover
		:: !last
		fi
	}

ras_guard_call:
	atomic {
		step_next++;
		calls++;
		call = calls;
		/* A second guarded call in the middle of one would overwrite it. */
		assert(!slot[me].guard_active);
		slot[me].guard_active = 1;
		slot[me].guard_parked = 0;
		slot[me].guard_call = call;
		running = call;
#ifdef HELP
		/* An interactive handler: ras_is_interactive() */
		watch_cpu = RAS_NOBODY;
		slot[me].inside = 1;
		goto ras_call_parked
#else
		if
		:: CAN_WATCH(0) -> watch_cpu = 0
		:: CAN_WATCH(1) -> watch_cpu = 1
#if CPUS == 3
		:: CAN_WATCH(2) -> watch_cpu = 2
#endif
		:: ALL_CPUS(CANNOT_WATCH) -> watch_cpu = RAS_NOBODY
		fi;
		OWNER_ACTS;
		if
		:: watch_cpu != RAS_NOBODY ->
			slot[watch_cpu].order = RAS_ORDER_TO(stop_sequence, RAS_ORDER_WATCH, call)
		:: else
		fi;
		slot[me].inside = 1
#endif
	}

#ifndef WATCH
	goto ras_guard_leave;
end_wedged:
	false;
#else
	/* The handler. */
#ifdef RACE_CALL_END
	/*
	 * abandoned() of a debugger calls ras_machine_call_parked_end(), which looks at
	 * parked_call.active and not at who owns the stop.
	 */
	if
	:: step_next == 1 -> late = 1; parked_call_active
	:: else -> goto handler
	fi;
	atomic {
		do
		:: i < CPUS ->
			if
			:: stop_how[i] != RAS_HOW_OWNER && i != watch_cpu ->
				slot[i].order = RAS_ORDER(stop_sequence, RAS_ORDER_STAY)
			:: else
			fi;
			i++
		:: else -> i = 0; break
		od
	}
handler:
#endif
	atomic {
		if
		:: true				/* It comes back, at some time. */
#ifdef COARSE
		:: hangs -> hangs--; late = 1; goto comes_back
#endif
		/* It hangs, which costs the machine if there is nobody to watch. */
		:: hangs && watch_cpu != RAS_NOBODY -> hangs--; late = 1; goto hang
		/* kdump: the last handler of a crash. */
		:: step_next == HANDLERS && !stop_resumable -> goto handover
		fi
	}
	goto ras_guard_leave;

#ifdef COARSE
comes_back:
	goto ras_guard_leave;
#endif

hang:
	if
	:: slot[me].landed -> goto ras_guard_leave
	:: owner != me
	fi;
end_wedged:
	atomic { slot[me].landed -> goto ras_guard_leave }

	/* ras_machine_handover(), and ras_guard_end() in it, in the middle of a handler */
handover:
	atomic {
		if
		:: slot[me].landed -> goto ras_guard_leave
		:: !slot[me].landed && owner != me -> goto handover_lost
		:: !slot[me].landed && owner == me
		fi
	}
	atomic {
		if
		:: slot[me].landed -> goto ras_guard_leave
		:: !slot[me].landed && running == call && owner == me ->
			/* guard.ended: no NMI strikes any more. */
			running = 0;
			slot[me].inside = 0;
			goto ras_machine_handover
		:: else
		fi
	}
handover_lost:
	atomic {
#ifdef RACE_HANDOVER
		/* -ENOENT: ras_crash_stop_other_cpus() shoots down the new owner. */
		assert(owner == me);
#endif
		slot[me].inside = 0;
		slot[me].guard_active = 0;
		goto ras_guard_is_lost
	}
#endif

ras_guard_leave:
	atomic {
		slot[me].inside = 0;
		slot[me].landed = 0;
		if
		:: slot[me].guard_call == call ->
			slot[me].guard_active = 0;
			slot[me].guard_call = 0
		:: else
		fi
	}
	atomic {
		if
		:: running == call ->
			running = 0;
			call = 0;
			/* ras_watch_end() */
			OWNER_ACTS;
			if
			:: watch_cpu != RAS_NOBODY && state == RAS_STOPPED ->
				slot[watch_cpu].order = RAS_ORDER(stop_sequence, RAS_ORDER_STAY)
			:: else
			fi;
			watch_cpu = RAS_NOBODY;
			watch_strike = 0;
			late = 0;
			goto ras_finish
		:: else
		fi
	}
#ifdef RACE_SKIP
	/* ras_skip_to_last(): the call was lost, but who has taken over is not the owner yet. */
	atomic {
		if
		:: owner == me -> call = 0; goto ras_finish
		:: else
		fi
	}
#endif
ras_guard_is_lost:
	atomic {
		call = 0;
		last = 0;
		if
		:: taken -> taken = 0
		:: else -> stale = 1; goto ras_lose
		fi
	}

ras_become_parked:
#ifdef WITNESS_TAKEOVERS
	assert(false);
#endif
	slot[me].parking = 1;
	slot[me].parked = sequence;
	goto ras_await_order;

	/* ---- The ends of a stop ---- */

ras_release:
	atomic {
		last = 0;
		OWNER_ACTS;
		state = RAS_RELEASING;
		released[stop_sequence] = 1
	}
	GIVE_ORDER {
		ras_give_order(RAS_ORDER_RELEASE)
	}
	if
	:: ALL_LEFT
	:: !ALL_LEFT
	fi;
#ifndef DEFECT_12
	/* The nudge. */
	d_step {
		do
		:: i < CPUS ->
			if
			:: i != me && TO_NUDGE(i) -> send_nmi(i)
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
	if
	:: ALL_LEFT
	:: !ALL_LEFT
	fi;
#endif
	atomic { OWNER_ACTS; state = RAS_IDLE }
	atomic {
		OWNER_ACTS;
		/* The context that this NMI has interrupted is still in ras_park(). */
		if
		:: was_parking -> slot[me].parking = 1; was_parking = 0
		:: else
		fi;
		owner = RAS_NOBODY;
		was_parking = 0;
		if
		:: taken -> taken = 0; goto ras_await_order
		:: else -> goto go_on
		fi
	}

ras_machine_handover:
	atomic {
		last = 0;
		OWNER_ACTS;
		state = RAS_HANDED_OVER;
		ended = 1
	}
	GIVE_ORDER {
		ras_give_order(RAS_ORDER_HANDOVER)
	}
	goto ras_await_left;

ras_end:
	atomic {
		last = 0;
		OWNER_ACTS;
		state = RAS_ENDED;
		ended = 1
	}
	GIVE_ORDER {
		ras_give_order(RAS_ORDER_RETIRE)
	}

ras_await_left:
	if
	:: ALL_LEFT
	:: !ALL_LEFT
	fi;
#ifndef DEFECT_12
	d_step {
		do
		:: i < CPUS ->
			if
			:: i != me && TO_NUDGE(i) -> send_nmi(i)
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
#endif
end_crash:
	/* panic() goes on, or the crash kernel runs. */
	false;

	/* ---- The CPU that watches ---- */

ras_watch:
	atomic {
		if
		:: WATCH_OVER(call) -> call = 0; goto ras_await_order
		/* The deadline has passed. */
		:: !WATCH_OVER(call) && IS_LATE
		fi;
		watch_strike = call;
		if
		:: owner != RAS_NOBODY -> send_nmi(owner)
		:: else
		fi
	}
	atomic {
		if
		:: WATCH_OVER(call) -> call = 0; goto ras_await_order
		/* The owner does not answer. */
		:: !WATCH_OVER(call)
		fi
	}
	atomic {
		if
		:: running == call ->
			running = 0;
#ifndef RACE_TWO_WORDS
			owner = me;
#endif
			call = 0
		:: else -> call = 0; goto ras_await_order
		fi
	}
ras_become_owner:
	d_step {
		late = 0;
		do
		:: i < CPUS ->
			if
			:: stop_how[i] == RAS_HOW_OWNER -> stop_how[i] = RAS_HOW_NONE
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0;
		stop_how[me] = RAS_HOW_OWNER;
		watch_cpu = RAS_NOBODY;
#ifdef RACE_TWO_WORDS
		owner = me;
#endif
		if
		:: !stop_resumable -> panic_cpu = me
		:: else
		fi
	}
#ifndef COARSE
	slot[me].parking = 0;
#endif
	atomic {
		slot[me].parking = 0;
		slot[me].parked = 0;
		taken = 1;
		/* Its next guarded call would overwrite the one that it is parked in. */
		assert(!slot[me].guard_active);
		goto ras_finish
	}

	/* ---- A handler that has parked CPUs work for it, and such a CPU ---- */

#ifdef HELP
ras_call_parked:
	parked_call_fn = parked_call_nr + 1;
	parked_call_arg = parked_call_nr + 1;
	atomic {
		parked_call_nr++;
		buffer[parked_call_nr] = 1;
		parked_call_active = 1
	}
	atomic {
		do
		:: i < CPUS ->
			OWNER_ACTS;
			if
			:: i != me -> slot[i].order = RAS_ORDER_TO(stop_sequence, RAS_ORDER_CALL,
					    parked_call_nr)
			:: else
			fi;
			i++
		:: i == CPUS -> i = 0; break
		od
	}

ras_call_parked_end:
	parked_call_active = 0;
	atomic {
		do
		:: i < CPUS ->
			OWNER_ACTS;
			if
			:: i != me -> slot[i].order = RAS_ORDER(stop_sequence, RAS_ORDER_STAY)
			:: else
			fi;
			i++
		:: i == CPUS -> i = 0; break
		od
	}
	atomic {
		if
		:: NONE_IN_CALL -> goto call_parked_ended
		:: !NONE_IN_CALL
		fi
	}
	/* ras_await_callers() */
	d_step {
		do
		:: i < CPUS ->
			if
			:: slot[i].calling && !slot[i].by_nmi -> send_nmi(i)
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
	atomic {
		if
		:: NONE_IN_CALL
		:: !NONE_IN_CALL -> goto call_parked_timed_out
		fi
	}
call_parked_ended:
	atomic {
		buffer[1] = 0;
		buffer[2] = 0
	}
call_parked_timed_out:
	atomic {
		if
		:: parked_call_nr < CALLS -> goto ras_call_parked
		:: true -> goto ras_guard_leave
		fi
	}

ras_obey_call:
	slot[me].calling = call;
#if defined(RACE_RECALL) || defined(DEFECT_13)
#ifndef DEFECT_13
	atomic {
		if
		:: slot[me].order == RAS_ORDER_TO(sequence, RAS_ORDER_CALL, call) -> skip
		:: else -> goto obeyed_call
		fi
	}
#endif
	slot[me].called = call;
	fn = parked_call_fn;
	arg = parked_call_arg;
	d_step {
		slot[me].guard_parked = 1;
		assert(!slot[me].guard_active);
		slot[me].guard_active = 1;
		slot[me].guard_call = 0
	}
	slot[me].inside = 1;
#else
	/* What is called is read before the look at the order that confirms it. */
	fn = parked_call_fn;
	arg = parked_call_arg;
	d_step {
		slot[me].guard_parked = 1;
		assert(!slot[me].guard_active);
		slot[me].guard_active = 1;
		slot[me].guard_call = 0;
		slot[me].called = call
	}
	/* An NMI that comes before this has come after the order was changed. */
	slot[me].inside = 1;
	atomic {
		if
		:: slot[me].order == RAS_ORDER_TO(sequence, RAS_ORDER_CALL, call) -> skip
		:: else -> goto obeyed_fn
		fi
	}
#endif
	atomic {
		if
		:: slot[me].landed -> goto obeyed_fn
		:: !slot[me].landed
		fi;
		assert(fn == arg && buffer[arg]);
		if
		:: true
		:: !nmi -> goto fn_hangs
		fi
	}
	atomic {
		if
		:: slot[me].landed -> goto obeyed_fn
		:: !slot[me].landed
		fi;
		assert(buffer[arg]);
		goto obeyed_fn
	}
fn_hangs:
	slot[me].landed;
obeyed_fn:
	atomic {
		slot[me].inside = 0;
		slot[me].landed = 0;
		slot[me].guard_active = 0;
		slot[me].guard_parked = 0;
		fn = 0;
		arg = 0
	}
obeyed_call:
	atomic {
		slot[me].calling = 0;
		call = 0;
		goto ras_await_order
	}
#endif
}

/*
 * No CPU can do anything any more.  Is each of them where it may be for ever?  That is: at
 * work; halted; with the rest of panic() or the crash kernel; or in a handler that hangs,
 * and was taken over from.
 */
#define AT_REST(pid)	(cpu[pid]@end_halt || cpu[pid]@end_crash || cpu[pid]@end_wedged)
#define FINE(c)		(AT_REST(CPUS + c) || \
			 (cpu[CPUS + c]@end_run && (cpu[c]@end_run || AT_REST(c))))

active proctype everybody_is_fine()
{
	timeout -> assert(ALL_CPUS(FINE))
}

#ifdef LTL
/* A stop that has begun ends: it is released, or it is a crash that ends or hands over. */
ltl every_stop_ends { [] (state == RAS_STOPPING -> <> (state == RAS_IDLE || ended)) }

/* Nobody stays parked in a stop that was released. */
ltl nobody_stays { [] ((released[1] && slot[1].parked == 1) -> <> (slot[1].parked != 1)) }
#endif

#else /* REGISTRY */

bit in_order = 1;		/* the handler is in ras_machine.order */
bit entry = 1;			/* handler->entry */
bit removing;
bit irqs_off;			/* the owner has its interrupts disabled: no grace period ends */
byte busy;			/* ras_entry.busy */
bit gone;			/* the module that has the handler */

/* A stop that runs the handler; which may sleep, be taken over from, and come back. */
active proctype ras_run_chain()
{
	irqs_off = 1;
	if
	:: in_order -> busy++
	:: !in_order -> goto done
	fi;
	if
	:: true
	:: irqs_off = 0
	fi;
	/* In run(): ras_wait_s() */
	assert(!gone && entry);
	assert(!gone);
#ifdef RACE_ABANDONED
	/* ras_tidy_up() does not count the call of abandoned(). */
	busy--;
	if
	:: true
	:: irqs_off = 0
	fi;
	assert(!gone);
#else
	if
	:: true
	:: irqs_off = 0
	fi;
	assert(!gone);
	busy--;
#endif
done:	irqs_off = 0
}

/* Twice, as by two callers. */
active [2] proctype ras_remove_handler()
{
	/* mutex_lock(&m->lock) */
	atomic {
		if
		:: !entry || removing -> goto done
		:: else -> removing = 1
		fi
	}
	in_order = 0;
	/* synchronize_rcu() */
	!irqs_off;
#ifdef DEFECT_10
	if
	:: busy -> entry = 0; busy == 0; entry = 1
	:: !busy
	fi;
#else
	busy == 0;
#endif
	atomic {
		assert(!gone);
		entry = 0;
		removing = 0;
		gone = 1
	}
done:	skip
}

#endif /* REGISTRY */
