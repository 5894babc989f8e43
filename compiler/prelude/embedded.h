#pragma once
// The prelude's .net files, carried inside the program.

#include <span>
#include <string_view>

namespace netc {

struct EmbeddedFile {
  std::string_view name;
  std::string_view text;
};

std::span<const EmbeddedFile> embedded_files();

}  // namespace netc
