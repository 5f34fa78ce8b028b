#!/bin/sh
# SPDX-License-Identifier: MIT
# append EVENT - the hook of adnanh/webhook: appends the event as a line, as its examples do. Nothing syncs it.
printf '%s\n' "$1" >>"$BENCH_FILE"
