# SPDX-License-Identifier: MIT
"""The programs as `./configure` makes them by default: hardened. tests/lint/needed looks at their libraries."""
import os
import re
import shlex
import signal
import subprocess
import unittest

import elf
from place import build_dir, temporary_folder

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


class Compiler(unittest.TestCase):
    """What the compiler of the build can do, compared with what it was told to do."""

    # Where the buffer ends is known at run time only: level 2 lets that pass.
    OVERFLOW = """
        #include <stdlib.h>
        #include <string.h>
        int main(int argc, char **argv)
        {
            char *volatile text = malloc((size_t)argc + 7);
            char *copy = malloc((size_t)argc + 7);
            (void)argv;
            if (text == NULL || copy == NULL)
                return 1;
            memset(copy, argc, (size_t)argc + 8);
            memcpy(text, copy, 8);
            return text[0] != argc;
        }"""

    def setUp(self):
        with open(os.path.join(build_dir(), "Makefile"), encoding="utf-8") as f:
            self.made = dict(re.findall(r"(?m)^(\w+) = *(.*)$", f.read()))

    def words(self, *names):
        return [word for name in names for word in shlex.split(self.made[name])]

    def compile(self, text, *flags):
        """The program; None: the compiler refuses."""
        path = os.path.join(temporary_folder(), "program")
        done = subprocess.run([*self.words("CC", "CFLAGS"), *flags, "-x", "c", "-", "-o", path], input=text.encode(),
                              capture_output=True, check=False, timeout=60)
        return path if done.returncode == 0 else None

    def accepts(self, *flags, level=0):
        text = ("#include <string.h>\n#if defined __GLIBC__ && __USE_FORTIFY_LEVEL < %d\n#error too low\n#endif\n"
                "int main(void) { return 0; }") % level
        return self.compile(text, "-Werror", *flags) is not None

    def test_also_copies_whose_target_has_its_size_at_run_time_are_checked_if_the_compiler_can(self):
        can = self.accepts("-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3", level=3)
        self.assertIn(f"-D_FORTIFY_SOURCE={3 if can else 2}", self.words("STENO_CPPFLAGS"))
        for level, end in ((2, 0), (3, -signal.SIGABRT if can else 0)):
            path = self.compile(self.OVERFLOW, "-U_FORTIFY_SOURCE", f"-D_FORTIFY_SOURCE={level}")
            done = subprocess.run([path], capture_output=True, check=False, timeout=60)
            self.assertEqual(end, done.returncode, level)

    def test_a_variable_that_nobody_set_is_zero_if_the_compiler_can(self):
        flag = "-ftrivial-auto-var-init=zero"
        can = self.accepts(flag)
        self.assertEqual(can, flag in self.words("STENO_CFLAGS"))
        for name in PROGRAMS:
            program = elf.Elf(os.path.join(build_dir(), name))
            # gcc writes the flags that it was given into what debuggers read.
            if b"-fstack-protector-strong" in program.data:
                self.assertEqual(can, flag.encode() in program.data, name)
