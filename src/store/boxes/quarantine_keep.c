/* SPDX-License-Identifier: MIT
 * quarantine_keep - see store/boxes/quarantine_keep.h.
 */
#include "store/boxes/quarantine_keep.h"

#include "base/file.h"

static enum status sync_entry(const struct spool *spool, struct box_file *file, const char *name,
                              bool *again, struct err *err)
{
    enum status status;

    if (file_sync(file->fd) < 0)
        return err_errno(err, "cannot sync a quarantine entry");
    status = box_file_link(file, name, again, err);
    if (status != STATUS_OK)
        return status;
    /* Also if it existed already: its maker may not have come this far. */
    if (file_sync_dir(spool->quarantine) < 0)
        return err_errno(err, "cannot sync the quarantine folder");
    return STATUS_OK;
}

enum status quarantine_keep(const struct spool *spool, struct box_file *file, const char *name,
                            uint64_t size, const struct quarantine_quota *quota, bool *again,
                            struct err *err)
{
    bool charged;
    enum status status = quarantine_charge(spool, name, size, quota, &charged, err);

    if (status != STATUS_OK)
        return status;
    status = sync_entry(spool, file, name, again, err);
    if (charged && (status != STATUS_OK || *again))
        quarantine_discharge(spool, name, size, quota);
    return status;
}
