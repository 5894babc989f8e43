#include "runtime/store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>

namespace netc::runtime {

namespace {

std::int64_t element_count(const std::vector<std::int64_t>& extents) {
  return std::accumulate(extents.begin(), extents.end(), std::int64_t{1}, std::multiplies<>());
}

}  // namespace

std::size_t Store::add(const StoredTensor& tensor) {
  auto same = [&](const StoredTensor& other) {
    return other.name == tensor.name && other.layout == tensor.layout;
  };
  auto found = std::find_if(tensors_.begin(), tensors_.end(), same);
  if (found == tensors_.end()) found = tensors_.insert(found, tensor);
  found->predicts = found->predicts || tensor.predicts;
  return static_cast<std::size_t>(found - tensors_.begin());
}

void Store::allocate() {
  std::size_t bytes = 0;
  for (const StoredTensor& tensor : tensors_) bytes += tensor.bytes;
  memory_ = Memory(bytes);
  pointers_.clear();
  std::byte* next = memory_.data();
  for (const StoredTensor& tensor : tensors_) {
    pointers_.push_back(reinterpret_cast<float*>(next));
    next += tensor.bytes;
  }
}

void Store::write(std::size_t tensor, const std::vector<float>& values) {
  float* data = pointers_[tensor];
  for_each_element(tensors_[tensor].layout,
                   [&](std::int64_t logical, std::int64_t offset) { data[offset] = values[logical]; });
}

void Store::set(const std::string& name, const std::vector<float>& values) {
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    if (tensors_[i].name == name) write(i, values);
}

void Store::initialize(std::uint64_t seed) {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const StoredTensor& tensor = tensors_[i];
    write(i, initial_values(tensor.name, tensor.extents, tensor.start, seed));
  }
}

std::vector<NamedTensor> Store::read(bool with_state) const {
  std::vector<NamedTensor> result;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const StoredTensor& tensor = tensors_[i];
    const bool known = std::any_of(result.begin(), result.end(),
                                   [&](const NamedTensor& other) { return other.name == tensor.name; });
    if (known || !(tensor.parameter || tensor.predicts || with_state)) continue;
    NamedTensor named{tensor.name, tensor.extents, std::vector<float>(element_count(tensor.extents))};
    for_each_element(tensor.layout, [&](std::int64_t logical, std::int64_t offset) {
      named.values[logical] = pointers_[i][offset];
    });
    result.push_back(std::move(named));
  }
  return result;
}

void Store::exchange(const std::string& state) {
  const std::vector<NamedTensor> all = everything();
  for (const NamedTensor& tensor : all) {
    const auto other = std::ranges::find(all, tensor.name + "." + state, &NamedTensor::name);
    if (other == all.end()) continue;
    set(tensor.name, other->values);
    set(other->name, tensor.values);
  }
}

std::int64_t Store::parameter_count() const {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    auto same = [&](const StoredTensor& other) { return other.name == tensors_[i].name; };
    const bool first = std::find_if(tensors_.begin(), tensors_.end(), same) ==
                       tensors_.begin() + static_cast<std::ptrdiff_t>(i);
    if (first && tensors_[i].parameter) count += element_count(tensors_[i].extents);
  }
  return count;
}

Status Store::assign(const std::vector<NamedTensor>& tensors, bool need_state) {
  auto find = [&](const std::string& name) {
    return std::find_if(tensors.begin(), tensors.end(),
                        [&](const NamedTensor& tensor) { return tensor.name == name; });
  };
  Error error{"the weights are of another network", {}};
  for (const StoredTensor& tensor : tensors_) {
    if (!tensor.parameter && !tensor.predicts && !need_state) continue;
    auto found = find(tensor.name);
    if (found == tensors.end()) {
      error.hints.push_back(
          fmt::format("`{}` [{}] is missing", tensor.name, fmt::join(tensor.extents, ", ")));
    } else if (found->extents != tensor.extents) {
      error.hints.push_back(fmt::format("`{}` is [{}], but the network has [{}]", tensor.name,
                                        fmt::join(found->extents, ", "), fmt::join(tensor.extents, ", ")));
    }
  }
  for (const NamedTensor& tensor : tensors) {
    auto same = [&](const StoredTensor& other) { return other.name == tensor.name; };
    if (std::none_of(tensors_.begin(), tensors_.end(), same)) {
      error.hints.push_back(
          fmt::format("the network has no `{}` [{}]", tensor.name, fmt::join(tensor.extents, ", ")));
    }
  }
  error.hints.erase(std::unique(error.hints.begin(), error.hints.end()), error.hints.end());
  if (!error.hints.empty()) return error;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    auto found = find(tensors_[i].name);
    if (found != tensors.end()) write(i, found->values);
  }
  return Done{};
}

}  // namespace netc::runtime
