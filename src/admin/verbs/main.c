/* SPDX-License-Identifier: MIT
 * stenohook - the command line.
 */
#include "admin/verbs/verbs.h"

int main(int argc, char **argv)
{
    return command_main(&admin_program, argc, argv);
}
