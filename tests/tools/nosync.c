/* SPDX-License-Identifier: MIT
 * nosync - an LD_PRELOAD library with which fdatasync and fsync only claim to have synced. The test
 * that every 2xx is preceded by a sync must fail with it: that is the test of the test.
 */
int fdatasync(int fd);
int fsync(int fd);

int fdatasync(int fd)
{
    (void)fd;
    return 0;
}

int fsync(int fd)
{
    (void)fd;
    return 0;
}
