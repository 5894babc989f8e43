#include "runtime/unpacked.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "runtime/files.h"

namespace netc::runtime {
namespace {

// An entry is this many bytes that end with the idx header and begin with its size, the values, and as many
// zeros: the values are aligned, and vectors may be loaded over their end.
constexpr std::size_t kPad = 64;

}  // namespace

std::string unpacked_key(const std::string& identity, const std::string& proof) {
  return identity.empty() ? "" : fmt::format("unpacked\n{}\n{}", identity, proof);
}

std::optional<IdxFile> find_unpacked(const Cache& cache, const std::string& path, const std::string& proof) {
  if (!cache.keeps()) return std::nullopt;
  Result<InputFile> source = InputFile::open(path, "an idx file");
  const std::string key = source ? unpacked_key(source->identity(), proof) : "";
  if (key.empty()) return std::nullopt;
  std::optional<Bytes> entry = cache.find(key);
  if (!entry || entry->size() < 2 * kPad) return std::nullopt;
  const std::size_t front = entry->data()[0], size = entry->size() - 2 * kPad;
  if (front > kPad) return std::nullopt;
  Result<IdxHeader> header = parse_idx_header({entry->data() + kPad - front, front}, path);
  if (!header || header->bytes() != front || header->values() != size) return std::nullopt;
  return IdxFile{path, std::move(*header), {}, std::move(*entry).part(kPad, size, front), "", !proof.empty()};
}

std::optional<Bytes> find_kept(const Cache& cache, const std::string& key, std::size_t size) {
  std::optional<Bytes> entry = key.empty() ? std::nullopt : cache.find(key);
  if (!entry || entry->size() != 2 * kPad + size) return std::nullopt;
  return std::move(*entry).part(kPad, size);
}

void keep_unpacked(const Cache& cache, const std::string& key, const Bytes& values) {
  const std::span<const std::uint8_t> whole = values.whole();
  const std::size_t front = whole.size() - values.size();
  std::array<std::uint8_t, kPad> before{}, behind{};
  before[0] = static_cast<std::uint8_t>(front);
  cache.keep(key, std::array<std::span<const std::uint8_t>, 3>{std::span(before).first(kPad - front), whole,
                                                               behind});
}

}  // namespace netc::runtime
