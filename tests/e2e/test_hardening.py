# SPDX-License-Identifier: MIT
"""The programs as `./configure` makes them by default: hardened. tests/lint/needed looks at their libraries."""
import os
import unittest

import elf
from place import build_dir

PROGRAMS = ("stenohook.fcgi", "stenohook", "stenohook-run")


class Default(unittest.TestCase):
    def each(self):
        for name in PROGRAMS:
            with self.subTest(program=name):
                yield elf.Elf(os.path.join(build_dir(), name))

    def test_code_is_loaded_to_an_address_that_nobody_knows(self):
        for program in self.each():
            self.assertEqual(elf.ET_DYN, program.kind)
            self.assertTrue(program.tag(elf.DT_FLAGS_1) & elf.DF_1_PIE, "a program, not a library")

    def test_pointers_to_functions_are_read_only_from_the_start(self):
        for program in self.each():
            self.assertIsNotNone(program.segment(elf.PT_GNU_RELRO))
            now = program.tag(elf.DT_FLAGS) & elf.DF_BIND_NOW or program.tag(elf.DT_FLAGS_1) & elf.DF_1_NOW
            self.assertTrue(now or (elf.DT_BIND_NOW, 0) in program.dynamic)

    def test_the_stack_holds_no_code(self):
        for program in self.each():
            self.assertIsNotNone(program.segment(elf.PT_GNU_STACK))
            self.assertEqual(0, program.segment(elf.PT_GNU_STACK)[1] & elf.PF_X)

    def test_nothing_is_both_written_and_run(self):
        for program in self.each():
            for kind, flags, *_ in program.segments:
                self.assertFalse(kind == elf.PT_LOAD and flags & elf.PF_W and flags & elf.PF_X)

    def test_a_smashed_stack_is_noticed(self):
        for program in self.each():
            self.assertTrue(b"__stack_chk_fail" in program.names())

    def test_copies_are_checked_against_the_size_of_their_target(self):
        for program in self.each():
            self.assertTrue([n for n in program.names() if n.endswith(b"_chk") and n != b"__stack_chk_fail"])
