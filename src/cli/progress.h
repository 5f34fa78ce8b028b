/* SPDX-License-Identifier: MIT
 * progress - the line on stderr that says how far a long verb is. Only on a terminal. cli/print.h
 * erases it before it prints anything, so verbs only ever show it.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

/* Replaces the line; ignored within a tenth of a second of the one before. */
void progress_show(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Erases the line if what is written to `fd` next would follow it on the terminal. */
void progress_clear(int fd);

#endif
