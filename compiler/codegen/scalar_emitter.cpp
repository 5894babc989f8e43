#include "compiler/codegen/scalar_emitter.h"

#include <algorithm>
#include <cmath>

#include "compiler/support/check.h"

namespace netc::codegen {

using graph::ScalarNode;
using graph::ScalarOp;
using kernel::Operand;
using kernel::ScalarId;
using llvm::Value;

namespace {

bool varies_by_column(const kernel::Body& body, const PointReader& points, const Operand& operand) {
  switch (operand.kind) {
    case Operand::Kind::kAccumulator:
    case Operand::Kind::kElement:
    case Operand::Kind::kColumn:
    case Operand::Kind::kColumnIndex: return true;
    case Operand::Kind::kAt:
    case Operand::Kind::kIndex: return points.varies(operand);
    case Operand::Kind::kStatement: return body.statements[operand.number].window.has_value();
    case Operand::Kind::kRow:
    case Operand::Kind::kScalar:
    case Operand::Kind::kUniform:
    case Operand::Kind::kRowIndex:
    case Operand::Kind::kStepNumber: return false;
  }
  return false;
}

}  // namespace

ScalarEmitter::ScalarEmitter(Emitter& emitter, Math::Roots roots)
    : e_(emitter), b_(emitter.builder()), math_(b_, roots), points_(emitter), body_(emitter.kernel().body) {
  for (const ScalarNode& node : body_.pool.nodes()) {
    bool varies = false, moves = false;
    if (node.op == ScalarOp::kOperand) {
      varies = varies_by_column(body_, points_, body_.operands[node.operand]);
      moves = points_.moves(body_.operands[node.operand]);
    }
    for (int i = 0; i < arity(node.op); ++i) {
      varies = varies || varies_[node.args[i]];
      moves = moves || moves_[node.args[i]];
    }
    varies_.push_back(varies);
    moves_.push_back(moves);
  }
  reads_elsewhere_ =
      std::ranges::any_of(body_.statements, [](const auto& s) { return s.window.has_value(); });
  for (const Operand& operand : body_.operands) {
    reads_elsewhere_ =
        reads_elsewhere_ || operand.kind == Operand::Kind::kAt || operand.kind == Operand::Kind::kIndex;
    if (operand.kind != Operand::Kind::kUniform) continue;
    Value* number = e_.load(
        b_.getFloatTy(), e_.advance(e_.base(operand.buffer), (kernel::kUniformsHead + operand.number) * 4));
    uniforms_[operand.number] = number;
    wide_uniforms_[number] = b_.CreateVectorSplat(kernel::kLanes, number);
  }
}

void ScalarEmitter::enter_row(Value* row) {
  row_ = row;
  row_values_.clear();
  block_values_.clear();
  row_statements_.clear();
  statements_.clear();
  if (reads_elsewhere_) points_.enter_row(row);
}

void ScalarEmitter::enter_block(Value* column) {
  column_ = column;
  block_values_.clear();
  statements_.clear();
  points_.enter_block(column);
}

void ScalarEmitter::set_statement(std::uint32_t number, Value* value) {
  (body_.statements[number].window ? statements_ : row_statements_)[number] = value;
}

ScalarEmitter::Place ScalarEmitter::enter_point(std::vector<Value*> axes) {
  points_.enter_point(std::move(axes));
  return {row_values_, block_values_};
}

void ScalarEmitter::leave_point(const Place& place) {
  row_values_ = place.row_values;
  block_values_ = place.block_values;
  points_.leave_point();
}

void ScalarEmitter::settle(ScalarId root) {
  std::vector<bool> needed(root + 1);
  needed[root] = true;
  for (ScalarId id = root + 1; id-- > 0;) {
    const ScalarNode& node = body_.pool[id];
    for (int i = 0; needed[id] && moves_[id] && i < arity(node.op); ++i) needed[node.args[i]] = true;
  }
  for (ScalarId id = 0; id <= root; ++id) {
    if (needed[id] && !moves_[id]) value(id);
  }
}

Value* ScalarEmitter::add_to(Value* sum, ScalarId root) {
  const ScalarNode& node = body_.pool[root];
  if (node.op == ScalarOp::kMultiply) return product_sum(node, sum, false, true);
  return b_.CreateFAdd(sum, vector(root));
}

Value* ScalarEmitter::widen(Value* value) {
  if (value->getType()->isVectorTy()) return value;
  if (auto found = wide_uniforms_.find(value); found != wide_uniforms_.end()) return found->second;
  return b_.CreateVectorSplat(kernel::kLanes, value);
}

Value* ScalarEmitter::value(ScalarId id) {
  auto& known = varies_[id] ? block_values_ : row_values_;
  if (auto found = known.find(id); found != known.end()) return found->second;
  Value* result = compute(body_.pool[id]);
  if (varies_[id]) result = widen(result);
  known[id] = result;
  return result;
}

Value* ScalarEmitter::as_float(Value* loaded) {
  llvm::Type* type = loaded->getType();
  if (type->getScalarType()->isFloatTy()) return loaded;
  llvm::Type* target = type->isVectorTy() ? e_.vector_type() : b_.getFloatTy();
  llvm::Type* wide =
      type->isVectorTy()
          ? static_cast<llvm::Type*>(llvm::FixedVectorType::get(b_.getInt32Ty(), kernel::kLanes))
          : b_.getInt32Ty();
  return b_.CreateSIToFP(b_.CreateZExt(loaded, wide), target);
}

Value* ScalarEmitter::column_numbers() {
  std::vector<llvm::Constant*> lanes;
  for (int i = 0; i < kernel::kLanes; ++i) lanes.push_back(llvm::ConstantFP::get(b_.getFloatTy(), i));
  Value* first = b_.CreateSIToFP(column_, b_.getFloatTy());
  return b_.CreateFAdd(widen(first), llvm::ConstantVector::get(lanes));
}

Value* ScalarEmitter::operand(const Operand& operand) {
  auto type_of = [&](bool vector) -> llvm::Type* {
    llvm::Type* element = e_.element_type(operand.buffer);
    return vector ? llvm::FixedVectorType::get(element, kernel::kLanes) : element;
  };
  switch (operand.kind) {
    case Operand::Kind::kAccumulator: return accumulator_;
    case Operand::Kind::kElement:
      return as_float(e_.load(type_of(true), e_.element_address(operand.buffer, row_, column_)));
    case Operand::Kind::kRow:
      if (e_.plan().buffer(operand.buffer).storage == kernel::Storage::kLabels) {
        return as_float(e_.load(type_of(false), e_.sample_address(operand.buffer, row_)));
      }
      return as_float(e_.load(type_of(false), e_.advance(e_.base(operand.buffer), row_)));
    case Operand::Kind::kColumn:
      return as_float(e_.load(type_of(true), e_.advance(e_.base(operand.buffer), column_)));
    case Operand::Kind::kScalar: return as_float(e_.load(type_of(false), e_.base(operand.buffer)));
    case Operand::Kind::kUniform: return uniforms_.at(operand.number);
    case Operand::Kind::kRowIndex: return b_.CreateSIToFP(row_, b_.getFloatTy());
    case Operand::Kind::kColumnIndex: return column_numbers();
    case Operand::Kind::kAt:
    case Operand::Kind::kIndex: return as_float(points_.read(operand));
    case Operand::Kind::kStatement:
      return (body_.statements[operand.number].window ? statements_ : row_statements_).at(operand.number);
    case Operand::Kind::kStepNumber: break;
  }
  NETC_CHECK(false, "step numbers are hoisted before code is made");
  return nullptr;
}

Value* ScalarEmitter::compare(const ScalarNode& node, bool wide) {
  Value* a = in(node.args[0], wide);
  Value* b = in(node.args[1], wide);
  if (node.op == ScalarOp::kLess) return b_.CreateFCmpOLT(a, b);
  if (node.op == ScalarOp::kLessEqual) return b_.CreateFCmpOLE(a, b);
  return node.op == ScalarOp::kEqual ? b_.CreateFCmpOEQ(a, b) : b_.CreateFCmpUNE(a, b);
}

Value* ScalarEmitter::condition(ScalarId id, bool wide) {
  const ScalarNode& node = body_.pool[id];
  const bool comparison = node.op == ScalarOp::kLess || node.op == ScalarOp::kLessEqual ||
                          node.op == ScalarOp::kEqual || node.op == ScalarOp::kNotEqual;
  if (comparison) return compare(node, wide);
  Value* number = in(id, wide);
  return b_.CreateFCmpUNE(number, math_.constant(number, 0));
}

Value* ScalarEmitter::product_sum(const ScalarNode& product, Value* addend, bool negate, bool wide) {
  Value* a = in(product.args[0], wide);
  return math_.fma(negate ? b_.CreateFNeg(a) : a, in(product.args[1], wide), addend);
}

// A product that feeds a sum is fused with it: the first operand's, else the second's.
Value* ScalarEmitter::sum(const ScalarNode& node, bool subtract) {
  const ScalarNode& first = body_.pool[node.args[0]];
  const ScalarNode& second = body_.pool[node.args[1]];
  const bool wide = varies_[node.args[0]] || varies_[node.args[1]];
  if (second.op == ScalarOp::kMultiply) return product_sum(second, in(node.args[0], wide), subtract, wide);
  Value* b = in(node.args[1], wide);
  if (first.op == ScalarOp::kMultiply)
    return product_sum(first, subtract ? b_.CreateFNeg(b) : b, false, wide);
  Value* a = in(node.args[0], wide);
  return subtract ? b_.CreateFSub(a, b) : b_.CreateFAdd(a, b);
}

Value* ScalarEmitter::power(const ScalarNode& node) {
  constexpr double kMostProducts = 64;
  const bool wide = varies_[node.args[0]] || varies_[node.args[1]];
  const ScalarNode& exponent = body_.pool[node.args[1]];
  Value* base = in(node.args[0], wide);
  if (exponent.op == ScalarOp::kConstant && exponent.value == std::floor(exponent.value) &&
      std::abs(exponent.value) <= kMostProducts) {
    return math_.power(base, static_cast<long>(exponent.value));
  }
  return math_.pow(base, in(node.args[1], wide));
}

Value* ScalarEmitter::compute(const ScalarNode& node) {
  bool wide = false;
  for (int i = 0; i < arity(node.op); ++i) wide = wide || varies_[node.args[i]];
  auto arg = [&](int i) { return in(node.args[i], wide); };
  switch (node.op) {
    case ScalarOp::kConstant: return llvm::ConstantFP::get(b_.getFloatTy(), static_cast<float>(node.value));
    case ScalarOp::kOperand: return operand(body_.operands[node.operand]);
    case ScalarOp::kAdd: return sum(node, false);
    case ScalarOp::kSubtract: return sum(node, true);
    case ScalarOp::kMultiply: return b_.CreateFMul(arg(0), arg(1));
    case ScalarOp::kDivide: return b_.CreateFDiv(arg(0), arg(1));
    case ScalarOp::kPower: return power(node);
    case ScalarOp::kMin: return math_.min(arg(0), arg(1));
    case ScalarOp::kMax: return math_.max(arg(0), arg(1));
    case ScalarOp::kLess:
    case ScalarOp::kLessEqual:
    case ScalarOp::kEqual:
    case ScalarOp::kNotEqual: {
      Value* holds = compare(node, wide);
      return b_.CreateUIToFP(holds, wide ? e_.vector_type() : b_.getFloatTy());
    }
    case ScalarOp::kNegate: return b_.CreateFNeg(arg(0));
    case ScalarOp::kAbs: return math_.abs(arg(0));
    case ScalarOp::kSign: return math_.sign(arg(0));
    case ScalarOp::kFloor: return math_.floor(arg(0));
    case ScalarOp::kSqrt: return math_.sqrt(arg(0));
    case ScalarOp::kExp: return math_.exp(arg(0));
    case ScalarOp::kExpm1: return math_.expm1(arg(0));
    case ScalarOp::kLog: return math_.log(arg(0));
    case ScalarOp::kLog1p: return math_.log1p(arg(0));
    case ScalarOp::kSin: return math_.sin(arg(0));
    case ScalarOp::kCos: return math_.cos(arg(0));
    case ScalarOp::kTanh: return math_.tanh(arg(0));
    case ScalarOp::kSigmoid: return math_.sigmoid(arg(0));
    case ScalarOp::kSoftplus: return math_.softplus(arg(0));
    case ScalarOp::kErf: return math_.erf(arg(0));
    case ScalarOp::kConvert:
    case ScalarOp::kStopGradient: return arg(0);
    case ScalarOp::kSelect: {
      const bool wide_values = varies_[node.args[1]] || varies_[node.args[2]] || varies_[node.args[0]];
      Value* holds = condition(node.args[0], varies_[node.args[0]]);
      return b_.CreateSelect(holds, in(node.args[1], wide_values), in(node.args[2], wide_values));
    }
  }
  NETC_CHECK(false, "unknown scalar operation");
  return nullptr;
}

}  // namespace netc::codegen
