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
 *	PREEMPT		WATCH, and a handler that takes minutes, which a panic preempts
 *	HELP		parked CPUs that call a function for a handler, their end and recall
 *	JOB		WATCH, and parked CPUs that do a job for a handler, piece by piece
 *	AWAY		WATCH, and a handler that leaves the machine and comes back
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
 * BREAK_x takes out something that the design needs.
 * WITNESS_x makes an error of something that has to be reached.
 * RACE_x describes the code of a race that this model has found.  Without these defines
 * the model describes the design in which all of them are mended; the section "The model" of
 * design.rst tells of each.
 *
 * Which part is which function:
 *
 *	label, inline or macro	function				file
 *	ras_stopped		ras_stopped()				stop.c
 *	ras_park		ras_park(), ras_park_here()		park.c, stop.c
 *	ras_record_here		ras_record_here()			park.c
 *	ras_await_command	ras_await_command(), ras_obey()		park.c
 *	ras_unpark		ras_unpark()				park.c
 *	ras_park_in_nmi		ras_park_in_nmi()			park.c
 *	ras_land_lost		ras_land_lost()				park.c
 *	ENDS_STOP		ras_ends_stop()				park.c
 *	WANTS_CPUS		ras_wants_cpus()			park.c
 *	ras_lose		ras_lose()				stop.c
 *	ras_machine_stop	ras_own(), ras_machine_stop()		stop.c
 *	panic			ras_panic_lost()			trigger.c
 *	ras_preempt		ras_preempt()				stop.c
 *	PREEMPTED		ras_preempted()				machine.h
 *	ras_crash_on_panic	ras_crash_on_panic()			chain.c
 *	ras_progress		ras_progress()				services.c
 *	ras_yield_to_panic	ras_yield_to_panic()			deadline.c
 *	ras_begin		ras_begin()				stop.c
 *	ras_gather		ras_gather_all()			gather.c
 *	ras_add_newcomers	ras_add_newcomers()			gather.c
 *	ras_finish		ras_finish(), ras_run_chain()		stop.c, chain.c
 *	ras_tidy_up		ras_tidy_up()				chain.c
 *	ras_run_chain		ras_run_chain(), ras_call_busy()	chain.c
 *	ras_release		ras_release()				stop.c
 *	ras_end			ras_end()				stop.c
 *	ras_machine_handover	ras_machine_handover()			stop.c
 *	ras_await_left		ras_await_left()			stop.c
 *	ras_machine_go_away	ras_machine_go_away()			stop.c
 *	ras_become_owner	ras_become_owner()			stop.c
 *	ras_own_crash		ras_own_crash()				stop.c
 *	ras_call		ras_call(), ras_enter()			deadline.c
 *	ras_leave_call		ras_leave_call()			deadline.c
 *	ras_machine_try		ras_machine_try(), ras_lost()		deadline.c
 *	ras_strike		ras_strike()				deadline.c
 *	ras_guard_end		ras_guard_end()				deadline.c
 *	ras_guard_open		ras_guard_open()			guard.c
 *	ras_guard_close		ras_guard_close()			guard.c
 *	OVERDUE			ras_overdue()				watch.c
 *	ras_watch_begin		ras_watch_begin()			watch.c
 *	ras_watch_end		ras_watch_end()				watch.c
 *	ras_watch		ras_watch(), ras_ask_owner()		watch.c
 *	WATCH_OVER		ras_watch_over()			watch.c
 *	ras_take_claim		ras_take_claim()			watch.c
 *	ras_watch_look		ras_watch_look()			watch.c
 *	ras_take_over_if_due	ras_take_over_if_due()			watch.c
 *	CAN_WATCH		ras_can_watch(), ras_watcher()		watch.c
 *	ras_help_piece		ras_help_piece(), ras_work()		job.c
 *	CAN_HELP		ras_can_help()				job.c
 *	HELP_IS_OVER		ras_help_is_over()			helper.c
 *	ras_machine_help_start	ras_machine_help_start()		job.c
 *	ras_machine_help_state	ras_machine_help_state(), ras_hurry()	job.c
 *	ras_state_unjoined	ras_state_unjoined()			job.c
 *	ras_machine_help_end	ras_machine_help_end(), ras_has_ended()	job.c
 *	ras_help		ras_help(), ras_help_fn()		helper.c
 *	ras_call_parked		ras_machine_call_parked()		helper.c
 *	ras_call_parked_end	ras_machine_call_parked_end()		helper.c
 *	ras_nudge		ras_nudge(), ras_takes_nmi()		machine.c
 *	send_nmi		ras_summon()				machine.c
 *	NOT_HELPING		ras_has_left_help()			helper.c
 *	ras_command_all		ras_command_all()			machine.c
 *	HAS_PARKED		ras_has_parked()			machine.h
 *	ras_remove_handler	ras_remove_handler()			registry.c
 *
 * One step that compares the claim and changes it is ras_change_claim() in machine.h.
 * The data are those of struct ras_machine, ras_slot, ras_guard, ras_stop (stop_*), ras_watch
 * (watch_*) and ras_help (help_*) in state.h, and of struct ras_landing of the architecture.
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
#define RAS_AWAY	7

/* enum ras_command_op */
#define RAS_STAY	0
#define RAS_WATCH	1
#define RAS_HELP	2
#define RAS_RELEASE	3
#define RAS_RETIRE	4
#define RAS_HANDOVER	6

/* A command: the sequence, the number of the call or the help, and the operation. */
#define RAS_COMMAND(sequence, op)	((sequence) * 256 + (op))
#define RAS_COMMAND_NR(sequence, op, nr) \
	((sequence) * 256 + (nr) * 8 + (op))
#define RAS_SEQUENCE_OF(command)	((command) / 256)
#define RAS_NR_OF(command)		(((command) / 8) % 32)
#define RAS_OP_OF(command)		((command) % 8)

/*
 * The claim: the owner, and the guarded call that it is in.  RACE_TWO_WORDS has a word for
 * each of them.
 */
#define RAS_CLAIM(cpu, call)	((cpu) * 32 + (call))
#define RAS_CLAIM_NONE		RAS_CLAIM(RAS_NOBODY, 0)
#define RAS_OWNER_OF(claim)	((claim) / 32)
#define RAS_CALL_OF(claim)	((claim) % 32)

/* In stop_how[]: enum ras_how, and the sets of CPUs that struct ras_stop has. */
#define RAS_HOW_NONE	0
#define RAS_HOW_OWNER	1
#define RAS_HOW_PARKED	2	/* RAS_HOW_IPI, RAS_HOW_NMI, RAS_HOW_SELF */
#define RAS_HOW_MISSING	3
#define RAS_HOW_OFFLINE	4

/* What a CPU wants of ras_machine_stop(). */
#define RAS_TRIGGER_NONE	0
#define RAS_TRIGGER_API		1	/* a stop that is released */
#define RAS_TRIGGER_PANIC	2

/*
 * How much happens.  STOPS: on CPU 0, with a release.  PANICS: an oops on CPU 0 that is
 * fatal.  NMI_STOPS, NMI_PANICS: the same in an NMI, on any CPU.  HANDLERS: in a chain.
 * HANGS: how many of them hang.  TRIES: how often a handler calls ras_try().  STRAYS: NMIs
 * that nobody has sent, on the owner or on a parked CPU.  MISSES: how often MWAIT does not
 * see a store.  UNWATCHED: nobody watches.
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
#define BEGIN_PIECE	atomic
#else
#define AT_ONCE		nmi
#define BEGIN_PIECE
#ifdef PREEMPT
#define IS_LATE		(!steady)
#else
#define IS_LATE		1
#endif
#endif

#ifndef TRIES
#define TRIES		0
#endif
#ifndef STRAYS
#define STRAYS		0
#endif
#ifdef UNWATCHED
#define WATCHED		0
#else
#define WATCHED		1
#endif

/*
 * Guarded calls in one another on one CPU.  The code has room for four, of which a CPU that
 * watches needs two.  Only the handlers of TRIES try anything.
 */
#if defined(DEFECT_3) || defined(RACE_GUARD)
#define RAS_GUARDS	1
#elif TRIES
#define RAS_GUARDS	3
#else
#define RAS_GUARDS	2
#endif

/* An abandoned handler has left a help, which its abandoned() is to end. */
#ifdef RACE_CALL_END
#define HELP_LEFT	1
#else
#define HELP_LEFT	0
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

#if defined(PREEMPT) || defined(JOB) || defined(AWAY)
#define WATCH
#endif

/*
 * JOBS: how many are started.  PIECES: after how many pieces there is another one.
 * PIECE_HANGS: how many hang.
 */
#ifdef JOB
#ifndef JOBS
#define JOBS		1
#endif
#ifndef PIECES
#define PIECES		1
#endif
#ifndef PIECE_HANGS
#define PIECE_HANGS	0
#endif
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

typedef ras_guard {
	byte	call;
	byte	outer;
	bit	helper;
	bit	inside;			/* ras_landing.inside of the CPU when it was called */
};

typedef ras_slot {
	short	command;
	byte	parked;
	byte	recorded;		/* record.sequence */
	bit	by_nmi;			/* of the record: ras_takes_nmi() is false */
	bit	was_owner;		/* record.how == RAS_HOW_OWNER */
	bit	parking;
	bit	asleep;			/* in MWAIT, which has missed a store */
	byte	take_over;
	byte	helping;
	byte	helped;
	byte	guards;
	ras_guard guard[RAS_GUARDS];
	/* struct ras_landing */
	byte	landing;		/* whose end it leads to; 1: the outermost call's */
	bit	inside;
	bit	landed;			/* an NMI has changed where this CPU goes on */
#ifdef JOB
	byte	work;
	byte	job;
	bit	job_over;		/* job_state is not RAS_HELPER_RUNS */
	byte	piece;
	byte	piece_seen;
	byte	piece_late;
	byte	job_lost;
#endif
};

/* struct ras_machine */
byte claim = RAS_CLAIM_NONE;
byte state = RAS_IDLE;
byte calls;
byte stop_sequence;
bit stop_resumable;
byte stop_how[CPUS];
byte step_next;
byte watch_cpu = RAS_NOBODY;
byte watch_strike;
#ifdef AWAY
bit watch_budget;		/* it is not 0 */
#endif
ras_slot slot[CPUS];
byte panic_cpu = RAS_NOBODY;
byte panicked;			/* the CPU plus one */
#ifdef RACE_PANICKED
byte panicked_in;		/* the sequence that it has read */
#endif

/* struct ras_help.  fn and arg are the number of the help that they belong to. */
bit help_active;
byte help_nr;
byte help_fn;
byte help_arg;

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
byte tries = TRIES;
byte strays = STRAYS;
byte stops = STOPS;
byte panics = PANICS;
#ifdef AWAY
byte hotplugs = 1;
bit offline[CPUS];
#endif

/* Known to the checker only. */
bit released[8];		/* by sequence: the owner has released it */
bit late;			/* the handler takes its time */
bit steady;			/* the handler makes progress */
bit ended;			/* the chain of a crash has ended, or it is handed over */
#ifdef HELP
bit buffer[8];			/* by help: parked CPUs may touch it */
#endif
#ifdef JOB
byte lent[CPUS];		/* the job for which the CPU may touch its buffer */
byte pieces = PIECES;		/* yet to come */
byte piece_hangs = PIECE_HANGS;
#endif

/* In a process: its CPU, and whether it is the NMI. */
#define me		(_pid % CPUS)
#define nmi		(_pid >= CPUS)

#define OWNER		RAS_OWNER_OF(claim)
#define RUNNING		RAS_CALL_OF(claim)
#define OWNED_HERE	(OWNER == me)

/* The innermost guarded call of this CPU, which is in one. */
#define TOP		slot[me].guard[slot[me].guards - 1]
/* The one that this CPU leaves. */
#define LEFT		slot[me].guard[level - 1]

#define HAS_PARKED(c)	(slot[c].parked == stop_sequence)

/* Has a panic on another CPU to make the present stop a crash?  In HELP it waits. */
#if defined(HELP)
#define PREEMPTED	0
#elif defined(RACE_PANICKED)
#define PREEMPTED	(stop_resumable && panicked && panicked_in == stop_sequence)
#else
#define PREEMPTED	(stop_resumable && panicked)
#endif

#ifdef AWAY
#define OFFLINE(c)	offline[c]
#define IS_ALONE(c)	(c == OWNER || OFFLINE(c))
#define ALONE		ALL_CPUS(IS_ALONE)
#define IN_AWAY		(state == RAS_AWAY)
#define HAS_BUDGET	watch_budget
#else
#define OFFLINE(c)	0
#define IN_AWAY		0
#define HAS_BUDGET	1
#endif

#define WANTS_CPUS	(state == RAS_STOPPING || state == RAS_STOPPED || \
			 state == RAS_ENDED || state == RAS_HANDED_OVER || \
			 state == RAS_AWAY)

/* Is it a command that ends the stop, or of a later stop? */
#define ENDS_STOP(command, sequence) \
	(RAS_SEQUENCE_OF(command) > sequence || \
	 (RAS_SEQUENCE_OF(command) == sequence && RAS_OP_OF(command) >= RAS_RELEASE))

/*
 * An NMI that panics.  On the owner it goes the kernel's own way.  CPUs 1 and 2 are alike, so
 * the first one is on the last CPU.
 */
#define NMI_PANICS_HERE	(nmi_panics && !OWNED_HERE && \
			 (me == CPUS - 1 || (me == CPUS - 2 && nmi_panics < NMI_PANICS)))

/* No CPU of that description has yet to park, or to leave. */
#define CPU_PARKED(c)	(c == me || stop_how[c] != RAS_HOW_NONE || HAS_PARKED(c) || OFFLINE(c))
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

/*
 * For all CPUs but the owner: where an NMI owns the stop, the context below it may still be in
 * a help of the former one.
 */
#define NOT_HELPING(c)	(!slot[c].helping || (c) == OWNER)
#define NONE_HELPING	ALL_CPUS(NOT_HELPING)

#ifdef JOB
/* May this CPU help with the job that the owner starts? */
#define CAN_HELP(c)	((c) != me && HAS_PARKED(c) && !slot[c].guards)

/* Is there a piece to do here?  Not on a CPU that has parked in a handler it has lost. */
#define HAS_WORK	(slot[me].work && !slot[me].guards && \
			 (slot[me].job != slot[me].work || !slot[me].job_over))

/*
 * RACE_HELP_STATE: a handler that comes back after its CPU was taken over from looks at the
 * helpers of the next one, and names them late or lost.
 */
#ifdef RACE_HELP_STATE
#define STILL_OWNED	1
#else
#define STILL_OWNED	OWNED_HERE
#endif

/* The handler uses the buffer of a CPU for something else, but not for a helper that is lost. */
#ifdef BREAK_QUARANTINE
#define MAY_TAKE(c)	1
#else
#define MAY_TAKE(c)	(slot[c].job_lost != help_nr)
#endif
inline take_back(from)
{
	if
	:: lent[from] == help_nr && MAY_TAKE(from) -> lent[from] = 0
	:: else
	fi
}
#endif

/* May a parked CPU be taken out of what it does for a handler? */
#ifdef JOB
#define HELP_IS_OVER	(slot[me].work != slot[me].helping || \
			 slot[me].piece_late == slot[me].piece)
#else
#define HELP_IS_OVER	(RAS_OP_OF(slot[me].command) != RAS_HELP)
#endif

/* There is room for another guarded call.  DEFECT_3 does not look. */
#ifdef DEFECT_3
#define HAS_ROOM(c)	1
#else
#define HAS_ROOM(c)	(slot[c].guards < RAS_GUARDS)
#endif

/*
 * ras_watcher() prefers a CPU that is in no guarded call, and among those one that came by
 * interrupt; here it is any.
 */
#define CAN_WATCH(c)	(WATCHED && (c) != me && stop_how[c] == RAS_HOW_PARKED && \
			 HAS_PARKED(c) && !slot[c].helping && HAS_ROOM(c))

#define CANNOT_WATCH(c)	(!CAN_WATCH(c))

/* Any NMI ends a call that is late and that nobody watches. */
#ifdef WATCH
#define OVERDUE(nr)	(watch_strike == (nr) || (watch_cpu == RAS_NOBODY && IS_LATE && HAS_BUDGET))
#else
#define OVERDUE(nr)	(watch_strike == (nr))
#endif

/* Has the call ended, or does this CPU have another command? */
#define WATCH_OVER(nr)	(RUNNING != nr || \
			 slot[me].command != RAS_COMMAND_NR(sequence, RAS_WATCH, nr))

/*
 * ras_await_command() lets MWAIT depend on a nudge only where an NMI can come.  The record is
 * of the first time that the CPU has parked in this stop.
 */
#if defined(DEFECT_12)
#define USES_MWAIT	1
#elif defined(RACE_RECORD)
#define USES_MWAIT	(!in_nmi_park && !slot[me].by_nmi)
#else
#define USES_MWAIT	(!nmi && !slot[me].by_nmi)
#endif

/* Before each store that only the owner may make. */
#define OWNER_ACTS	assert(OWNED_HERE)

/* A second one, sent before the first one arrives, makes no difference. */
inline send_nmi(to)
{
#ifdef COARSE
	/* One that would find nothing to do is not sent. */
	if
	:: slot[to].parking && !slot[to].guards
	:: else -> nmi_pending[to] = 1
	fi
#else
	nmi_pending[to] = 1
#endif
}

/* One CPU after the other in PARK, and at once elsewhere. */
#ifdef PARK
#define COMMAND_ALL
#else
#define COMMAND_ALL	atomic
#endif
inline ras_command_all(op)
{
	do
	:: atomic {
		i < CPUS ->
		OWNER_ACTS;
		slot[i].command = RAS_COMMAND(stop_sequence, op);
		i++
	   }
	:: atomic { i == CPUS -> i = 0; break }
	od
}

/* A CPU that was parked in an NMI takes none. */
inline ras_nudge(to)
{
	if
	:: !slot[to].by_nmi -> send_nmi(to)
	:: else
	fi
}

/* Of this CPU, once in a stop. */
inline ras_record_here()
{
	if
	:: slot[me].recorded != stop_sequence ->
		slot[me].recorded = stop_sequence;
		slot[me].by_nmi = nmi
	:: slot[me].recorded == stop_sequence && slot[me].was_owner && nmi && !losing ->
		slot[me].by_nmi = 1
	:: else
	fi;
	slot[me].was_owner = 0
}

/* The checker does: the next stop has another number. */
inline forget_record()
{
	slot[me].recorded = 0;
	slot[me].by_nmi = 0;
	slot[me].was_owner = 0
}

inline ras_unpark()
{
	slot[me].parking = 0;
	slot[me].parked = 0
}

inline ras_guard_open()
{
	/* A CPU that finds no room does not make the call, which nobody expects. */
	assert(slot[me].guards < RAS_GUARDS);
	slot[me].guards++
}

/* ras_call_guarded() of the architecture, behind the call. */
inline arch_return()
{
	slot[me].inside = LEFT.inside;
	slot[me].landing = level - 1;
	if
	:: !nmi -> slot[me].landed = 0
	:: else
	fi
}

inline ras_guard_close()
{
	LEFT.call = 0;
	LEFT.outer = 0;
	LEFT.helper = 0;
	LEFT.inside = 0;
	slot[me].guards = level - 1
}

/* land() of the architecture. */
inline arch_land()
{
	/* Not half way to another kernel, or back. */
	assert(!IN_AWAY);
	slot[me].inside = 0;
	slot[me].landed = 1
}

/*
 * Only the call that is running is struck, and only from within: from ras_guard_open() to the
 * call, and from the call to ras_guard_close(), the landing is that of the outer call.
 */
#ifdef RACE_STRIKE
#define IS_STRUCK(nr)	1
#else
#define IS_STRUCK(nr)	(RUNNING == (nr) && slot[me].landing == slot[me].guards)
#endif
inline ras_strike()
{
	if
	:: slot[me].guards ->
		if
		:: TOP.call && slot[me].inside && OVERDUE(TOP.call) && IS_STRUCK(TOP.call) ->
			arch_land()
		/* It is not late. */
		:: watch_strike != TOP.call
		:: else
		fi
	:: else
	fi
}

/*
 * A CPU that was parked when this NMI came stays parked, also in the
 * middle of a call that it has lost: the landing does not lead through ras_park().
 */
#ifdef RACE_LAND
#define IS_PARKED_THERE	0
#else
#define IS_PARKED_THERE	slot[me].parking
#endif
inline ras_land_lost()
{
	if
	:: slot[me].guards && slot[me].inside ->
		if
		:: (TOP.helper && (HELP_IS_OVER || slot[me].take_over)) ||
		   (!TOP.helper && RUNNING != TOP.call && !IS_PARKED_THERE) ->
			arch_land()
		:: else
		fi
	:: else
	fi
}

/* An NMI that nobody has sent, on a parked CPU: does the owner hang? */
inline ras_watch_look()
{
	if
	:: slot[me].parked && state == RAS_STOPPED && RUNNING && watch_cpu == RAS_NOBODY &&
	   OVERDUE(RUNNING) ->
		if
		:: watch_strike != RUNNING -> watch_strike = RUNNING; send_nmi(OWNER)
		:: watch_strike == RUNNING -> slot[me].take_over = RUNNING
		:: watch_strike == RUNNING -> send_nmi(OWNER)
		fi
	:: else
	fi
}

/* For the call nr. */
inline ras_watch_begin(nr)
{
	OWNER_ACTS;
#ifdef AWAY
	watch_budget = 1;
#endif
	if
	:: CAN_WATCH(0) -> watch_cpu = 0
	:: CAN_WATCH(1) -> watch_cpu = 1
#if CPUS == 3
	:: CAN_WATCH(2) -> watch_cpu = 2
#endif
	:: ALL_CPUS(CANNOT_WATCH) -> ras_watch_end()
	fi;
	if
	:: watch_cpu != RAS_NOBODY ->
		slot[watch_cpu].command = RAS_COMMAND_NR(stop_sequence, RAS_WATCH, nr)
	:: else
	fi
}

inline ras_watch_end()
{
	OWNER_ACTS;
	if
	:: watch_cpu != RAS_NOBODY && state == RAS_STOPPED ->
		slot[watch_cpu].command = RAS_COMMAND(stop_sequence, RAS_STAY)
	:: else
	fi;
	watch_cpu = RAS_NOBODY
}

/* An NMI has changed where this CPU goes on; the NMI itself goes on where it is. */
#define LANDED		(!nmi && slot[me].landed)
#define GO_IF_LANDED	if :: LANDED -> goto landed :: else fi

active [2 * CPUS] proctype cpu() provided (!in_nmi[_pid])
{
	byte trigger;		/* struct ras_request */
	byte sequence;		/* of ras_park() */
	byte call;		/* the number of what this CPU watches, helps with or leaves */
	byte level;		/* the guarded call that it leaves; 1: the outermost */
	byte i;
	bit parked;		/* likewise of ras_park() */
	bit losing;		/* by ras_lose() or ras_panic_lost() */
	bit panic_lost;		/* by ras_panic_lost() */
	bit in_nmi_park;	/* in ras_park_in_nmi() */
	bit taken;		/* this CPU has taken over, in ras_park_here() */
	bit stale;		/* it has lost the stop that it began */
	bit stray;		/* an NMI that nobody has sent */
	bit last;		/* the chain is done */
	byte fn, arg;		/* struct ras_help_call */
#ifdef JOB
	byte nr;		/* struct ras_piece, and how many CPUs could help */
	bit tidying;		/* in ras_tidy_up() */
#endif

	/* The kernel at work, or an NMI that has yet to come. */
end_run:
	atomic {
		if
		/* Each stop sends one, and it has no effect outside of a stop. */
		:: !nmi && BY_IPI(me) && WANTS_CPUS && !OWNED_HERE -> goto ras_park
#ifdef AWAY
		/* The last CPU goes offline, and CPU 0 brings it back. */
		:: _pid == CPUS - 1 && hotplugs ->
			hotplugs--;
			offline[me] = 1;
			nmi_pending[me] = 0;
			in_nmi[CPUS + me] = 1;
			in_nmi[me] = 1;
			goto end_run
		:: _pid == 0 && offline[CPUS - 1] && state == RAS_IDLE ->
			offline[CPUS - 1] = 0;
			in_nmi[2 * CPUS - 1] = 0;
			in_nmi[CPUS - 1] = 0;
			goto end_run
#endif
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
			goto ras_stopped
		:: nmi && NMI_PANICS_HERE ->
			nmi_panics--;
			in_nmi[me] = 1;
			trigger = RAS_TRIGGER_PANIC;
			goto ras_stopped
		:: nmi && nmi_stops && !OWNED_HERE ->
			nmi_stops--;
			in_nmi[me] = 1;
			trigger = RAS_TRIGGER_API;
			goto ras_stopped
		:: nmi && strays && (OWNED_HERE || HAS_PARKED(me)) ->
			strays--;
			in_nmi[me] = 1;
			stray = 1;
			goto ras_stopped
		fi
	}

go_on:	/* Return to what was interrupted. */
	atomic {
		trigger = RAS_TRIGGER_NONE;
		stray = 0;
		in_nmi[me] = 0;
		goto end_run
	}

	/* ---- An NMI ---- */

ras_stopped:
	atomic {
		slot[me].asleep = 0;
		if
		:: OWNED_HERE ->
			ras_strike();
			goto nmi_seen
		:: else
		fi;
		if
		:: stray && !nmi_pending[me] -> ras_watch_look()
		:: else
		fi;
		if
		/* Somebody else's NMI in the grace period. */
		:: (trigger || stray) && !nmi_pending[me] && state == RAS_STOPPING ->
			goto nmi_seen
		:: else -> goto ras_park
		fi
	}
nmi_parked:
	atomic { ras_land_lost(); goto nmi_seen }
nmi_seen:
	atomic {
		if
		:: trigger == RAS_TRIGGER_PANIC -> goto panic
		:: trigger == RAS_TRIGGER_API -> goto ras_machine_stop
		:: else -> goto go_on
		fi
	}

	/* ---- The side of a CPU that is stopped ---- */

	/* ras_park_here() calls it, and calls it again after a takeover. */
ras_park:
	atomic {
		if
		:: slot[me].parking -> goto park_return
		:: else -> goto again
		fi
	}
again:
	atomic {
		if
		:: !WANTS_CPUS || OWNED_HERE || (parked && stop_sequence == sequence) ->
			goto park_return
		:: else -> skip
		fi
	}
	/* An NMI may come between any two of these, but not in an NMI. */
	if
	:: atomic {
		AT_ONCE ->
		slot[me].parking = 1;
		sequence = stop_sequence;
		slot[me].take_over = 0;
		ras_record_here();
		slot[me].parked = sequence
	   }
	:: atomic { !AT_ONCE -> slot[me].parking = 1 };
	   atomic { sequence = stop_sequence; slot[me].take_over = 0; ras_record_here() };
	   slot[me].parked = sequence
	fi;

ras_await_command:
	atomic {
#ifdef RACE_LAND
		GO_IF_LANDED;
#endif
		if
		:: ENDS_STOP(slot[me].command, sequence) -> skip
		:: slot[me].take_over && !ENDS_STOP(slot[me].command, sequence) ->
			goto ras_take_over_if_due
		:: RAS_SEQUENCE_OF(slot[me].command) == sequence &&
		   RAS_OP_OF(slot[me].command) == RAS_WATCH &&
		   RUNNING == RAS_NR_OF(slot[me].command) ->
			call = RUNNING;
			goto ras_watch
#ifdef HELP
		:: RAS_SEQUENCE_OF(slot[me].command) == sequence &&
		   RAS_OP_OF(slot[me].command) == RAS_HELP &&
		   slot[me].helped != RAS_NR_OF(slot[me].command) && !slot[me].guards ->
			call = RAS_NR_OF(slot[me].command);
			goto ras_help
#endif
#ifdef JOB
		:: HAS_WORK && !ENDS_STOP(slot[me].command, sequence) ->
			nr = slot[me].work;
			goto ras_help_piece
#endif
#ifdef RACE_LAND
		:: LANDED -> goto landed
#endif
		/* The store that comes next does not wake it; an NMI does. */
		:: misses && USES_MWAIT && !ENDS_STOP(slot[me].command, sequence) ->
			misses--;
			slot[me].asleep = 1;
			goto asleep
		fi;
		/* ras_obey() */
		if
		:: RAS_SEQUENCE_OF(slot[me].command) != sequence ||
		   RAS_OP_OF(slot[me].command) == RAS_RELEASE ->
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
		ras_unpark();
		forget_record()
	   }
	:: atomic { !AT_ONCE -> slot[me].parking = 0 };
	   atomic { slot[me].parked = 0; forget_record() }
	fi;
	atomic {
		parked = 1;
		if
		:: in_nmi_park -> goto park_return
		:: else -> goto again
		fi
	}

asleep:	atomic { !slot[me].asleep -> goto ras_await_command }

	/* ras_park_here() returns, too.  ras_own_crash() does not. */
park_return:
	atomic {
		sequence = 0;
		in_nmi_park = 0;
		if
		:: taken && !stop_resumable -> goto ras_own_crash
		:: else
		fi;
		if
		:: losing && !parked && !taken -> goto lose_in_park
		:: else
		fi;
		parked = 0;
		taken = 0;
		if
		:: losing -> goto lose_return
		:: !losing && nmi -> goto nmi_parked
		:: !losing && !nmi -> goto end_run
		fi
	}

ras_own_crash:
	atomic { WANTS_CPUS && !OWNED_HERE && !slot[me].parking -> goto ras_park }

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
		:: claim == RAS_CLAIM_NONE ->
			claim = RAS_CLAIM(me, 0);
#ifndef DEFECT_2
			ras_unpark();
#endif
			goto ras_begin
		:: claim != RAS_CLAIM_NONE && trigger != RAS_TRIGGER_PANIC -> goto ras_lose
		:: claim != RAS_CLAIM_NONE && trigger == RAS_TRIGGER_PANIC
		fi
	}

	/* One panic is enough; what was recorded stays, for nothing follows a crash. */
ras_preempt:
	atomic {
#ifdef RACE_PANICKED
		if
		:: panicked_in != stop_sequence ->
			panicked = me + 1;
			panicked_in = stop_sequence
		:: else
		fi
#else
		if
#ifndef HELP
		:: !panicked -> panicked = me + 1
#endif
		:: else
		fi
#endif
	}

ras_lose:
	atomic {
		losing = 1;
		if
		/* An NMI that returns: the context below parks. */
		:: slot[me].parking && trigger != RAS_TRIGGER_PANIC -> goto lose_return
		:: else
		fi
	}
lose_in_park:
	/* For as long as there is an owner; the other cases of the loop change nothing. */
	atomic {
		if
		:: OWNER == RAS_NOBODY && !panic_lost -> goto lose_return
		:: (OWNER != RAS_NOBODY || panic_lost) && slot[me].parking -> goto ras_park_in_nmi
		:: !slot[me].parking && WANTS_CPUS && !OWNED_HERE -> goto ras_park
		fi
	}
lose_return:
	atomic {
		losing = 0;
		if
		:: panic_lost -> goto ras_lose
		:: !panic_lost && stale ->
			/* ras_panic() returns 0, and panic() shoots down the others. */
			assert(trigger != RAS_TRIGGER_PANIC);
			stale = 0;
			goto go_on
		:: !panic_lost && !stale && trigger == RAS_TRIGGER_PANIC -> goto ras_machine_stop
		:: else -> goto go_on
		fi
	}

	/* This NMI never returns, so this CPU obeys here in place of the context below. */
ras_park_in_nmi:
	atomic {
#ifndef RACE_NMI_LOSER
		if
		:: !slot[me].parked -> slot[me].parking = 0; goto lose_in_park
		:: else
		fi;
#endif
#if !defined(RACE_NMI_LOSER) && !defined(RACE_NMI_WATCH)
		sequence = slot[me].parked;
		in_nmi_park = 1;
		goto ras_await_command
#else
		skip
#endif
	}
#if defined(RACE_NMI_LOSER) || defined(RACE_NMI_WATCH)
	/* It obeys the end of the stop, and no other command. */
	atomic {
		if
		:: OWNER == RAS_NOBODY && !panic_lost -> goto lose_return
		:: slot[me].parked && RAS_SEQUENCE_OF(slot[me].command) == slot[me].parked &&
		   RAS_OP_OF(slot[me].command) >= RAS_RETIRE ->
			assert(ended);
			slot[me].parked = 0;
			goto end_halt
#ifdef RACE_NMI_WATCH
		:: ENDS_STOP(slot[me].command, slot[me].parked) &&
		   RAS_OP_OF(slot[me].command) < RAS_RETIRE ->
			ras_unpark();
			goto lose_in_park
#endif
		fi
	}
#endif

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
		slot[me].recorded = stop_sequence;
		slot[me].by_nmi = nmi;
		slot[me].was_owner = 1;
		step_next = 0;
		watch_cpu = RAS_NOBODY;
		help_active = HELP_LEFT;
		OWNER_ACTS;
		state = RAS_STOPPING
	}

ras_gather:
	/* The grace period may be over at any time. */
	atomic {
		do
		:: i < CPUS ->
			if
			:: i != me && !HAS_PARKED(i) && BY_NMI(i) && !OFFLINE(i) -> send_nmi(i)
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
			:: i != me && !HAS_PARKED(i) && OFFLINE(i) -> stop_how[i] = RAS_HOW_OFFLINE
			:: i != me && !HAS_PARKED(i) && !OFFLINE(i) -> stop_how[i] = RAS_HOW_MISSING
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
#ifdef JOB
ras_tidy_up:
	atomic {
		if
		:: help_active -> tidying = 1; goto ras_machine_help_end
		:: else
		fi
	}
#endif
	atomic {
		if
		:: PREEMPTED -> goto ras_crash_on_panic
		:: else -> last = step_next == HANDLERS
		fi
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
		:: !last -> goto ras_call
		fi
	}

	/* The CPU that has panicked is about to park, and the owner waits for it, or does not. */
ras_crash_on_panic:
	atomic {
		OWNER_ACTS;
#ifdef RACE_OWN_PANIC
		/* It has taken over, and waits for itself to park. */
		assert(panicked != me + 1);
#endif
		stop_resumable = 0;
		step_next = 0;
		if
		:: panic_cpu == panicked - 1 -> panic_cpu = me
		:: else
		fi;
		goto ras_finish
	}

ras_call:
	atomic {
		step_next++;
		ras_guard_open();
		/* ras_enter() */
		calls++;
		assert(calls < 32);
		TOP.call = calls;
		TOP.inside = slot[me].inside;
		claim = RAS_CLAIM(me, calls);
		slot[me].landing = slot[me].guards;
#ifdef HELP
		/* An interactive handler, which is not watched. */
		watch_cpu = RAS_NOBODY;
		slot[me].inside = 1;
		goto ras_call_parked
#else
		ras_watch_begin(calls);
		slot[me].inside = 1
#endif
	}

#ifndef WATCH
	goto ras_leave_call;
end_wedged:
	false;
#else
	/* The handler. */
#ifdef RACE_CALL_END
	/*
	 * abandoned() of a debugger calls ras_machine_call_parked_end(), which looks at
	 * help.active and not at who owns the stop.
	 */
	if
	:: step_next == 1 -> late = 1; help_active
	:: else -> goto handler
	fi;
	atomic {
		do
		:: i < CPUS ->
			if
			:: stop_how[i] != RAS_HOW_OWNER && i != watch_cpu ->
				slot[i].command = RAS_COMMAND(stop_sequence, RAS_STAY)
			:: else
			fi;
			i++
		:: else -> i = 0; break
		od
	}
#endif
handler:
	atomic {
		if
		:: true				/* It comes back, at some time. */
#ifdef COARSE
		:: hangs -> hangs--; late = 1; goto comes_back
#endif
#ifdef AWAY
		:: stop_resumable -> goto ras_machine_go_away
#endif
		/* It hangs, which costs the machine if there is nobody to watch. */
		:: hangs && watch_cpu != RAS_NOBODY -> hangs--; late = 1; goto hang
		/* kdump: the last handler of a crash. */
		:: step_next == HANDLERS && !stop_resumable -> goto handover
#ifdef COARSE
		:: hangs && step_next == HANDLERS && !stop_resumable ->
			hangs--;
			late = 1;
			goto handover
#endif
#if TRIES
		:: tries -> tries--; goto ras_machine_try
#endif
#ifdef PREEMPT
		/* It takes minutes, and makes progress. */
		:: OWNED_HERE && stop_resumable -> steady = 1; goto ras_progress
#endif
#ifdef JOB
		:: !help_active && help_nr < JOBS -> goto ras_machine_help_start
#if CPUS == 2
		:: help_active -> goto ras_machine_help_state
#endif
		:: help_active -> goto ras_machine_help_end
#endif
		fi
	}
	goto ras_leave_call;

#ifdef PREEMPT
ras_progress:
	atomic {
		if
		:: LANDED -> steady = 0; goto landed
		:: !OWNED_HERE && !LANDED -> goto ras_leave_call
		/* Once a CPU has panicked, it takes longer than anybody would wait. */
		:: OWNED_HERE && panic_cpu == RAS_NOBODY && !LANDED ->
			steady = 0;
			goto ras_leave_call
#ifndef BREAK_YIELD
		:: OWNED_HERE && RUNNING == TOP.call && PREEMPTED && !LANDED ->
			steady = 0;
			goto ras_yield_to_panic
#endif
		fi
	}
ras_yield_to_panic:
	atomic {
		GO_IF_LANDED;
		slot[me].inside = 0;
#ifdef WITNESS_PREEMPTED
		assert(false);
#endif
		goto landed
	}
#endif

#ifdef COARSE
comes_back:
	goto ras_leave_call;
#endif

hang:
	atomic {
		if
		:: LANDED -> goto landed
		:: !OWNED_HERE
		fi
	}
end_wedged:
	atomic { LANDED -> goto landed }

	/* In the middle of a handler. */
handover:
	atomic {
		GO_IF_LANDED;
		if
		:: !OWNED_HERE -> goto handover_lost
		:: else
		fi
	}
ras_guard_end:
	atomic {
		GO_IF_LANDED;
		if
		:: claim == RAS_CLAIM(me, TOP.call) ->
			/* guard.ended: no NMI strikes any more. */
			claim = RAS_CLAIM(me, 0);
			slot[me].inside = 0;
#if defined(JOB) && !defined(RACE_HELP_HANDOVER)
			/* The handler may have left a help. */
			help_active = 0;
			d_step {
				do
				:: i < CPUS -> slot[i].work = 0; i++
				:: else -> break
				od;
				i = 0
			}
#endif
			goto ras_machine_handover
		:: else
		fi
	}
handover_lost:
	atomic {
#ifdef RACE_HANDOVER
		/* -ENOENT: ras_crash_stop_other_cpus() shoots down the new owner. */
		assert(OWNED_HERE);
#endif
		/* It parks in the middle of the handler. */
		losing = 1;
		stale = 1;
		goto ras_park
	}

#ifdef AWAY
ras_machine_go_away:
	atomic {
		GO_IF_LANDED;
		if
#ifdef BREAK_ONLINE
		:: !OWNED_HERE -> goto ras_leave_call
#else
		:: !OWNED_HERE || !ALONE -> goto ras_leave_call
#endif
		:: else -> assert(state == RAS_STOPPED)
		fi
	}
#ifndef BREAK_BUDGET
	atomic { GO_IF_LANDED; watch_budget = 0 }
#endif
	/* The function of the handler, until this kernel has the machine again. */
	atomic {
		GO_IF_LANDED;
		OWNER_ACTS;
		state = RAS_AWAY;
		assert(ALONE)
	}
	atomic {
		OWNER_ACTS;
		assert(ALONE && !LANDED);
		state = RAS_STOPPED
	}
	watch_budget = 1;
#ifdef WITNESS_AWAY
	assert(false);
#endif
	goto ras_leave_call;
#endif

#ifdef JOB
	/* ---- A handler that has parked CPUs do a job, and what becomes of each ---- */

	/* Between two waits, what one of these functions does is one step. */
ras_machine_help_start:
	atomic {
		GO_IF_LANDED;
		if
		:: help_active || !OWNED_HERE -> goto handler
		:: else
		fi;
		d_step {
			OWNER_ACTS;
			help_nr++;
			help_arg = help_nr;
			help_active = 1;
			do
			:: i < CPUS ->
				if
				:: CAN_HELP(i) -> nr++
				:: else
				fi;
				i++
			:: else -> break
			od;
			i = 0;
			do
			:: i < CPUS ->
				if
				/* The CPU that watches stays out of it if there is another one. */
				:: CAN_HELP(i) && (nr == 1 || i != watch_cpu) ->
					lent[i] = help_nr;
					slot[i].work = help_nr
				:: else
				fi;
				i++
			:: else -> break
			od;
			i = 0;
			nr = 0
		}
		goto handler
	}

ras_machine_help_state:
	atomic {
		GO_IF_LANDED;
		if
		:: !STILL_OWNED -> goto handler
		:: else
		fi;
		if
		:: me != 0 -> i = 0
		:: me != 1 -> i = 1
#if CPUS == 3
		:: me != 2 -> i = 2
#endif
		fi;
		if
		/* RAS_HELPER_LOST */
		:: slot[i].job_lost == help_nr
		:: slot[i].job_lost != help_nr && slot[i].job != help_nr ->
			if
			/* RAS_HELPER_NONE */
			:: slot[i].work != help_nr -> take_back(i)
			:: slot[i].work == help_nr
			:: slot[i].work == help_nr -> goto ras_state_unjoined
			fi
		:: slot[i].job_lost != help_nr && slot[i].job == help_nr && !slot[i].helping ->
			if
			/* RAS_HELPER_DONE, RAS_HELPER_ABANDONED */
			:: slot[i].job_over || slot[i].work != help_nr -> take_back(i)
			:: else
			fi
		:: slot[i].job_lost != help_nr && slot[i].job == help_nr && slot[i].helping ->
			if
			:: slot[i].piece != slot[i].piece_seen ->
				OWNER_ACTS;
				slot[i].piece_seen = slot[i].piece
			/* ras_hurry(): the piece is late. */
			:: slot[i].piece == slot[i].piece_seen ->
				OWNER_ACTS;
				slot[i].piece_late = slot[i].piece_seen;
				ras_nudge(i)
			:: slot[i].piece == slot[i].piece_seen &&
			   slot[i].piece_late == slot[i].piece_seen ->
				OWNER_ACTS;
				slot[i].job_lost = help_nr
			fi
		fi;
		i = 0;
		goto handler
	}

	/* It has not joined within the deadline of a piece. */
ras_state_unjoined:
	atomic {
		GO_IF_LANDED;
		if
		:: STILL_OWNED ->
			OWNER_ACTS;
			slot[i].work = 0;
			if
#ifndef BREAK_UNJOINED
			:: slot[i].job == help_nr
			:: slot[i].job != help_nr -> take_back(i)
#else
			:: take_back(i)
#endif
			fi
		:: else
		fi;
		i = 0;
		goto handler
	}

ras_machine_help_end:
	atomic {
		GO_IF_LANDED;
		if
		:: !help_active || !OWNED_HERE -> goto help_ended
		:: else
		fi;
		d_step {
			OWNER_ACTS;
			help_active = 0;
			do
			:: i < CPUS -> slot[i].work = 0; i++
			:: else -> break
			od;
			i = 0
		}
	}
	atomic {
		GO_IF_LANDED;
		if
		:: !STILL_OWNED -> goto help_ended
		:: STILL_OWNED && NONE_HELPING -> goto nobody_helps
		/* A piece takes longer than it may. */
		:: STILL_OWNED && !NONE_HELPING
		fi;
		d_step {
			OWNER_ACTS;
			do
			:: i < CPUS ->
				if
				:: i != me && slot[i].helping && slot[i].job == help_nr ->
					slot[i].piece_seen = slot[i].piece;
					slot[i].piece_late = slot[i].piece;
					ras_nudge(i)
				:: else
				fi;
				i++
			:: else -> break
			od;
			i = 0
		}
	}
	atomic {
		GO_IF_LANDED;
		if
		:: !STILL_OWNED -> goto help_ended
		:: STILL_OWNED && NONE_HELPING -> goto nobody_helps
		/* The NMI timeout has passed, too. */
		:: STILL_OWNED && !NONE_HELPING
		fi;
		d_step {
			OWNER_ACTS;
			do
			:: i < CPUS ->
				if
				:: i != me && slot[i].helping -> slot[i].job_lost = help_nr
				:: else
				fi;
				i++
			:: else -> break
			od;
			i = 0
		}
	}
nobody_helps:
	atomic {
		do
		:: i < CPUS -> take_back(i); i++
		:: else -> i = 0; break
		od
	}
help_ended:
	atomic {
		if
		:: tidying -> tidying = 0; goto ras_tidy_up
		:: else -> goto handler
		fi
	}
#endif

#if TRIES
	/* ---- A guarded call in the middle of one ---- */

	/* An NMI that lands between these leaves the call of the handler. */
ras_machine_try:
	atomic {
		GO_IF_LANDED;
		if
		:: !OWNED_HERE -> goto handler
		:: else
		fi;
		ras_guard_open();
		/* ras_enter() */
		calls++;
		assert(calls < 32);
		TOP.call = calls;
		TOP.outer = RUNNING;
		TOP.inside = slot[me].inside
	}
	atomic {
		GO_IF_LANDED;
		if
		/* One step: no CPU watches the call before it is told to. */
		:: claim == RAS_CLAIM(me, TOP.outer) ->
			claim = RAS_CLAIM(me, TOP.call);
			ras_watch_begin(TOP.call)
		:: else ->
			level = slot[me].guards;
			ras_guard_close();
			goto try_lost
		fi
	}
	atomic {
		GO_IF_LANDED;
		slot[me].inside = 0;
		slot[me].landing = slot[me].guards
	}
	slot[me].inside = 1;
	/* What is tried. */
	atomic {
		GO_IF_LANDED;
		level = slot[me].guards;
		if
		:: true
		:: hangs && watch_cpu != RAS_NOBODY ->
			hangs--;
			late = 1;
			level = 0;
			goto hang
		fi
	}
try_leave:
	atomic { arch_return() }
	atomic { GO_IF_LANDED; call = LEFT.call; ras_guard_close() }
	atomic {
		GO_IF_LANDED;
		level = 0;
		if
		:: claim == RAS_CLAIM(me, call) ->
#ifndef RACE_SAME_CALL
			/* A number that has been watched before does not come back. */
			calls++;
			assert(calls < 32);
			TOP.call = calls;
#endif
			call = 0;
			claim = RAS_CLAIM(me, TOP.call)
		:: else -> call = 0; goto try_lost
		fi
#ifdef RACE_SAME_CALL
	}
	atomic {
		GO_IF_LANDED;
#endif
		ras_watch_begin(TOP.call);
		goto handler
	}
	/* Nobody may go on in the handler. */
try_lost:
	atomic {
		GO_IF_LANDED;
		arch_land()
	}
#endif

landed:
	atomic {
		call = 0;
		level = slot[me].landing;
#if TRIES
		if
		:: LEFT.outer -> goto try_leave
		:: else
		fi;
#endif
		goto leave
	}
#endif

ras_leave_call:
	atomic {
		level = slot[me].guards;
#ifdef WATCH
		GO_IF_LANDED
#endif
	}
leave:
	atomic {
#ifdef RACE_CLOSE
		/* Nobody closes the calls that were made from this one. */
		assert(level == slot[me].guards);
#endif
		call = LEFT.call;
		arch_return();
		ras_guard_close();
		level = 0
	}
	atomic {
		if
		:: claim == RAS_CLAIM(me, call) ->
			claim = RAS_CLAIM(me, 0);
			call = 0;
#ifndef HELP
			ras_watch_end();
#endif
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
		:: OWNED_HERE -> call = 0; goto ras_finish
		:: else
		fi
	}
#endif
	/* ras_finish() returns false. */
	atomic {
		call = 0;
		last = 0;
#ifdef WITNESS_TAKEOVERS
		assert(!taken);
#endif
		if
		:: taken && stop_resumable -> goto ras_park
		:: taken && !stop_resumable -> goto ras_own_crash
		:: else -> stale = 1; goto ras_lose
		fi
	}

	/* ---- The ends of a stop ---- */

ras_release:
	atomic {
		last = 0;
		OWNER_ACTS;
		state = RAS_RELEASING;
		released[stop_sequence] = 1
	}
	COMMAND_ALL {
		ras_command_all(RAS_RELEASE)
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
			:: i != me && TO_NUDGE(i) -> ras_nudge(i)
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
		forget_record();
		claim = RAS_CLAIM_NONE;
		if
		:: taken -> goto ras_park
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
	COMMAND_ALL {
		ras_command_all(RAS_HANDOVER)
	}
	goto ras_await_left;

ras_end:
	atomic {
		last = 0;
		OWNER_ACTS;
		state = RAS_ENDED;
		ended = 1
	}
	/* There is a crash kernel: panic() goes there. */
	if
	:: goto ras_machine_handover
	:: true
	fi;
	COMMAND_ALL {
		ras_command_all(RAS_RETIRE)
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
			:: i != me && TO_NUDGE(i) -> ras_nudge(i)
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
		:: WATCH_OVER(call) -> call = 0; goto ras_await_command
#ifdef JOB
		/* The only parked CPU also helps, a piece between two looks at the clock. */
		:: !WATCH_OVER(call) && HAS_WORK -> nr = slot[me].work; goto ras_help_piece
#endif
		/* The deadline has passed. */
		:: !WATCH_OVER(call) && IS_LATE
		fi;
		watch_strike = call;
		if
		:: OWNER != RAS_NOBODY -> send_nmi(OWNER)
		:: else
		fi
	}
	atomic {
		if
		:: WATCH_OVER(call) -> call = 0; goto ras_await_command
		/* The owner does not answer. */
		:: !WATCH_OVER(call)
		fi
	}
ras_take_claim:
	atomic {
		if
		:: RUNNING == call ->
#ifdef RACE_TWO_WORDS
			claim = RAS_CLAIM(OWNER, 0);
#else
			claim = RAS_CLAIM(me, 0);
#endif
			call = 0
		:: else -> call = 0; goto ras_await_command
		fi
	}
ras_become_owner:
#ifdef WITNESS_HELPER_OWNS
	assert(!slot[me].job);
#endif
	d_step {
		late = 0;
		steady = 0;
		do
		:: i < CPUS ->
			if
			:: stop_how[i] == RAS_HOW_OWNER ->
				stop_how[i] = RAS_HOW_NONE;
				if
				:: !stop_resumable && panic_cpu == i -> panic_cpu = me
				:: else
				fi
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0;
		stop_how[me] = RAS_HOW_OWNER;
#ifdef RACE_TWO_WORDS
		claim = RAS_CLAIM(me, 0);
#endif
		watch_cpu = RAS_NOBODY
	}
#ifndef COARSE
	slot[me].parking = 0;
#endif
	atomic {
		ras_unpark();
		in_nmi_park = 0;
		parked = 0;
		sequence = 0;
		taken = 1;
		goto ras_finish
	}

ras_take_over_if_due:
	atomic {
		call = slot[me].take_over;
		slot[me].take_over = 0;
		if
		:: HAS_PARKED(me) && !slot[me].helping && HAS_ROOM(me) -> goto ras_take_claim
		:: else -> call = 0; goto ras_await_command
		fi
	}

#ifdef JOB
	/* ---- A CPU that does a job, which may be the one that watches ---- */

ras_help_piece:
	BEGIN_PIECE {
		arg = help_arg;
		d_step { slot[me].job_over = 0; slot[me].job = nr; slot[me].piece++ };
		slot[me].helping = nr;
		d_step {
			ras_guard_open();
			TOP.helper = 1;
			TOP.inside = slot[me].inside;
			slot[me].landing = slot[me].guards
		}
	}
	/* An NMI that comes before this comes in vain. */
	slot[me].inside = 1;
	/* ras_work(): the second look. */
	atomic {
		if
#ifdef BREAK_WORK
		:: !LANDED
#else
		:: slot[me].work == nr && !LANDED
#endif
		:: else -> slot[me].job_over = 1; goto piece_left
		fi
	}
	atomic {
		if
		:: LANDED -> goto piece_left
		:: !LANDED
		fi;
		assert(arg == nr && lent[me] == nr);
		if
		:: true
		:: piece_hangs -> piece_hangs--; goto end_piece
		fi
	}
	atomic {
		if
		:: LANDED -> goto piece_left
		:: !LANDED
		fi;
#ifdef WITNESS_LOST
		/* A helper that is lost goes on. */
		assert(slot[me].job_lost != nr);
#endif
		assert(lent[me] == nr);
		if
		:: pieces -> pieces--
		:: true -> slot[me].job_over = 1
		fi;
		goto piece_left
	}
end_piece:
	atomic { LANDED -> goto piece_left }
piece_left:
	atomic {
		if
		:: LANDED -> slot[me].job_over = 1
		:: else
		fi;
		level = slot[me].guards;
		arch_return();
		ras_guard_close();
		level = 0;
		nr = 0;
		arg = 0
	}
	atomic {
		slot[me].helping = 0;
		if
		:: call -> goto ras_watch
		:: else -> goto ras_await_command
		fi
	}
#endif

	/* ---- A handler that has parked CPUs work for it, and such a CPU ---- */

#ifdef HELP
ras_call_parked:
	help_fn = help_nr + 1;
	help_arg = help_nr + 1;
	atomic {
		help_nr++;
		buffer[help_nr] = 1;
		help_active = 1
	}
	atomic {
		do
		:: i < CPUS ->
			OWNER_ACTS;
			if
			:: i != me -> slot[i].command = RAS_COMMAND_NR(stop_sequence, RAS_HELP,
					    help_nr)
			:: else
			fi;
			i++
		:: i == CPUS -> i = 0; break
		od
	}

ras_call_parked_end:
	help_active = 0;
	atomic {
		do
		:: i < CPUS ->
			OWNER_ACTS;
			if
			:: i != me -> slot[i].command = RAS_COMMAND(stop_sequence, RAS_STAY)
			:: else
			fi;
			i++
		:: i == CPUS -> i = 0; break
		od
	}
	atomic {
		if
		:: NONE_HELPING -> goto everybody_left
		:: !NONE_HELPING
		fi
	}
	d_step {
		do
		:: i < CPUS ->
			if
			:: i != me && slot[i].helping -> ras_nudge(i)
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
	atomic {
		if
		:: NONE_HELPING
		:: !NONE_HELPING -> goto call_parked_ended
		fi
	}
everybody_left:
	atomic {
		buffer[1] = 0;
		buffer[2] = 0
	}
call_parked_ended:
	atomic {
		if
		:: help_nr < CALLS -> goto ras_call_parked
		:: true -> goto ras_leave_call
		fi
	}

ras_help:
#if defined(RACE_RECALL) || defined(DEFECT_13)
	slot[me].helping = call;
#ifndef DEFECT_13
	atomic {
		if
		:: slot[me].command == RAS_COMMAND_NR(sequence, RAS_HELP, call) -> skip
		:: else -> goto has_helped
		fi
	}
#endif
	slot[me].helped = call;
	fn = help_fn;
	arg = help_arg;
	d_step {
		ras_guard_open();
		TOP.helper = 1;
		TOP.inside = slot[me].inside;
		slot[me].landing = slot[me].guards
	}
	slot[me].inside = 1;
#else
	fn = help_fn;
	arg = help_arg;
	slot[me].helping = call;
	d_step {
		ras_guard_open();
		TOP.helper = 1;
		TOP.inside = slot[me].inside;
		slot[me].landing = slot[me].guards
	}
	/* An NMI that comes before this has come after the command was changed. */
	slot[me].inside = 1;
	/* ras_help_fn(): what was read above belongs to this command. */
	atomic {
		if
		:: slot[me].command == RAS_COMMAND_NR(sequence, RAS_HELP, call) && !LANDED ->
			slot[me].helped = call
		:: else -> goto help_fn_left
		fi
	}
#endif
	atomic {
		if
		:: LANDED -> goto help_fn_left
		:: !LANDED
		fi;
		assert(fn == arg && buffer[arg]);
		if
		:: true
		:: !nmi -> goto help_fn_hangs
		fi
	}
	atomic {
		if
		:: LANDED -> goto help_fn_left
		:: !LANDED
		fi;
		assert(buffer[arg]);
		goto help_fn_left
	}
help_fn_hangs:
	LANDED;
help_fn_left:
	atomic {
		level = slot[me].guards;
		arch_return();
		ras_guard_close();
		level = 0;
		fn = 0;
		arg = 0
	}
has_helped:
	atomic {
		slot[me].helping = 0;
		call = 0;
		goto ras_await_command
	}
#endif
}

/*
 * No CPU can do anything any more.  Is each of them where it may be for ever?  That is: at
 * work; halted; with the rest of panic() or the crash kernel; or in a handler that hangs,
 * and was taken over from.
 */
#define AT_REST(pid)	(cpu[pid]@end_halt || cpu[pid]@end_crash || cpu[pid]@end_wedged)
#ifdef JOB
/* Or in a piece that hangs in an NMI, and is lost. */
#define LOST_THERE(c)	(cpu[CPUS + c]@end_piece && (slot[c].job_lost || ended))
#else
#define LOST_THERE(c)	0
#endif
#define FINE(c)		(AT_REST(CPUS + c) || LOST_THERE(c) || \
			 (cpu[CPUS + c]@end_run && (cpu[c]@end_run || AT_REST(c))))

active proctype everybody_is_fine()
{
	timeout -> assert(ALL_CPUS(FINE))
}

#ifdef LTL
/* A stop that has begun ends: it is released, or it is a crash that ends or hands over. */
ltl every_stop_ends { [] (state == RAS_STOPPING -> <> (state == RAS_IDLE || ended)) }

#ifdef AWAY
/* Who is away comes back. */
ltl who_is_away_is_back { [] (state == RAS_AWAY -> <> (state == RAS_STOPPED)) }
#endif

/* A panic is not lost: it ends in a crash, be it that of the stop that it has met. */
ltl panic_is_crash { [] (panic_cpu != RAS_NOBODY -> <> ended) }

/* Nobody stays parked in a stop that was released. */
ltl nobody_stays { [] ((released[1] && slot[1].parked == 1) -> <> (slot[1].parked != 1)) }
#endif

#else /* REGISTRY */

bit in_chain = 1;		/* the handler is in ras_machine.chain */
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
	:: in_chain -> busy++
	:: !in_chain -> goto done
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
	in_chain = 0;
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
