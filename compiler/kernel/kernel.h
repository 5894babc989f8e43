#pragma once
// Kernels: loop nests over buffers, in the order they run, with the barriers between them. A plan is what
// codegen/ turns into machine code and what the runtime steps through; nothing in it refers to the graph any
// more.
//
// Semantics.
// - A kernel works on a matrix of `rows` x `columns` elements. Columns are the vector axis: 16 neighbouring
// columns are one vector on every
//   target. Rows and columns name the kernel's axes; which axis of a tensor lies along the columns is the
//   buffer's layout.
// - A kernel's elements are a tensor of its own, `extents`, seen as the matrix: the last axis along the
//   columns, the others along the rows. Windows read other places than the element's own, by index maps over
//   the tensor's axes.
// - A buffer holds a matrix (or a vector: one row; or a scalar). Element (r, c) of a buffer with minor axis
// along the columns lies at
//   r * row_stride + (c / 16) * block_stride + c % 16. Columns are padded to 16; what stands in the pad is
//   arbitrary and never reaches another column. Dense buffers have no pad, and are a matrix for any way of
//   parting their axes in rows and columns.
// - Work is cut into `tiles` along one axis (`parallel`). A thread runs a contiguous range of them, so it
// owns what they write. Tiles
//   are balanced: with q = extent / tiles and a = extent % tiles, the first a tiles have q + 1 units. A
//   `replicated` kernel is run whole by every thread, into private buffers.
// - The kernels of a band are run part by part: the tiles of each that make the first of `parts` equal parts
// of the samples, then those of the second. A thread runs a contiguous range of parts.
// - Statements compute scalars for one element, one row or one column, in order; expressions are float, fused
// multiply-add where a product feeds
//   a sum, and sums run in a stated order: over k and over rows sequentially, over columns and over the k of
//   dot products in 16 virtual lanes and then a fixed tree. So results do not depend on tiles or threads.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/graph/graph.h"

namespace netc::kernel {

using graph::DType;
using graph::ScalarExpr;
using graph::ScalarId;
using graph::ScalarPool;

constexpr std::int64_t kLanes = 16;
constexpr std::int64_t element_bytes(DType dtype) { return dtype == DType::kU8 ? 1 : 4; }
constexpr std::int64_t blocks_of(std::int64_t columns) { return (columns + kLanes - 1) / kLanes; }

enum class BufferId : std::uint32_t {};
constexpr std::size_t index(BufferId id) { return static_cast<std::size_t>(id); }

enum class Storage : std::uint8_t {
  kSamples,     // the data set's bytes or floats, row b of the batch read through the step's list of samples
  kLabels,      // the data set's labels (i32) or real targets (f32), likewise
  kNumbers,     // the step's numbers: a double for each StepNumber, then the seed (u64)
  kPersistent,  // parameters and state: outlive the step
  kArena,       // shared by the threads, planned by liveness
  kPrivate,     // each thread has its own
};

struct Layout {
  std::uint32_t minor_axis = 1;  // which axis of the tensor lies along the columns
  std::int64_t row_stride = 0;   // in elements
  std::int64_t block_stride = kLanes;
  friend bool operator==(const Layout&, const Layout&) = default;
};

struct Buffer {
  std::string name;
  DType dtype = DType::kF32;
  graph::Extents extents;    // of the tensor
  std::int64_t rows = 1;     // as laid out: along the major axis
  std::int64_t columns = 1;  // along the minor axis
  Layout layout;
  Storage storage = Storage::kArena;
  std::int64_t bytes = 0;
  std::int64_t offset = 0;         // in its arena (kArena, kPrivate)
  std::int64_t parts = 1;          // > 1: holds only one of so many parts of the samples, each in turn
  std::string leaf;                // kPersistent: the parameter's or state's name
  bool parameter = false;          // kPersistent: counts as a weight; else state
  graph::Initializer initializer;  // kPersistent

  // Element (r, c) lies at r * columns + c.
  bool is_dense() const {
    return extents.size() > 1 && layout.row_stride == columns && layout.block_stride == kLanes;
  }
  std::int64_t part_bytes() const { return rows * columns / parts * element_bytes(dtype); }
};

// Values over a kernel's points: axes of its tensor, then those of a statement's window, then divisions.
using graph::AffineIndex;
using graph::IndexMap;

struct Range {
  AffineIndex index;
  std::int64_t extent = 0;  // 0 <= index < extent
  friend bool operator==(const Range&, const Range&) = default;
};

// The points around an element that meet in it.
struct Window {
  graph::Extents extents;  // of its axes, which follow the kernel's own
  struct Division {        // of whole numbers: the quotient, rounded down, or what remains
    AffineIndex dividend;
    std::int64_t divisor = 1;
    bool remainder = false;
    friend bool operator==(const Division&, const Division&) = default;
  };
  std::vector<Division> divisions;  // axes that follow
  std::vector<Range> inside;        // a point outside takes no part
  friend bool operator==(const Window&, const Window&) = default;
};

// Where a statement's operand comes from.
struct Operand {
  enum class Kind : std::uint8_t {
    kAccumulator,  // the contraction's, or the column sum's, finished value
    kElement,      // of a buffer, at (row, column)
    kRow,          // of a vector buffer, at the row
    kColumn,       // of a vector buffer, at the column
    kScalar,       // of a buffer with one element
    kUniform,      // number `number` of the plan's uniforms
    kRowIndex,     // the row, as a number
    kColumnIndex,
    kStatement,   // the result of statement `number` of the same kernel
    kStepNumber,  // StepNumber `number`; hoisting leaves none of them
    kAt,          // of a buffer, seen as a tensor of `extents`, at `index`
    kIndex,       // the only entry of `index`, as a number
  } kind = Kind::kElement;
  BufferId buffer{};
  std::uint32_t number = 0;
  IndexMap index = {};
  graph::Extents extents = {};
  std::vector<Range> inside = {};  // kAt: 0 is read outside
  friend bool operator==(const Operand&, const Operand&) = default;
};

// One value: for each element, for each row (a reduction over the columns, or a map of such), or for each
// column. With a window it reduces over the points of that; argmax counts them row-major.
struct Statement {
  enum class Kind : std::uint8_t { kMap, kSum, kMax, kArgmax } kind = Kind::kMap;
  enum class Extent : std::uint8_t { kElement, kRow, kColumn } extent = Extent::kElement;
  ScalarId root = 0;              // in the kernel's pool; what is reduced, or the value itself
  std::optional<BufferId> store;  // where the value goes, if anyone outside needs it
  std::optional<Window> window = {};
};

// The scalar part of a kernel. A pool's operand i is operands[i].
struct Body {
  ScalarPool pool;
  std::vector<Operand> operands;
  std::vector<Statement> statements;
};

enum class Axis : std::uint8_t { kRows, kColumns };

// Which numbers of a contraction's a are not zero, as bits: bit k % 32 of word (r, k / 32) says so of a[r,
// k].
struct Nonzeros {
  BufferId words{}, counts{};
  std::int64_t row_stride = 1, word_stride = 1;
  // With at most `most` of them, the sum of the first `counted` counts, only their products are computed, in
  // tiles of row_tile x block_tile; the others would add nothing, so the bits are the same.
  std::int64_t counted = 0, most = 0;
  std::int64_t row_tile = 1, block_tile = 1;
};

// Each element of C as a dot product, k along the vectors, for less than 16 columns and many k. Column c of b
// has its k in blocks of 16: block n lies at c * column_stride + n * block_stride. `rows_at_once` of a tile
// and `columns_at_once` have a sum each in registers; all of a tile's do so for `blocks_at_once`, if these
// are not all, and then for the next.
struct Dots {
  std::int64_t column_stride = kLanes, block_stride = 0;
  std::int64_t rows_at_once = 1, columns_at_once = 1;
  std::int64_t blocks_at_once = 1;
};

// Rows and k that are tuples of places in images: the row is all of `rows` in order, its last one fastest. A
// row axis with a step s meets other k at each of its remainders: value v is place v / s of phase v % s.
// In a phase, k is all of `ks`; a product's element of a lies at a_offset + each place and each k times its
// stride, that of b at b_offset + each k times its stride.
struct Positions {
  struct RowAxis {
    std::int64_t extent = 1, a_stride = 0, step = 1;
    std::int64_t b_stride = 0;  // that of the first alone may not be 0: a part of the sums has b to itself
    // The places of a phase.
    std::int64_t places(std::int64_t remainder) const { return (extent - remainder + step - 1) / step; }
  };
  // At a border: the product counts only where 0 <= row_factor * place + factor * k + offset < extent.
  struct Border {
    std::size_t row_axis = 0;
    std::int64_t row_factor = 0, factor = 0, offset = 0, extent = 0;
    bool counts(std::int64_t row, std::int64_t k) const {
      const std::int64_t place = row_factor * row + factor * k + offset;
      return 0 <= place && place < extent;
    }
  };
  struct KAxis {
    std::int64_t extent = 1, a_stride = 0, b_stride = 0;
    std::optional<Border> border = {};
    // Does its border cut tiles along the last of so many row axes?
    bool cuts_tiles(std::size_t row_axes) const { return border && border->row_axis + 1 == row_axes; }
  };
  struct Phase {
    std::vector<KAxis> ks;
    std::int64_t a_offset = 0, b_offset = 0;
    bool cuts_tiles(std::size_t row_axes) const;
    std::int64_t products() const;  // of each element
  };
  // a is no scalar for all columns, but contiguous over them as b is: each channel for itself.
  bool by_channel = false;
  // The first row axis, or the outer part of it, counts the samples or parts of them, and nothing of a's
  // other samples is read; nor of b's.
  bool by_sample = false, b_by_sample = false;
  std::vector<RowAxis> rows;
  std::vector<Phase> phases;  // by the remainders of all row axes, the last one's fastest
  // The schedule: so many tiles of the parallel axis, equally high, make a whole of the last row axis.
  std::int64_t pieces = 1;
};

// A part's operands as tiles read them, copied to memory of the thread's own: of a, for each tile along the
// last row axis, [place][row_tile] and a vector more; behind these, at `b_offset`, of b's columns that a tile
// has, [place][column].
struct Panels {
  BufferId memory{};
  std::int64_t a_place = 0, b_place = 0;  // elements from a place to the next one in the operands
  std::int64_t a_places = 0;              // that a part has at most
  std::int64_t b_offset = 0;              // in elements
};

// Products of a part of the first ks at a time, for all tiles of a group.
struct KBlocks {
  std::size_t axis = 0;               // of the only phase's ks: those before it go one by one
  std::int64_t size = 0;              // of that axis at a time
  std::optional<BufferId> sums = {};  // rows x columns, kept meanwhile, where one part is not all
  std::optional<Panels> panels = {};
};

// Samples: those of the next batch are fetched between the tiles, by each thread those of its own share or,
// where every thread reads all of them, all.
struct Fetched {
  BufferId samples{};
  bool by_each_thread = false;
};

// C[r, c] = sum over k of a[r, k] * b[k, c], then the statements (the epilogue) for each element.
struct ContractKernel {
  std::int64_t k = 1;
  BufferId a{}, b{};
  std::int64_t a_row_stride = 0, a_k_stride = 1;         // a is broadcast: any strides
  std::int64_t b_k_stride = 0, b_block_stride = kLanes;  // b is contiguous over 16 columns; or:
  std::optional<Dots> dots = {};
  std::optional<Positions> positions = {};  // instead of the strides of rows and k
  std::optional<KBlocks> k_blocks = {};
  bool writes_rows = false;  // a row of the result lies side by side in memory, and not a column block
  // The schedule: a tile is row_tile (or one less) rows by block_tile (or one less) vectors. Tiles go down
  // the rows of a group of row_group tiles first, then along the columns, then to the next group.
  std::int64_t row_tile = 1, block_tile = 1, unroll = 4;
  std::int64_t row_group = 1;
  bool defers = false;          // a tile's long epilogue stands between the products of the next one
  bool fetches_next = false;    // the row tiles of a group bring the next column tile's b nearer
  bool fetches_result = false;  // lines that are soon written are brought nearer
  std::optional<Nonzeros> nonzeros = {};
  std::optional<Fetched> fetched = {};
};
// For each row: the statements in order. Statements of extent kRow hold one value a row.
struct RowsKernel {};
// For each column: the accumulator is the sum over rows of `operand` (0 where there is none); then the
// statements.
struct ColumnsKernel {
  std::uint32_t operand = 0;  // index into body.operands, an element
};
// rows x columns uniform numbers in [0, 1), flat; see runtime/philox.h. The step and the seed stand at the
// head of the uniforms.
struct RandomKernel {
  std::uint64_t stream = 0;
  BufferId result{};
};
// `to` is `from` with another axis along the columns. Of more than two axes, each of `squares` runs of rows
// of one becomes as many rows of the other.
struct RelayoutKernel {
  BufferId from{}, to{};
  std::int64_t squares = 1;
};
// Bits as in Nonzeros. Of each row of the matrix `from`, with the number of bits set in `counts`; or, where
// there are no counts, of each column, from the words of the rows.
struct NonzeroKernel {
  BufferId from{}, words{};
  std::optional<BufferId> counts;
};
// The plan's uniforms from the step's numbers, in double, rounded to float. The buffer's first kUniformsHead
// words are u32: the step, the seed's low word and its high word.
constexpr std::int64_t kUniformsHead = 4;
struct UniformsKernel {
  BufferId result{}, numbers{};
};

using KernelForm = std::variant<ContractKernel, RowsKernel, ColumnsKernel, RandomKernel, RelayoutKernel,
                                NonzeroKernel, UniformsKernel>;

// What a kernel does to a buffer, for barriers: `axis` of the tensor (kFlat: its elements in order; kMajor:
// all axes but the minor one), in `extent` units of `unit` elements, is cut in `tiles`; or (no axis) the
// whole is touched by each thread that runs. In a band the axis is that of the samples.
constexpr std::uint32_t kFlat = 100, kMajor = 101;
struct Access {
  BufferId buffer{};
  bool write = false;
  std::optional<std::uint32_t> axis;
  std::int64_t extent = 0, tiles = 0, unit = 1;
  bool by_sample = false;  // what belongs to a sample is touched by the tiles of that sample alone
  friend bool operator==(const Access&, const Access&) = default;
};

struct Kernel {
  std::string name;  // `dense_1.forward`
  KernelForm form;
  std::int64_t rows = 1, columns = 1;
  graph::Extents extents;  // of the elements' tensor
  Axis parallel = Axis::kRows;
  std::int64_t tiles = 1;
  std::int64_t together = 1;  // so many neighbouring tiles are run by the same thread; divides them
  bool replicated = false;
  bool barrier_before = false;
  std::int64_t parts = 1;  // of a band: so many, each of as many tiles
  std::size_t band = 1;    // so many kernels from this one on are a band
  Body body;
  std::vector<BufferId> arguments;  // the pointers that the code takes, in order; filled by finish
  std::vector<Access> accesses;
  std::vector<Span> spans;  // the .net places that it came from
  std::string file;         // of the first of them, for debuggers, profilers and messages
  std::uint32_t line = 0;   // 0: none

  // How many samples the tiles go over in order; 0: they do not.
  std::int64_t samples() const {
    return parallel == Axis::kRows && !replicated && extents.size() > 1 ? extents[0] : 0;
  }
  // What the threads share out.
  std::int64_t shares() const { return parts > 1 ? parts : tiles / together; }
};

// The numbers that the runtime hands to each step, as operands of the uniforms' expressions.
constexpr std::array<std::string_view, 9> kStepNumberNames{"step",        "epoch",       "total_steps",
                                                           "count",       "rate_factor", "update",
                                                           "batch_count", "first_shard", "last_shard"};

struct Plan {
  std::vector<Buffer> buffers;
  std::vector<ScalarExpr> uniforms;  // operands are StepNumbers
  BufferId uniforms_buffer{};
  std::vector<Kernel> kernels;
  std::size_t check_before =
      0;  // the loss is tested before this kernel: none before it writes parameters or state
  struct Output {
    std::string name;
    BufferId buffer{};
  };
  std::vector<Output> outputs;
  std::int64_t arena_bytes = 0, private_bytes = 0, persistent_bytes = 0;

  const Buffer& buffer(BufferId id) const { return buffers[index(id)]; }
};

// Fills in each kernel's file and line.
void locate(Plan& plan, const Sources& sources);

// Of a contraction with one phase: the axes of its rows and of k. A matrix product has one of each.
std::vector<Positions::RowAxis> row_axes(const Kernel& kernel);
std::vector<Positions::KAxis> k_axes(const ContractKernel& contract);
// Of a contraction: tiles along each axis; those of all places of the last row axis.
std::int64_t row_tiles(const Kernel& kernel);
std::int64_t tiles_of_last_axis(const Kernel& kernel);
std::int64_t column_tiles(const Kernel& kernel);
// Of a contraction: is its epilogue more than a few operations?
bool has_long_epilogue(const Kernel& kernel);
// The unit along the parallel axis: rows, or blocks of 16 columns.
std::int64_t parallel_extent(const Kernel& kernel);
// Units [first, last) of tile `tile`.
std::pair<std::int64_t, std::int64_t> tile_range(std::int64_t extent, std::int64_t tiles, std::int64_t tile);

// Empty when the plan is well formed, else what is wrong: operands and layouts fit, each buffer is written
// before it is read, one writer for each persistent buffer, nothing persistent is written before the check,
// for 1 to 8 threads no two threads touch the same elements, one of them writing, without a barrier between,
// also around the end of the step; and buffers in the same memory are divided by a barrier.
std::string verify(const Plan& plan);

// `netc emit --stage=kernel`
std::string print(const Plan& plan, const Sources* sources = nullptr);
// One kernel's form, schedule and body without names: equal texts have equal code.
std::string signature(const Plan& plan, const Kernel& kernel);

}  // namespace netc::kernel
