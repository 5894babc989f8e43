#include "compiler/layers/layer.h"

namespace netc {
namespace {

template <typename T>
T value_or(const Arguments& arguments, std::string_view name, T otherwise) {
  auto found = arguments.values.find(name);
  return found == arguments.values.end() ? otherwise : std::get<T>(found->second);
}

}  // namespace

std::int64_t Arguments::count(std::string_view name, std::int64_t otherwise) const {
  return value_or(*this, name, otherwise);
}

double Arguments::number(std::string_view name, double otherwise) const {
  return value_or(*this, name, otherwise);
}

std::string Arguments::word(std::string_view name, std::string_view otherwise) const {
  auto found = values.find(name);
  const auto* word = found == values.end() ? nullptr : std::get_if<std::string>(&found->second);
  return word == nullptr ? std::string(otherwise) : *word;
}

std::vector<std::int64_t> Arguments::extents(std::string_view name) const {
  auto found = values.find(name);
  const auto* extents =
      found == values.end() ? nullptr : std::get_if<std::vector<std::int64_t>>(&found->second);
  return extents == nullptr ? std::vector<std::int64_t>{} : *extents;
}

Span Arguments::span(std::string_view name, Span otherwise) const {
  auto found = spans.find(name);
  return found == spans.end() ? otherwise : found->second;
}

}  // namespace netc
