# SPDX-License-Identifier: MIT
libqueue_a_SOURCES = \
	src/store/queue/hookview.c src/store/queue/hookview.h \
	src/store/queue/hookview_attempts.c \
	src/store/queue/hookview_load.c \
	src/store/queue/hookview_parts.h \
	src/store/queue/hookview_stats.c \
	src/store/queue/hookview_table.c \
	src/store/queue/ledger.c src/store/queue/ledger.h \
	src/store/queue/ledger_parts.h \
	src/store/queue/ledger_read.c \
	src/store/queue/ledger_renew.c \
	src/store/queue/orders.c src/store/queue/orders.h \
	src/store/queue/queue.c src/store/queue/queue.h \
	src/store/queue/queue_claim.c \
	src/store/queue/queue_feed.c \
	src/store/queue/queue_flush.c \
	src/store/queue/queue_lanes.c \
	src/store/queue/queue_orders.c \
	src/store/queue/queue_parts.h \
	src/store/queue/queue_resume.c \
	src/store/queue/slot.c src/store/queue/slot.h \
	src/store/queue/snapshot.c src/store/queue/snapshot.h \
	src/store/queue/snapshot_file.c \
	src/store/queue/snapshot_load.c \
	src/store/queue/standing.c src/store/queue/standing.h \
	src/store/queue/wake.c src/store/queue/wake.h \
	src/store/queue/wake_find.c
