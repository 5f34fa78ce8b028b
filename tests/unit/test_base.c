/* SPDX-License-Identifier: MIT */
#include "unit.h"

static const struct unit_case cases[] = {UNIT_END};
const struct unit_suite suite_base = {"base", cases};
