#include "runtime/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "runtime/files.h"
#include "runtime/memory_limit.h"
#include "runtime/zip.h"

namespace netc::runtime {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kPreamble = 12;  // magic, version, and the longer form of the header's length
constexpr std::size_t kMostAxes = 8;

struct Header {
  NpyType type = NpyType::kU8;
  std::vector<std::int64_t> extents;
  std::size_t begin = 0;  // of the values
};

struct TypeName {
  std::string_view name;
  NpyType type;
};
constexpr TypeName kTypes[] = {{"|u1", NpyType::kU8},  {"|b1", NpyType::kU8},  {"<u2", NpyType::kU16},
                               {"<u4", NpyType::kU32}, {"<u8", NpyType::kU64}, {"|i1", NpyType::kI8},
                               {"<i2", NpyType::kI16}, {"<i4", NpyType::kI32}, {"<i8", NpyType::kI64},
                               {"<f4", NpyType::kF32}, {"<f8", NpyType::kF64}};

// What stands behind `'key':` in the header's dictionary, up to `ends`.
std::optional<std::string_view> value_of(std::string_view header, std::string_view key, char ends) {
  const std::string quoted = fmt::format("'{}':", key);
  std::size_t begin = header.find(quoted);
  if (begin == std::string_view::npos) return std::nullopt;
  begin += quoted.size();
  while (begin < header.size() && header[begin] == ' ') ++begin;
  const std::size_t end = header.find(ends, begin);
  if (end == std::string_view::npos) return std::nullopt;
  return header.substr(begin, end - begin);
}

// `(60000, 28, 28`
std::optional<std::vector<std::int64_t>> read_extents(std::string_view text) {
  if (!text.starts_with('(')) return std::nullopt;
  text.remove_prefix(1);
  std::vector<std::int64_t> extents;
  while (!text.empty()) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    if (text.empty()) break;
    std::int64_t extent = 0;
    const std::from_chars_result read = std::from_chars(text.data(), text.data() + text.size(), extent);
    if (read.ec != std::errc() || extent < 0 || extents.size() == kMostAxes) return std::nullopt;
    extents.push_back(extent);
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    if (!text.empty() && text[0] != ',') return std::nullopt;
    if (!text.empty()) text.remove_prefix(1);
  }
  return extents;
}

Error damaged(const std::string& name, const std::string& what) {
  return {fmt::format("`{}` is not an npy array: {}", name, what), {}};
}

// Of `start`, which is the file's beginning or all of it.
Result<Header> read_header(const std::string& name, std::string_view start) {
  if (!start.starts_with(kMagic)) return damaged(name, "it does not begin as one");
  if (start.size() < kPreamble) return damaged(name, "it ends within its header");
  const bool long_form = start[6] >= 2;
  auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(start[i])); };
  const std::size_t length =
      long_form ? byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24 : byte(8) | byte(9) << 8;
  const std::size_t from = long_form ? 12 : 10;
  if (length > start.size() - from) return damaged(name, "it ends within its header");
  const std::string_view dictionary = start.substr(from, length);
  std::optional<std::string_view> type = value_of(dictionary, "descr", ',');
  const std::optional<std::string_view> fortran = value_of(dictionary, "fortran_order", ','),
                                        shape = value_of(dictionary, "shape", ')');
  if (!type || !fortran || !shape)
    return damaged(name, "its header lacks `descr`, `fortran_order` or `shape`");
  Header header;
  header.begin = from + length;
  if (type->size() > 2 && type->front() == '\'') type = type->substr(1, type->size() - 2);
  const auto known = std::ranges::find(kTypes, *type, &TypeName::name);
  if (known == std::end(kTypes))
    return Error{fmt::format("`{}` holds values of type {}, not numbers that netc reads", name, *type),
                 {"`array.astype('float32')` makes such numbers"}};
  header.type = known->type;
  if (fortran->starts_with("True"))
    return Error{fmt::format("`{}` is in Fortran's order", name),
                 {"`numpy.ascontiguousarray(array)` changes that"}};
  std::optional<std::vector<std::int64_t>> extents = read_extents(*shape);
  if (!extents) return damaged(name, "its `shape` is none");
  header.extents = std::move(*extents);
  return header;
}

// Bytes of the values, if they can be as many.
std::optional<std::size_t> bytes_of(const Header& header) {
  std::int64_t bytes = size_of(header.type);
  for (std::int64_t extent : header.extents)
    if (__builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  return static_cast<std::size_t>(bytes);
}

Status test_size(const std::string& name, const Header& header, std::size_t size) {
  const std::optional<std::size_t> wanted = bytes_of(header);
  if (wanted && *wanted == size - header.begin) return Done{};
  return Error{fmt::format("`{}` is an array of {} with {} bytes a value, but {} bytes follow its header",
                           name, fmt::join(header.extents, "x"), size_of(header.type), size - header.begin),
               {}};
}

template <typename T>
double load(const std::uint8_t* values, std::int64_t i) {
  T value;
  std::memcpy(&value, values + i * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
  return static_cast<double>(value);
}

}  // namespace

std::int64_t size_of(NpyType type) {
  switch (type) {
    case NpyType::kU8:
    case NpyType::kI8: return 1;
    case NpyType::kU16:
    case NpyType::kI16: return 2;
    case NpyType::kU32:
    case NpyType::kI32:
    case NpyType::kF32: return 4;
    case NpyType::kU64:
    case NpyType::kI64:
    case NpyType::kF64: return 8;
  }
  return 0;
}

std::int64_t NpyArray::elements() const {
  std::int64_t count = 1;
  for (std::int64_t extent : extents) count *= extent;
  return count;
}

double NpyArray::at(std::int64_t i) const {
  switch (type) {
    case NpyType::kU8: return load<std::uint8_t>(values.data(), i);
    case NpyType::kU16: return load<std::uint16_t>(values.data(), i);
    case NpyType::kU32: return load<std::uint32_t>(values.data(), i);
    case NpyType::kU64: return load<std::uint64_t>(values.data(), i);
    case NpyType::kI8: return load<std::int8_t>(values.data(), i);
    case NpyType::kI16: return load<std::int16_t>(values.data(), i);
    case NpyType::kI32: return load<std::int32_t>(values.data(), i);
    case NpyType::kI64: return load<std::int64_t>(values.data(), i);
    case NpyType::kF32: return load<float>(values.data(), i);
    case NpyType::kF64: return load<double>(values.data(), i);
  }
  return 0;
}

Result<NpyArray> read_npy(const std::string& path) {
  Result<InputFile> file = InputFile::open(path, "an npy file");
  if (!file) return file.error();
  constexpr std::size_t kStart = 65536 + kPreamble;
  std::string start(std::min(file->size(), kStart), '\0');
  if (Status status = file->read({reinterpret_cast<std::uint8_t*>(start.data()), start.size()}, 0); !status)
    return status.error();
  Result<Header> header = read_header(path, start);
  if (!header) return header.error();
  if (Status status = test_size(path, *header, file->size()); !status) return status.error();
  const std::size_t size = file->size() - header->begin;
  if (Status status = test_memory(path, static_cast<double>(size)); !status) return status.error();
  NpyArray array{.name = path, .type = header->type, .extents = header->extents, .values = Bytes(size)};
  if (Status status = file->read({array.values.data(), size}, header->begin); !status) return status.error();
  return array;
}

Result<std::vector<std::pair<std::string, NpyArray>>> read_npz(const std::string& path) {
  Result<std::vector<ZipEntry>> entries = read_zip(path);
  if (!entries) return entries.error();
  std::vector<std::pair<std::string, NpyArray>> arrays;
  for (ZipEntry& entry : *entries) {
    if (!entry.name.ends_with(".npy")) continue;
    const std::string name = entry.name.substr(0, entry.name.size() - 4),
                      place = fmt::format("{}`, array `{}", path, name);
    const std::span<const std::uint8_t> whole = entry.bytes.whole();
    Result<Header> header = read_header(place, {reinterpret_cast<const char*>(whole.data()), whole.size()});
    if (!header) return header.error();
    if (Status status = test_size(place, *header, whole.size()); !status) return status.error();
    const std::size_t size = whole.size() - header->begin;
    NpyArray array{.name = place, .type = header->type, .extents = header->extents, .values = Bytes(size)};
    std::ranges::copy(whole.subspan(header->begin), array.values.data());
    arrays.emplace_back(name, std::move(array));
  }
  return arrays;
}

}  // namespace netc::runtime
