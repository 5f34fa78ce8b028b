# SPDX-License-Identifier: MIT
"""elf - what an ELF file says of itself: kind, segments, dynamic section, names of its dynamic symbols."""
import struct

ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
PT_GNU_STACK, PT_GNU_RELRO = 0x6474E551, 0x6474E552
PF_X, PF_W = 1, 2
DT_NULL, DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_BIND_NOW, DT_FLAGS, DT_FLAGS_1 = 0, 1, 5, 10, 24, 30, 0x6FFFFFFB
DF_BIND_NOW, DF_1_NOW, DF_1_PIE = 0x8, 0x1, 0x08000000


class Elf:
    """Offsets as in the System V ABI, chapter 4 and 5, for both sizes and both byte orders."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        if self.data[:4] != b"\x7fELF":
            raise ValueError(f"{path} is no ELF file")
        self.wide = self.data[4] == 2
        self.order = "<" if self.data[5] == 1 else ">"
        self.kind = self.unpack("H", 16)[0]
        self.segments = self.read_segments()
        self.dynamic = self.read_dynamic()

    def unpack(self, form, offset):
        return struct.unpack_from(self.order + form, self.data, offset)

    def read_segments(self):
        """(type, flags, offset, address, size in the file) each."""
        start = self.unpack("Q", 32)[0] if self.wide else self.unpack("I", 28)[0]
        size, count = self.unpack("HH", 54 if self.wide else 42)
        found = []
        for at in range(start, start + count * size, size):
            if self.wide:
                kind, flags, offset, address, _, length = self.unpack("IIQQQQ", at)
            else:
                kind, offset, address, _, length, _, flags = self.unpack("IIIIIII", at)
            found.append((kind, flags, offset, address, length))
        return found

    def segment(self, kind):
        return next((s for s in self.segments if s[0] == kind), None)

    def read_dynamic(self):
        segment = self.segment(PT_DYNAMIC)
        if segment is None:
            return []
        form = "qQ" if self.wide else "iI"
        entries = []
        for at in range(segment[2], segment[2] + segment[4], struct.calcsize(self.order + form)):
            tag, value = self.unpack(form, at)
            if tag == DT_NULL:
                break
            entries.append((tag, value))
        return entries

    def tag(self, wanted):
        return next((value for tag, value in self.dynamic if tag == wanted), 0)

    def offset(self, address):
        """Where in the file stands what is loaded to that address."""
        for kind, _, offset, start, length in self.segments:
            if kind == PT_LOAD and start <= address < start + length:
                return address - start + offset
        raise ValueError(f"nothing is loaded to {address:#x}")

    def strings(self):
        start = self.offset(self.tag(DT_STRTAB))
        return self.data[start:start + self.tag(DT_STRSZ)]

    def needed(self):
        """Names of the libraries that are loaded with it."""
        if not self.dynamic:
            return []
        text = self.strings()
        return [text[v:text.index(b"\0", v)].decode() for t, v in self.dynamic if t == DT_NEEDED]

    def names(self):
        """Names of its dynamic symbols and libraries."""
        return set(self.strings().split(b"\0")) if self.dynamic else set()
