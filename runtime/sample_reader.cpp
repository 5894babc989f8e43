#include "runtime/sample_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "runtime/byte_stream.h"
#include "runtime/gzip.h"
#include "runtime/idx.h"
#include "runtime/image_form.h"
#include "runtime/report.h"

namespace netc::runtime {
namespace {

// Enough to tell what a file is, and an idx file's header.
constexpr std::size_t kStart = 20;

std::string extents_text(const std::vector<std::int64_t>& extents) {
  return fmt::format("{}", fmt::join(extents, "x"));
}

Status test_extents(const IdxHeader& header, const std::string& path, const SampleForm& form) {
  if (header.extents.size() < 2)
    return Error{fmt::format("`{}` has 1 extent, expected samples with 2 to 4; are these labels?", path), {}};
  if (sample_extents(header) == form.extents) return Done{};
  return Error{fmt::format("`{}` holds samples of {}, but the network takes {}", path,
                           extents_text(sample_extents(header)), extents_text(form.extents)),
               {}};
}

class IdxReader : public SampleReader {
 public:
  IdxReader(ByteStream stream, const IdxHeader& header)
      : stream_(std::move(stream)),
        samples_(header.extents[0]),
        sample_bytes_(header.values() / static_cast<std::size_t>(header.extents[0])) {}

  Result<std::int64_t> read(std::span<std::uint8_t> out) override {
    const auto room = static_cast<std::int64_t>(out.size() / sample_bytes_);
    const std::int64_t wanted = std::min(room, samples_ - done_);
    if (wanted == 0) return test_end();
    Result<std::size_t> got = read_bytes(out.first(static_cast<std::size_t>(wanted) * sample_bytes_));
    if (!got) return got.error();
    // What came whole is predicted before it is said that the rest did not.
    const auto whole = static_cast<std::int64_t>(*got / sample_bytes_);
    if (whole == 0)
      return Error{fmt::format("`{}` is truncated: its header says {} samples, but it ends within sample {}",
                               stream_.path(), with_commas(samples_), with_commas(done_ + 1)),
                   {}};
    done_ += whole;
    return whole;
  }

 private:
  // One sample, and what is there already of more; the last one that has begun is waited for.
  Result<std::size_t> read_bytes(std::span<std::uint8_t> out) {
    Result<std::size_t> first = stream_.read(out.first(sample_bytes_));
    if (!first || *first < sample_bytes_ || out.size() == sample_bytes_) return first;
    Result<std::size_t> more = stream_.read_some(out.subspan(sample_bytes_));
    if (!more || *more % sample_bytes_ == 0) return more ? sample_bytes_ + *more : more;
    const std::size_t done = sample_bytes_ + *more;
    Result<std::size_t> rest = stream_.read(out.subspan(done, sample_bytes_ - done % sample_bytes_));
    return rest ? done + *rest : rest;
  }

  Result<std::int64_t> test_end() {
    Result<std::span<const std::uint8_t>> more = stream_.peek(1);
    if (!more) return more.error();
    if (more->empty()) return std::int64_t{0};
    return Error{fmt::format("`{}` is too long: its header says {} samples, and there is more behind them",
                             stream_.path(), with_commas(samples_)),
                 {}};
  }

  ByteStream stream_;
  std::int64_t samples_, done_ = 0;
  std::size_t sample_bytes_;
};

class PackedIdxReader : public SampleReader {
 public:
  explicit PackedIdxReader(IdxFile file)
      : file_(std::move(file)),
        sample_bytes_(file_.header.values() / static_cast<std::size_t>(file_.header.extents[0])) {}

  Result<std::int64_t> read(std::span<std::uint8_t> out) override {
    const std::span<const std::uint8_t> left{file_.values.data() + done_, file_.values.size() - done_};
    const std::size_t samples = std::min(out.size(), left.size()) / sample_bytes_;
    std::ranges::copy(left.first(samples * sample_bytes_), out.begin());
    done_ += samples * sample_bytes_;
    return static_cast<std::int64_t>(samples);
  }

 private:
  IdxFile file_;
  std::size_t sample_bytes_, done_ = 0;
};

class ImageReader : public SampleReader {
 public:
  ImageReader(ByteStream stream, ImageForm form) : stream_(std::move(stream)), form_(std::move(form)) {}

  Result<std::int64_t> read(std::span<std::uint8_t> out) override {
    if (std::exchange(done_, true)) return std::int64_t{0};
    std::vector<std::uint8_t> file;
    for (std::size_t got = 1; got > 0;) {
      constexpr std::size_t kPiece = std::size_t{1} << 16;
      const std::size_t before = file.size();
      if (before > kMaxImageFileBytes)
        return Error{fmt::format("`{}` is too large: an image has at most {} bytes", stream_.path(),
                                 with_commas(kMaxImageFileBytes)),
                     {}};
      file.resize(before + kPiece);
      Result<std::size_t> read = stream_.read(std::span(file).subspan(before));
      if (!read) return read.error();
      got = *read;
      file.resize(before + got);
    }
    const auto sample = static_cast<std::size_t>(form_.values());
    if (Status status = decode_sample(file, stream_.path(), form_, out.first(sample)); !status)
      return status.error();
    return std::int64_t{1};
  }

 private:
  ByteStream stream_;
  ImageForm form_;
  bool done_ = false;
};

class RowsReader : public SampleReader {
 public:
  RowsReader(RowReader rows, const SampleForm& form)
      : rows_(std::move(rows)),
        encoding_(*form.encoding),
        threads_(form.threads),
        sample_(static_cast<std::size_t>(form.bytes())) {}

  Result<std::int64_t> read(std::span<std::uint8_t> out) override {
    if (done_ == encoded_.count) {
      Result<Table> table = rows_.next(threads_);
      if (!table) return table.error();
      if (table->rows == 0) return std::int64_t{0};
      Result<EncodedRows> encoded = encode_rows(encoding_, *table, threads_);
      if (!encoded) return encoded.error();
      encoded_ = std::move(*encoded);
      add(notes_, encoded_.notes);
      done_ = 0;
    }
    const std::int64_t count =
        std::min<std::int64_t>(static_cast<std::int64_t>(out.size() / sample_), encoded_.count - done_);
    std::copy_n(encoded_.samples.data() + static_cast<std::size_t>(done_) * sample_,
                static_cast<std::size_t>(count) * sample_, out.begin());
    done_ += count;
    return count;
  }
  std::vector<std::string> notes() const override { return to_lines(notes_, encoding_.median); }

 private:
  RowReader rows_;
  const Encoding& encoding_;
  int threads_;
  std::size_t sample_;
  EncodedRows encoded_;
  EncodingNotes notes_;
  std::int64_t done_ = 0;
};

using Opened = Result<std::unique_ptr<SampleReader>>;

Opened open_image(ByteStream stream, const SampleForm& form) {
  if (form.extents.size() != 3)
    return Error{fmt::format("`{}` is an image, but the network takes {} numbers", stream.path(),
                             extents_text(form.extents)),
                 {}};
  ImageForm wanted{form.extents[0],        form.extents[1],          form.extents[2],
                   form.images.height > 0, form.images.channels > 0, "the network"};
  return std::unique_ptr<SampleReader>(std::make_unique<ImageReader>(std::move(stream), std::move(wanted)));
}

Opened open_idx(ByteStream stream, const SampleForm& form) {
  Result<std::span<const std::uint8_t>> start = stream.peek(kStart);
  if (!start) return start.error();
  Result<IdxHeader> header = parse_idx_header(*start, stream.path());
  if (!header) return header.error();
  if (Status status = test_extents(*header, stream.path(), form); !status) return status.error();
  std::vector<std::uint8_t> taken(header->bytes());
  if (Result<std::size_t> got = stream.read(taken); !got) return got.error();
  return std::unique_ptr<SampleReader>(std::make_unique<IdxReader>(std::move(stream), *header));
}

Opened open_packed(const ByteStream& stream, const SampleForm& form) {
  if (!stream.is_regular())
    return Error{fmt::format("`{}` is packed by gzip, expected it unpacked", stream.path()),
                 {"unpack it on the way: zcat FILE | netc predict RUN -"}};
  Result<IdxFile> file = read_idx(stream.path());
  if (!file) return file.error();
  if (Status status = test_extents(file->header, stream.path(), form); !status) return status.error();
  if (Status status = unpack_idx(*file); !status) return status.error();
  return std::unique_ptr<SampleReader>(std::make_unique<PackedIdxReader>(std::move(*file)));
}

Opened open_rows(const std::string& path, const SampleForm& form) {
  Result<RowReader> rows = RowReader::open(path, *form.encoding, false);
  if (!rows) return rows.error();
  return std::unique_ptr<SampleReader>(std::make_unique<RowsReader>(std::move(*rows), form));
}

Error unknown(std::span<const std::uint8_t> start, const std::string& path) {
  constexpr const char* kExpected = "expected a PNG or JPEG image, or an idx file";
  if (start.empty()) return Error{fmt::format("`{}` is empty, {}", path, kExpected), {}};
  return Error{fmt::format("`{}` starts with {:02x}, {}", path,
                           fmt::join(start.first(std::min<std::size_t>(start.size(), 4)), " "), kExpected),
               {}};
}

}  // namespace

std::int64_t SampleForm::values() const {
  return std::accumulate(extents.begin(), extents.end(), std::int64_t{1}, std::multiplies<>());
}

Opened open_samples(const std::string& path, const SampleForm& form) {
  if (form.encoding) return open_rows(path, form);
  Result<ByteStream> stream = ByteStream::open(path);
  if (!stream) return stream.error();
  Result<std::span<const std::uint8_t>> start = stream->peek(kStart);
  if (!start) return start.error();
  if (is_image(*start)) return open_image(std::move(*stream), form);
  if (is_gzip(*start)) return open_packed(*stream, form);
  if (start->size() >= 2 && (*start)[0] == 0 && (*start)[1] == 0) return open_idx(std::move(*stream), form);
  return unknown(*start, stream->path());
}

}  // namespace netc::runtime
