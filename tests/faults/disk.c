/* SPDX-License-Identifier: MIT
 * disk - what a power cut may leave of what an oplog tells.
 */
#include "disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook.h"

#define NEVER SIZE_MAX
#define NONE UINT32_MAX
#define SECTOR 512
#define NAMES_MAX 64
#define PATH_LEN 512

struct step {
    uint32_t file, dir;  /* indexes of files; NONE */
    size_t certain;      /* op from which on this one is on disk; NEVER */
    size_t certain_mild; /* as well, where the sync of a new file takes its name along */
};

struct disk {
    const struct oplog *log;
    struct step *steps;
    uint64_t *numbers; /* inode of each file, as it was last given */
    bool *folders;
    uint32_t files;
};

uint64_t chance(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* ---- which file is which, and from when on what is certain */

/* Numbers are given anew once a file is gone: the newest one counts. */
static uint32_t file_of(const struct disk *d, uint64_t number)
{
    for (uint32_t f = d->files; f-- > 0;)
        if (d->numbers[f] == number)
            return f;
    return NONE;
}

static bool is_name(enum op_kind kind)
{
    return kind == OP_MAKE || kind == OP_MKDIR || kind == OP_LINK || kind == OP_RENAME ||
           kind == OP_UNLINK;
}

static bool is_content(enum op_kind kind)
{
    return kind == OP_WRITE || kind == OP_SIZE;
}

/* The sync from `begun` to `done` of a file: NEVER for those whose sync has failed before. */
static void cover(struct disk *d, size_t begun, size_t done)
{
    uint32_t file = d->steps[begun].file;

    for (size_t i = 0; i < begun; i++) {
        enum op_kind kind = d->log->ops[i].kind;
        struct step *s = &d->steps[i];

        if (is_content(kind) && s->file == file && s->certain == NEVER)
            s->certain = s->certain_mild = done;
        if (is_name(kind) && s->dir == file && s->certain == NEVER)
            s->certain = done;
        if (is_name(kind) && (s->dir == file || s->file == file) && s->certain_mild == NEVER)
            s->certain_mild = done;
    }
}

/* Marked as covered by a sync that never ends. */
#define GIVEN_UP (SIZE_MAX - 1)

static void give_up(struct disk *d, size_t begun)
{
    uint32_t file = d->steps[begun].file;

    for (size_t i = 0; i < begun; i++)
        if (is_content(d->log->ops[i].kind) && d->steps[i].file == file &&
            d->steps[i].certain == NEVER)
            d->steps[i].certain = d->steps[i].certain_mild = GIVEN_UP;
}

static void add_step(struct disk *d, size_t i)
{
    const struct op *op = &d->log->ops[i];
    struct step *s = &d->steps[i];

    *s = (struct step){NONE, NONE, op->base ? 0 : NEVER, op->base ? 0 : NEVER};
    if (op->kind == OP_MARK)
        return;
    if (is_name(op->kind))
        s->dir = file_of(d, op->dir);
    if (op->kind == OP_MAKE || op->kind == OP_NAMELESS || op->kind == OP_MKDIR) {
        d->numbers[d->files] = op->file;
        d->folders[d->files++] = op->kind == OP_MKDIR;
    }
    if (op->kind != OP_UNLINK)
        s->file = file_of(d, op->file);
    if (op->kind == OP_SYNCED)
        cover(d, op->offset, i);
    if (op->kind == OP_SYNC_FAILED)
        give_up(d, op->offset);
}

struct disk *disk_make(const struct oplog *log)
{
    struct disk *d = calloc(1, sizeof *d);
    size_t room = log->count + 1;

    if (d == NULL)
        return NULL;
    d->log = log;
    d->steps = calloc(room, sizeof *d->steps);
    d->numbers = calloc(room, sizeof *d->numbers);
    d->folders = calloc(room, sizeof *d->folders);
    if (d->steps == NULL || d->numbers == NULL || d->folders == NULL) {
        disk_free(d);
        return NULL;
    }
    d->numbers[0] = log->root;
    d->folders[0] = true;
    d->files = 1;
    for (size_t i = 0; i < log->count; i++)
        add_step(d, i);
    return d;
}

void disk_free(struct disk *d)
{
    free(d->steps);
    free(d->numbers);
    free(d->folders);
    free(d);
}

/* ---- what becomes of the ops that are not certain */

enum mode { MODE_NONE, MODE_ALL, MODE_SIZES, MODE_PREFIX, MODE_SOME, MODE_ONE_LESS, MODES };
enum fate { FATE_LOST, FATE_WHOLE, FATE_SIZE, FATE_TORN, FATE_SECTORS };

/* How the ops of one file, or of the names in one folder, fare. */
struct lot {
    enum mode mode;
    uint32_t open; /* how many are not certain */
    uint32_t nth;  /* of them: MODE_PREFIX, MODE_ONE_LESS */
    uint32_t seen;
};

struct leaving {
    const struct disk *d;
    size_t at;
    bool mild;
    uint64_t seed;
    struct lot *contents, *names;
    enum fate *fates;
    bool tidy;
};

static bool certain(const struct leaving *l, size_t i)
{
    const struct step *s = &l->d->steps[i];

    return (l->mild ? s->certain_mild : s->certain) < l->at || l->d->log->ops[i].base;
}

static struct lot *lot_of(const struct leaving *l, size_t i)
{
    enum op_kind kind = l->d->log->ops[i].kind;
    const struct step *s = &l->d->steps[i];

    if (is_content(kind) && s->file != NONE)
        return &l->contents[s->file];
    return is_name(kind) && s->dir != NONE ? &l->names[s->dir] : NULL;
}

static void draw(struct leaving *l, struct lot *lots, unsigned variant)
{
    static const enum mode plain[] = {MODE_NONE, MODE_ALL, MODE_SIZES};

    for (uint32_t f = 0; f < l->d->files; f++) {
        lots[f].mode =
            variant < DISK_BY_CHANCE ? plain[variant] : (enum mode)(chance(&l->seed) % MODES);
        lots[f].nth = lots[f].open == 0 ? 0 : (uint32_t)(chance(&l->seed) % lots[f].open);
    }
}

static enum fate damaged(struct leaving *l)
{
    static const enum fate fates[] = {FATE_LOST, FATE_WHOLE, FATE_SIZE, FATE_TORN, FATE_SECTORS};

    return fates[chance(&l->seed) % 5];
}

static enum fate fate_of(struct leaving *l, struct lot *lot)
{
    uint32_t n = lot->seen++;

    switch (lot->mode) {
    case MODE_ALL:
        return FATE_WHOLE;
    case MODE_SIZES:
        return FATE_SIZE;
    case MODE_PREFIX:
        return n < lot->nth ? FATE_WHOLE : n == lot->nth ? damaged(l) : FATE_LOST;
    case MODE_ONE_LESS:
        return n == lot->nth ? damaged(l) : FATE_WHOLE;
    case MODE_SOME:
        return chance(&l->seed) % 2 == 0 ? FATE_WHOLE : damaged(l);
    case MODE_NONE:
    case MODES:
        break;
    }
    return FATE_LOST;
}

static void cast_lots(struct leaving *l, unsigned variant)
{
    const struct op *ops = l->d->log->ops;

    for (size_t i = 0; i < l->at; i++) {
        struct lot *lot = lot_of(l, i);

        if (lot != NULL && !certain(l, i))
            lot->open++;
    }
    draw(l, l->contents, variant);
    draw(l, l->names, variant);
    for (size_t i = 0; i < l->at; i++) {
        struct lot *lot = lot_of(l, i);

        if (lot == NULL)
            continue;
        l->fates[i] = certain(l, i) ? FATE_WHOLE : fate_of(l, lot);
        /* A name is there or not. */
        if (is_name(ops[i].kind) && l->fates[i] != FATE_LOST)
            l->fates[i] = FATE_WHOLE;
    }
}

/* ---- names */

struct entry {
    uint32_t dir, file;
    char name[OP_NAME_MAX];
};

struct tree {
    struct entry entries[NAMES_MAX];
    size_t count;
    bool full;
};

static void tree_drop(struct tree *t, uint32_t dir, const char *name)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->entries[i].dir == dir && strcmp(t->entries[i].name, name) == 0) {
            t->entries[i] = t->entries[--t->count];
            return;
        }
}

static void tree_set(struct tree *t, uint32_t dir, const char *name, uint32_t file)
{
    tree_drop(t, dir, name);
    if (t->count == NAMES_MAX) {
        t->full = true;
        return;
    }
    t->entries[t->count] = (struct entry){.dir = dir, .file = file};
    snprintf(t->entries[t->count++].name, OP_NAME_MAX, "%s", name);
}

static void grow_tree(const struct leaving *l, struct tree *t)
{
    for (size_t i = 0; i < l->at; i++) {
        const struct op *op = &l->d->log->ops[i];
        const struct step *s = &l->d->steps[i];

        if (!is_name(op->kind) || l->fates[i] == FATE_LOST || s->dir == NONE)
            continue;
        if (op->kind == OP_UNLINK || op->kind == OP_RENAME)
            tree_drop(t, s->dir, op->name);
        if (op->kind != OP_UNLINK)
            tree_set(t, s->dir, op->kind == OP_RENAME ? op->to : op->name, s->file);
    }
}

/* ---- contents */

static void put(const struct leaving *l, int fd, const struct op *op, size_t from, size_t to)
{
    if (hook_real_pwrite(fd, l->d->log->bytes + op->at + from, to - from,
                         (off_t)(op->offset + from)) < 0)
        abort();
}

static void grow_to(struct leaving *l, int fd, uint64_t size)
{
    off_t now = lseek(fd, 0, SEEK_END);

    if (now < (off_t)size) {
        if (hook_real_ftruncate(fd, (off_t)size) != 0)
            abort();
        l->tidy = false;
    }
}

/* Sectors are those of the file. */
static void put_sectors(struct leaving *l, int fd, const struct op *op)
{
    size_t from = 0;

    while (from < op->len) {
        size_t to = from + SECTOR - (op->offset + from) % SECTOR;

        if (to > op->len)
            to = op->len;
        if (chance(&l->seed) % 2 == 0)
            put(l, fd, op, from, to);
        from = to;
    }
    l->tidy = false;
    grow_to(l, fd, op->offset + op->len);
}

static void put_op(struct leaving *l, int fd, size_t i)
{
    const struct op *op = &l->d->log->ops[i];

    if (op->kind == OP_SIZE && l->fates[i] != FATE_LOST) {
        if (hook_real_ftruncate(fd, (off_t)op->offset) != 0)
            abort();
        return;
    }
    /* What was lost before it leaves a hole. */
    if (l->fates[i] != FATE_LOST && lseek(fd, 0, SEEK_END) < (off_t)op->offset)
        l->tidy = false;
    switch (l->fates[i]) {
    case FATE_SIZE:
        grow_to(l, fd, op->offset + op->len);
        break;
    case FATE_TORN:
        put(l, fd, op, 0, chance(&l->seed) % op->len);
        break;
    case FATE_SECTORS:
        put_sectors(l, fd, op);
        break;
    case FATE_WHOLE:
        put(l, fd, op, 0, op->len);
        break;
    case FATE_LOST:
        break;
    }
}

static bool fill(struct leaving *l, const char *path, uint32_t file)
{
    int fd = hook_real_open(AT_FDCWD, path, O_RDWR | O_CREAT);

    if (fd < 0)
        return false;
    for (size_t i = 0; i < l->at; i++)
        if (l->d->steps[i].file == file && is_content(l->d->log->ops[i].kind))
            put_op(l, fd, i);
    hook_real_close(fd);
    return true;
}

/* Below `dir`, whose path is `path`. A file with two names is made once and linked. */
static bool make_below(struct leaving *l, const struct tree *t, uint32_t dir, const char *path,
                       char (*made)[PATH_LEN])
{
    for (size_t i = 0; i < t->count; i++) {
        const struct entry *e = &t->entries[i];
        char name[PATH_LEN];
        bool ok;

        if (e->dir != dir || e->file == NONE)
            continue;
        if (snprintf(name, sizeof name, "%s/%s", path, e->name) >= PATH_LEN)
            return false;
        if (l->d->folders[e->file]) {
            ok = hook_real_mkdir(name) == 0 && make_below(l, t, e->file, name, made);
        } else if (made[e->file][0] != '\0') {
            ok = hook_real_link(AT_FDCWD, made[e->file], name) == 0;
        } else {
            ok = fill(l, name, e->file);
            snprintf(made[e->file], PATH_LEN, "%s", name);
        }
        if (!ok)
            return false;
    }
    return true;
}

bool disk_leave(const struct disk *d, size_t at, unsigned variant, uint64_t seed, const char *root,
                bool *tidy)
{
    struct leaving l = {.d = d, .at = at, .seed = seed, .tidy = true};
    struct tree *tree = calloc(1, sizeof *tree);
    char(*made)[PATH_LEN] = calloc(d->files, PATH_LEN);
    bool ok = false;

    for (unsigned i = 0; i < 8; i++)
        (void)chance(&l.seed);
    l.mild = variant >= DISK_BY_CHANCE && chance(&l.seed) % 2 == 0;
    l.contents = calloc(d->files, sizeof *l.contents);
    l.names = calloc(d->files, sizeof *l.names);
    l.fates = calloc(at + 1, sizeof *l.fates);
    if (tree != NULL && made != NULL && l.contents != NULL && l.names != NULL && l.fates != NULL) {
        cast_lots(&l, variant);
        grow_tree(&l, tree);
        ok = !tree->full && make_below(&l, tree, 0, root, made);
    }
    *tidy = l.tidy;
    free(tree);
    free(made);
    free(l.contents);
    free(l.names);
    free(l.fates);
    return ok;
}

/* ---- promises */

bool promise_outlived(const struct promises *p, unsigned deed)
{
    return p->keep_s != 0 &&
           p->since_ns[deed] + (int64_t)p->keep_s * INT64_C(1000000000) < p->now_ns;
}

static void promise_tried(struct promises *p, uint64_t deed, const unsigned char *time)
{
    memcpy(&p->now_ns, time, sizeof p->now_ns);
    if (!p->tried[deed])
        p->since_ns[deed] = p->now_ns;
    p->renewed[deed] = p->renewed[deed] || promise_outlived(p, (unsigned)deed);
    p->tried_ns[deed] = p->now_ns;
    p->tried[deed] = true;
}

static void promise_acked(struct promises *p, unsigned deed, const char *id)
{
    if (p->acked[deed] && strcmp(p->id[deed], id) != 0) {
        p->broken += !p->renewed[deed];
        p->since_ns[deed] = p->now_ns;
    }
    p->acked[deed] = true;
    snprintf(p->id[deed], RECORD_ID_MAX, "%s", id);
}

void disk_promises(const struct oplog *log, size_t at, struct promises *p)
{
    for (size_t i = 0; i < at; i++) {
        const struct op *op = &log->ops[i];
        const unsigned char *bytes = log->bytes + op->at;

        if (op->kind != OP_MARK)
            continue;
        if (op->mark == MARK_SPOOL)
            p->spool = true;
        else if (op->mark == MARK_TRIED)
            promise_tried(p, op->offset, bytes);
        else if (op->mark == MARK_ACKED)
            promise_acked(p, (unsigned)op->offset, (const char *)bytes);
        else if (op->mark == MARK_BOXED || op->mark == MARK_UNBOXED)
            p->boxed[op->offset] = op->mark == MARK_BOXED;
    }
}
