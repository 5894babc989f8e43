#include "compiler/layers/layer.h"

namespace netc {

std::int64_t Arguments::count(std::string_view name, std::int64_t otherwise) const {
  auto found = values.find(name);
  return found == values.end() ? otherwise : std::get<std::int64_t>(found->second);
}

double Arguments::number(std::string_view name, double otherwise) const {
  auto found = values.find(name);
  return found == values.end() ? otherwise : std::get<double>(found->second);
}

}  // namespace netc
