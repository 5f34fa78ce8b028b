/* SPDX-License-Identifier: MIT
 * user_group - see base/user_group.h.
 */
#include "base/user_group.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"

/* name:password:number:... */
struct account_row {
    struct str name, rest;
    uint64_t number;
};

struct group_users {
    const uid_t *uids;
    size_t count;
};

static bool is_member(uint64_t uid, const struct group_users *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->uids[i] == uid)
            return true;
    return false;
}

/* Takes the next row off the text. Clears *whole at a line that is none. false: at the end. */
static bool take_row(struct str *text, struct account_row *row, bool *whole)
{
    struct str line, field;

    do {
        if (text->len == 0)
            return false;
        (void)str_cut(*text, '\n', &line, text);
    } while (line.len == 0 || line.ptr[0] == '#');
    *whole = line.ptr[0] != '+' && line.ptr[0] != '-' &&
             str_cut(line, ':', &row->name, &row->rest) &&
             str_cut(row->rest, ':', &field, &row->rest) &&
             str_cut(row->rest, ':', &field, &row->rest) && num_u64(field, &row->number);
    return *whole;
}

static bool name_fits(struct str users, struct str name, const struct group_users *m)
{
    struct account_row row;
    bool whole = true;

    while (take_row(&users, &row, &whole))
        if (row.name.len == name.len && memcmp(row.name.ptr, name.ptr, name.len) == 0)
            return is_member(row.number, m);
    return false;
}

/* The list of a group's row, which follows its number. */
static bool list_fits(struct str users, struct str list, const struct group_users *m)
{
    struct str name;

    while (list.len > 0) {
        (void)str_cut(list, ',', &name, &list);
        if (name.len > 0 && !name_fits(users, name, m))
            return false;
    }
    return true;
}

static bool lists_fit(struct str users, struct str groups, gid_t gid, const struct group_users *m)
{
    bool whole = true, found = false;
    struct account_row row;

    while (take_row(&groups, &row, &whole))
        if (row.number == gid) {
            found = true;
            if (!list_fits(users, row.rest, m))
                return false;
        }
    return found && whole;
}

static bool primary_fits(struct str users, gid_t gid, const struct group_users *m)
{
    struct str field, rest;
    bool whole = true;
    struct account_row row;
    uint64_t primary;

    while (take_row(&users, &row, &whole)) {
        if (!str_cut(row.rest, ':', &field, &rest) || !num_u64(field, &primary))
            return false;
        if (primary == gid && !is_member(row.number, m))
            return false;
    }
    return whole;
}

static bool read_and_judge(const char *users, const char *groups, gid_t gid,
                           const struct group_users *m)
{
    struct buf user_text, group_text;
    bool fits;

    buf_init(&user_text, USER_GROUP_FILE_MAX);
    buf_init(&group_text, USER_GROUP_FILE_MAX);
    fits = file_slurp(AT_FDCWD, users, &user_text) == 0 &&
           file_slurp(AT_FDCWD, groups, &group_text) == 0 &&
           lists_fit(buf_str(&user_text), buf_str(&group_text), gid, m) &&
           primary_fits(buf_str(&user_text), gid, m);
    buf_free(&group_text);
    buf_free(&user_text);
    return fits;
}

/* ---- the last answer */

#define UIDS_KEPT 3

static struct group_answer {
    struct stat users, groups;
    gid_t gid;
    uid_t uids[UIDS_KEPT];
    size_t count; /* 0: there is none */
    bool fits;
} last;
static pthread_mutex_t last_lock = PTHREAD_MUTEX_INITIALIZER;

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool same_question(const struct group_answer *a, const struct group_answer *b)
{
    return a->count == b->count && a->gid == b->gid &&
           memcmp(a->uids, b->uids, a->count * sizeof *a->uids) == 0 &&
           same_file(&a->users, &b->users) && same_file(&a->groups, &b->groups);
}

bool user_group_private(const char *users, const char *groups, gid_t gid, const uid_t *uids,
                        size_t count)
{
    const struct group_users m = {uids, count};
    struct group_answer now = {.gid = gid, .count = count};
    bool known;

    /* Before they are read: a change in between is seen the next time. */
    if (count > UIDS_KEPT || stat(users, &now.users) != 0 || stat(groups, &now.groups) != 0)
        return false;
    memcpy(now.uids, uids, count * sizeof *uids);
    pthread_mutex_lock(&last_lock);
    known = last.count > 0 && same_question(&last, &now);
    now.fits = last.fits;
    pthread_mutex_unlock(&last_lock);
    if (known)
        return now.fits;
    now.fits = read_and_judge(users, groups, gid, &m);
    pthread_mutex_lock(&last_lock);
    last = now;
    pthread_mutex_unlock(&last_lock);
    return now.fits;
}
