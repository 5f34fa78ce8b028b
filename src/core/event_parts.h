/* SPDX-License-Identifier: MIT
 * event_parts - an event from inside: for event.c, and for tests that need odd ones.
 */
#ifndef CORE_EVENT_PARTS_H
#define CORE_EVENT_PARTS_H

#include "core/event.h"

struct event {
    const struct principal *principal;
    struct event_facts facts;
};

#endif
