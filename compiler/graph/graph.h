#pragma once
// The graph: tensors and a handful of primitives. A whole training step, or one prediction, is one graph, and
// it is a pure function: (inputs, parameters, state) -> (outputs, next parameters, next state). Each
// parameter and each piece of state has at most one next value.
//
// Semantics.
// - Values are u8, i32 or f32 tensors, row-major in meaning; where they lie in memory is the kernel level's
//   choice. Rank 0 is a scalar.
// - An index map takes a point of an iteration domain to an element of a tensor: one affine expression a
//   dimension of the tensor. A read outside of the tensor is 0; a write outside is dropped. A result map that
//   is not injective accumulates, in the order of the domain (row-major, the last axis fastest). Result
//   elements that nothing writes are 0.
// - map          result[d] = expr(operand_i[map_i(d)] ...) for d in the result's shape. Integer operands
//                stand below `convert`.
// - contract     result[r(d)] += a[map_a(d)] * b[map_b(d)] for d in the domain.
// - reduce       result[r(d)] = sum | max | argmax over the domain points d with that result index, in the
//                domain's order. A point that reads outside of the operand takes no part: padding is never
//                a maximum. max of nothing is -infinity and lets NaN through. argmax (i32) is the position
//                of the first maximum, counted row-major over the domain axes that the result map does not
//                use, with those outside; a NaN counts as the maximum. The result map of max and argmax uses
//                at most one axis in each entry, and no axis twice, so that a position names one point.
// - view         reshape (same elements, row-major), remap (result[d] = operand[map(d)], 0 outside:
//                transpose, slice, pad, window), concat.
// - gather       result[i..., rest...] = table[indices[i...], rest...]; an index out of range reads 0.
// - scatter_add  result[t, rest...] = sum of updates[i..., rest...] with indices[i...] == t, in index order.
// - random       uniform in [0, 1): element e of step s is philox4x32-10 of counter {e / 4-lane block, s,
//                stream}, key = the run's seed; see runtime/philox.h for the exact layout. Its operand is
//                the step (rank 0, i32).
// - scan         a body graph repeated along an axis of time; see Scan.
// - leaves       input, parameter, state, constant, iota.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "compiler/graph/scalar.h"
#include "compiler/support/source.h"

namespace netc::graph {

enum class ValueId : std::uint32_t {};
constexpr std::size_t index(ValueId id) { return static_cast<std::size_t>(id); }

enum class DType : std::uint8_t { kU8, kI32, kF32 };

using Extents = std::vector<std::int64_t>;
std::int64_t element_count(const Extents& extents);

struct TensorType {
  DType dtype = DType::kF32;
  Extents extents;
  friend bool operator==(const TensorType&, const TensorType&) = default;
};

struct AffineTerm {
  std::uint32_t axis = 0;  // of the iteration domain
  std::int64_t coefficient = 1;
  friend bool operator==(const AffineTerm&, const AffineTerm&) = default;
};
// offset + sum of coefficient * d[axis]
struct AffineIndex {
  std::int64_t offset = 0;
  std::vector<AffineTerm> terms;
  friend bool operator==(const AffineIndex&, const AffineIndex&) = default;
};
// One entry a dimension of the tensor.
using IndexMap = std::vector<AffineIndex>;

// d[axes[0]], d[axes[1]], ...: the plain map that most operands have.
// See index_map.h for more.
IndexMap axes_map(std::span<const std::uint32_t> axes);
IndexMap identity_map(std::size_t rank);
bool is_identity(const IndexMap& map);

// How a parameter starts; random numbers come from the run's seed and the parameter's name.
struct Initializer {
  enum class Kind {
    kConstant,    // `value`
    kUniform,     // in [-value, value]
    kNormal,      // mean 0, standard deviation `value`
    kOrthogonal,  // as a matrix [all axes but the last, last], orthonormal rows or columns, times `value`
  } kind = Kind::kConstant;
  double value = 0;
  friend bool operator==(const Initializer&, const Initializer&) = default;
};

// Named by Node::name. Two are not numbers of the step, but come from the data set.
struct Input {
  friend bool operator==(const Input&, const Input&) = default;
};
inline constexpr const char* kSamples = "samples";  // [batch, ...]: u8, or f32
inline constexpr const char* kLabels = "labels";    // [batch] i32: classes; [batch] or [batch, targets] f32
struct Parameter {
  Initializer initializer;
  bool trained = true;  // else it keeps its value, and has no gradient
  friend bool operator==(const Parameter&, const Parameter&) = default;
};
struct State {
  double initial = 0;
  friend bool operator==(const State&, const State&) = default;
};
struct Constant {
  std::vector<double> values;  // one for all elements, or one each
  friend bool operator==(const Constant&, const Constant&) = default;
};
struct Iota {
  std::uint32_t axis = 0;  // result[d] = d[axis], i32
  friend bool operator==(const Iota&, const Iota&) = default;
};
struct Map {
  ScalarExpr expr;
  std::vector<IndexMap> operands;  // from the result's axes
  friend bool operator==(const Map&, const Map&) = default;
};
struct Contract {
  Extents domain;
  IndexMap a, b, result;
  friend bool operator==(const Contract&, const Contract&) = default;
};
enum class ReduceKind { kSum, kMax, kArgmax };
struct Reduce {
  ReduceKind kind = ReduceKind::kSum;
  Extents domain;
  IndexMap operand, result;
  friend bool operator==(const Reduce&, const Reduce&) = default;
};
struct Reshape {
  friend bool operator==(const Reshape&, const Reshape&) = default;
};
struct Remap {
  IndexMap operand;  // from the result's axes
  friend bool operator==(const Remap&, const Remap&) = default;
};
struct Concat {
  std::uint32_t axis = 0;
  friend bool operator==(const Concat&, const Concat&) = default;
};
// Operands: table, indices.
struct Gather {
  friend bool operator==(const Gather&, const Gather&) = default;
};
// Operands: indices, updates; the result's extent 0 is the table's.
struct ScatterAdd {
  friend bool operator==(const ScatterAdd&, const ScatterAdd&) = default;
};
struct Random {
  std::uint64_t stream = 0;
  friend bool operator==(const Random&, const Random&) = default;
};

struct Graph;

// A body repeated `steps` times. The body's inputs are, in order: the carries, then one slice for each
// sequence (the sequence without its first axis), then the constants; its outputs are, in order: the next
// carries, then one value for each stacked result. The node's operands are: initial carries, sequences (first
// axis = time), constants. Its results, taken by ScanResult: the final carries, then the stacked results
// (first axis = time). With `reverse`, time runs from the last slice to the first, and results stack at their
// slice's place.
struct Scan {
  std::shared_ptr<const Graph> body;
  std::int64_t steps = 0;
  std::uint32_t carries = 0;
  std::uint32_t sequences = 0;
  bool reverse = false;

  friend bool operator==(const Scan&, const Scan&) = default;
};
struct ScanResult {
  std::uint32_t number = 0;
  friend bool operator==(const ScanResult&, const ScanResult&) = default;
};

using Op = std::variant<Input, Parameter, State, Constant, Iota, Map, Contract, Reduce, Reshape, Remap,
                        Concat, Gather, ScatterAdd, Random, Scan, ScanResult>;

struct Node {
  Op op;
  std::vector<ValueId> operands;
  TensorType type;   // of a Scan: the first result's; ScanResult has its own
  std::string name;  // of leaves: how the runtime knows it (`dense_1.weight`); elsewhere a hint for people,
                     // may be empty
  Span span;         // the place in the .net file that it came from
};

struct Output {
  std::string name;
  ValueId value{};
};
// The next value of a parameter or state.
struct Update {
  ValueId leaf{};
  ValueId next{};
};

struct Graph {
  std::vector<Node> nodes;  // operands before users
  std::vector<Output> outputs;
  std::vector<Update> updates;

  const Node& operator[](ValueId id) const { return nodes[index(id)]; }
  const TensorType& type(ValueId id) const { return nodes[index(id)].type; }
  ValueId add(Node node);
  std::optional<ValueId> output(std::string_view name) const;
};

// Empty when the graph is well formed, else what is wrong with which node: operand order and counts, map
// sizes against ranks, dtypes, extents, integer operands only below convert, updates of leaves only and at
// most one each with equal types, scan bodies.
std::string verify(const Graph& graph);

// One node a line: `%3 = contract f32[32, 128] (b, n, k in 32, 128, 784) a=%0[b, k] b=%1[k, n] -> [b, n]   #
// mnist.net:1`.
std::string print(const Graph& graph, const Sources* sources = nullptr);

}  // namespace netc::graph
