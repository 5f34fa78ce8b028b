/* SPDX-License-Identifier: MIT
 * typo - finds the known word that a mistyped one was meant to be. Pure.
 */
#ifndef BASE_TYPO_H
#define BASE_TYPO_H

#include "base/str.h"

/* How many letters must be put in, left out or changed to make `known` of `written`; `_` stands for
 * `-`. At most TYPO_MAX, also for words longer than that. */
#define TYPO_MAX 32
unsigned typo_distance(struct str written, const char *known);

/* The largest distance at which `written` is still taken for a slip, by its length. */
unsigned typo_near(struct str written);

#endif
