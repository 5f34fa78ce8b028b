/* SPDX-License-Identifier: MIT
 * scenes - what is done to a spool while its files are watched, or fail.
 */
#ifndef FAULTS_SCENES_H
#define FAULTS_SCENES_H

#include <stdbool.h>

#include "stage.h"

struct scene {
    const char *name;
    void (*set)(struct stage *stage);     /* its options; NULL: the usual ones */
    void (*prepare)(struct stage *stage); /* makes the spool, unwatched; NULL: the scene does */
    void (*play)(struct stage *stage);
    bool alone; /* one process, and no faults of its own: others may be put below it */
    bool crowded;
    bool paused; /* hooks are, in what is prepared */
};

extern const struct scene scenes[];
/* NULL behind the last one. */
const struct scene *scene_named(const char *name);
/* Options and times of a spool of that scene in `root`. */
void scene_set(const struct scene *scene, struct stage *stage, const char *root);
/* Plays in a process of its own and waits for its end. False: it did not end by itself. */
bool scene_play(const struct scene *scene, struct stage *stage);

#endif
