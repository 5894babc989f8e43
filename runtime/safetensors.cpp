#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "runtime/report.h"
#include "runtime/run_folder.h"

namespace netc::runtime {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are saved as they lie in memory");

// Headers are read into a sorted map: in an ordered one, each name costs a search through all that came
// before.
using Json = nlohmann::json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxHeader = std::size_t{1} << 24;
constexpr std::size_t kMaxFile = std::size_t{1} << 40;
constexpr const char* kMetadata = "__metadata__";

// A file's bytes behind its header, and what is wrong with it.
struct Body {
  const std::string& path;
  const char* data;
  std::size_t size;

  Error wrong(const std::string& what) const {
    return Error{fmt::format("`{}` is not a sound safetensors file: {}", path, what), {}};
  }
};

// A tensor whose values have not been read yet: until it is known that no two claim the same bytes, reading
// could ask for more memory than the file has bytes.
struct Place {
  std::size_t begin = 0, end = 0;
  NamedTensor tensor;
};

std::string commas(std::size_t value) { return with_commas(static_cast<std::int64_t>(value)); }

// Names come from the file: long ones are cut in messages.
std::string shown(const std::string& name) { return name.size() <= 80 ? name : name.substr(0, 80) + "..."; }

std::optional<std::vector<std::size_t>> sizes_in(const Json& entry, const char* key) {
  auto found = entry.find(key);
  if (found == entry.end() || !found->is_array()) return std::nullopt;
  std::vector<std::size_t> sizes;
  for (const Json& item : *found) {
    if (!item.is_number_unsigned()) return std::nullopt;
    sizes.push_back(item.get<std::size_t>());
  }
  return sizes;
}

// The number of bytes of an f32 tensor, or nothing when it is more than `limit`.
std::optional<std::size_t> bytes_of_shape(const std::vector<std::size_t>& shape, std::size_t limit) {
  std::size_t bytes = sizeof(float);
  if (std::find(shape.begin(), shape.end(), 0u) != shape.end()) return 0;
  for (std::size_t extent : shape) {
    if (extent > limit / bytes) return std::nullopt;
    bytes *= extent;
  }
  return bytes;
}

Result<Place> read_place(const Body& body, const std::string& name, const Json& entry) {
  auto dtype = entry.find("dtype");
  if (dtype == entry.end() || !dtype->is_string())
    return body.wrong(fmt::format("tensor `{}` has no dtype", shown(name)));
  if (*dtype != "F32") {
    return Error{fmt::format("tensor `{}` in `{}` has dtype {}, expected F32", shown(name), body.path,
                             shown(dtype->get<std::string>())),
                 {}};
  }
  std::optional<std::vector<std::size_t>> shape = sizes_in(entry, "shape"),
                                          offsets = sizes_in(entry, "data_offsets");
  if (!shape) return body.wrong(fmt::format("tensor `{}` has no shape of whole numbers", shown(name)));
  if (!offsets || offsets->size() != 2)
    return body.wrong(fmt::format("tensor `{}` has no data_offsets of two whole numbers", shown(name)));
  std::size_t begin = (*offsets)[0], end = (*offsets)[1];
  if (begin > end || end > body.size) {
    return body.wrong(fmt::format("tensor `{}` lies at bytes {} to {}, but there are {} bytes of data",
                                  shown(name), begin, end, commas(body.size)));
  }
  std::optional<std::size_t> bytes = bytes_of_shape(*shape, body.size);
  if (!bytes || *bytes != end - begin) {
    return body.wrong(fmt::format("tensor `{}` of shape [{}] does not fit its {} bytes", shown(name),
                                  shape->size() <= 8 ? fmt::format("{}", fmt::join(*shape, ", ")) : "...",
                                  commas(end - begin)));
  }
  return Place{begin, end, {name, {shape->begin(), shape->end()}, {}}};
}

// `places` in the order of their bytes.
Status test_places(const Body& body, const std::vector<Place>& places) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Place& place = places[i];
    if (place.begin < at) {
      return body.wrong(fmt::format("tensors `{}` and `{}` overlap", shown(places[i - 1].tensor.name),
                                    shown(place.tensor.name)));
    }
    if (place.begin > at)
      return body.wrong(
          fmt::format("bytes {} to {} of its data belong to no tensor", commas(at), commas(place.begin)));
    at = place.end;
  }
  if (at != body.size)
    return body.wrong(
        fmt::format("bytes {} to {} of its data belong to no tensor", commas(at), commas(body.size)));
  return Done{};
}

Result<Metadata> read_metadata(const Body& body, const Json& entry) {
  Metadata metadata;
  for (const auto& [key, value] : entry.items()) {
    if (!value.is_string()) return body.wrong(fmt::format("metadata `{}` is not a string", shown(key)));
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

// Looks for a name that stands in the outermost object twice: the parser would silently keep the last one.
class RepeatedName : public nlohmann::json_sax<Json> {
 public:
  std::optional<std::string> found;

  bool key(string_t& name) override {
    if (depth_ == 1 && !found && !names_.insert(name).second) found = name;
    return true;
  }
  bool start_object(std::size_t) override { return ++depth_ > 0; }
  bool end_object() override { return --depth_ >= 0; }
  bool start_array(std::size_t) override { return ++depth_ > 0; }
  bool end_array() override { return --depth_ >= 0; }
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  int depth_ = 0;
  std::set<std::string> names_;
};

Result<Json> parse_header(const Body& body, std::string_view text) {
  RepeatedName repeated;
  if (!Json::sax_parse(text, &repeated)) return body.wrong("its header is not a JSON object");
  if (repeated.found)
    return body.wrong(fmt::format("tensor `{}` stands in it twice", shown(*repeated.found)));
  Json header = Json::parse(text, nullptr, false);
  if (!header.is_object()) return body.wrong("its header is not a JSON object");
  return header;
}

Result<LoadedTensors> read_tensors(const Body& body, const Json& header) {
  LoadedTensors loaded;
  std::vector<Place> places;
  for (const auto& [name, entry] : header.items()) {
    if (!entry.is_object())
      return body.wrong(fmt::format("the entry of `{}` is not a JSON object", shown(name)));
    if (name == kMetadata) {
      Result<Metadata> metadata = read_metadata(body, entry);
      if (!metadata) return metadata.error();
      loaded.metadata = std::move(*metadata);
      continue;
    }
    Result<Place> place = read_place(body, name, entry);
    if (!place) return place.error();
    places.push_back(std::move(*place));
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::tie(a.begin, a.end, a.tensor.name) < std::tie(b.begin, b.end, b.tensor.name);
  });
  if (Status status = test_places(body, places); !status) return status.error();
  for (Place& place : places) {
    place.tensor.values.resize((place.end - place.begin) / sizeof(float));
    if (place.begin < place.end)
      std::memcpy(place.tensor.values.data(), body.data + place.begin, place.end - place.begin);
    loaded.tensors.push_back(std::move(place.tensor));
  }
  return loaded;
}

std::string header_text(const std::vector<NamedTensor>& tensors, const Metadata& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  std::size_t at = 0;
  for (const NamedTensor& tensor : tensors) {
    std::size_t end = at + tensor.values.size() * sizeof(float);
    header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.extents}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  // Spaces up to a multiple of 8, so that the data can be mapped as it lies.
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace

Status save_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                        const Metadata& metadata) {
  std::string header = header_text(tensors, metadata);
  std::uint64_t length = header.size();
  std::size_t size = kLengthBytes + header.size();
  for (const NamedTensor& tensor : tensors) size += tensor.values.size() * sizeof(float);
  std::string file;
  file.reserve(size);
  file.append(reinterpret_cast<const char*>(&length), kLengthBytes);
  file += header;
  for (const NamedTensor& tensor : tensors) {
    file.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
  }
  return write_file_atomically(path, file);
}

Result<LoadedTensors> load_safetensors(const std::string& path) {
  Result<std::string> file = read_file(path, kMaxFile);
  if (!file) return file.error();
  Body whole{path, file->data(), file->size()};
  if (file->size() < kLengthBytes)
    return whole.wrong(fmt::format("it has {} bytes, the length of its header alone takes 8", file->size()));
  std::uint64_t length = 0;
  std::memcpy(&length, file->data(), kLengthBytes);
  if (length > std::min(kMaxHeader, file->size() - kLengthBytes)) {
    return whole.wrong(fmt::format("it says that its header has {} bytes, but {} bytes follow", length,
                                   commas(file->size() - kLengthBytes)));
  }
  Body body{path, file->data() + kLengthBytes + length, file->size() - kLengthBytes - length};
  Result<Json> header = parse_header(body, std::string_view(*file).substr(kLengthBytes, length));
  if (!header) return header.error();
  return read_tensors(body, *header);
}

}  // namespace netc::runtime
