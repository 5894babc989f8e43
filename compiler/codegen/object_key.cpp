#include "compiler/codegen/object_key.h"

#include <link.h>

#include <cstring>

#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/Support/raw_ostream.h>

namespace netc::codegen {

namespace {

// The notes of a program segment: size of the name, of the contents, a type; the name, the contents, each
// filled up to a multiple of four.
std::string build_id_in(const char* notes, std::size_t size) {
  ElfW(Nhdr) note;
  for (std::size_t at = 0; at + sizeof note <= size;) {
    std::memcpy(&note, notes + at, sizeof note);
    const std::size_t contents = at + sizeof note + (note.n_namesz + 3) / 4 * 4;
    if (note.n_type == NT_GNU_BUILD_ID && contents + note.n_descsz <= size)
      return {notes + contents, note.n_descsz};
    at = contents + (note.n_descsz + 3) / 4 * 4;
  }
  return "";
}

// What the linker hashed this program's contents to. LLVM is a part of them.
std::string find_build_id() {
  std::string id;
  auto visit = [](dl_phdr_info* info, std::size_t, void* result) {
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const ElfW(Phdr)& segment = info->dlpi_phdr[i];
      if (segment.p_type != PT_NOTE) continue;
      const auto* notes = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
      std::string found = build_id_in(notes, segment.p_memsz);
      if (!found.empty()) *static_cast<std::string*>(result) = std::move(found);
    }
    return 1;  // the program itself comes first; no library is asked
  };
  dl_iterate_phdr(visit, &id);
  return id;
}

}  // namespace

std::string object_key(const llvm::Module& module, const kernel::Target& target) {
  static const std::string build_id = find_build_id();
  if (build_id.empty()) return "";
  std::string key = "code\n" + build_id + "\n" + target.cpu + "\n" + target.features + "\n";
  llvm::raw_string_ostream out(key);
  llvm::WriteBitcodeToFile(module, out);
  return key;
}

}  // namespace netc::codegen
