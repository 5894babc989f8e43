#include <cmath>

#include "compiler/codegen/forms.h"
#include "compiler/support/check.h"

namespace netc::codegen {

using graph::ScalarNode;
using graph::ScalarOp;
using llvm::Value;

namespace {

// Scalar expressions in double: they run once a step, so libm's calls will do.
class UniformsEmitter {
 public:
  UniformsEmitter(Emitter& emitter, const kernel::UniformsKernel& form)
      : e_(emitter), b_(emitter.builder()), form_(form) {}

  void run() {
    for (std::size_t i = 0; i < kernel::kStepNumberNames.size(); ++i)
      numbers_.push_back(
          e_.load(b_.getDoubleTy(), e_.advance(e_.base(form_.numbers), static_cast<std::int64_t>(i * 8))));
    store_head();
    const auto& uniforms = e_.plan().uniforms;
    for (std::size_t i = 0; i < uniforms.size(); ++i) {
      values_.clear();
      for (const ScalarNode& node : uniforms[i].pool.nodes()) values_.push_back(compute(node));
      Value* result = b_.CreateFPTrunc(values_[uniforms[i].root], b_.getFloatTy());
      e_.store(result,
               e_.advance(e_.base(form_.result), static_cast<std::int64_t>((kernel::kUniformsHead + i) * 4)));
    }
    e_.finish();
  }

 private:
  void store_head() {
    Value* step = b_.CreateFPToUI(numbers_[0], b_.getInt32Ty());
    e_.store(step, e_.base(form_.result));
    Value* seed =
        e_.load(b_.getInt64Ty(), e_.advance(e_.base(form_.numbers), kernel::kStepNumberNames.size() * 8));
    e_.store(seed, e_.advance(e_.base(form_.result), 4));
  }

  Value* number(double value) { return llvm::ConstantFP::get(b_.getDoubleTy(), value); }

  Value* call(const char* name, std::initializer_list<Value*> args) {
    std::vector<llvm::Type*> types(args.size(), b_.getDoubleTy());
    auto* type = llvm::FunctionType::get(b_.getDoubleTy(), types, false);
    llvm::Module* module = b_.GetInsertBlock()->getModule();
    return b_.CreateCall(module->getOrInsertFunction(name, type), std::vector<Value*>(args));
  }

  Value* as_number(Value* holds) { return b_.CreateUIToFP(holds, b_.getDoubleTy()); }

  Value* extremum(Value* a, Value* b, llvm::CmpInst::Predicate predicate) {
    Value* result = b_.CreateSelect(b_.CreateFCmp(predicate, a, b), a, b);
    return b_.CreateSelect(b_.CreateFCmpUNO(a, a), a, result);
  }

  Value* sign(Value* a) {
    Value* negative = b_.CreateSelect(b_.CreateFCmpOLT(a, number(0)), number(-1), a);
    return b_.CreateSelect(b_.CreateFCmpOGT(a, number(0)), number(1), negative);
  }

  Value* softplus(Value* a) {
    Value* positive = b_.CreateSelect(b_.CreateFCmpOGT(a, number(0)), a, number(0));
    return b_.CreateFAdd(positive, call("log1p", {call("exp", {b_.CreateFNeg(call("fabs", {a}))})}));
  }

  Value* compute(const ScalarNode& node) {
    auto arg = [&](int i) { return values_[node.args[i]]; };
    switch (node.op) {
      case ScalarOp::kConstant: return number(node.value);
      case ScalarOp::kOperand: return numbers_[node.operand];
      case ScalarOp::kAdd: return b_.CreateFAdd(arg(0), arg(1));
      case ScalarOp::kSubtract: return b_.CreateFSub(arg(0), arg(1));
      case ScalarOp::kMultiply: return b_.CreateFMul(arg(0), arg(1));
      case ScalarOp::kDivide: return b_.CreateFDiv(arg(0), arg(1));
      case ScalarOp::kPower: return call("pow", {arg(0), arg(1)});
      case ScalarOp::kMin: return extremum(arg(0), arg(1), llvm::CmpInst::FCMP_OLT);
      case ScalarOp::kMax: return extremum(arg(0), arg(1), llvm::CmpInst::FCMP_OGT);
      case ScalarOp::kLess: return as_number(b_.CreateFCmpOLT(arg(0), arg(1)));
      case ScalarOp::kLessEqual: return as_number(b_.CreateFCmpOLE(arg(0), arg(1)));
      case ScalarOp::kEqual: return as_number(b_.CreateFCmpOEQ(arg(0), arg(1)));
      case ScalarOp::kNotEqual: return as_number(b_.CreateFCmpUNE(arg(0), arg(1)));
      case ScalarOp::kNegate: return b_.CreateFNeg(arg(0));
      case ScalarOp::kAbs: return call("fabs", {arg(0)});
      case ScalarOp::kSign: return sign(arg(0));
      case ScalarOp::kFloor: return call("floor", {arg(0)});
      case ScalarOp::kSqrt: return call("sqrt", {arg(0)});
      case ScalarOp::kExp: return call("exp", {arg(0)});
      case ScalarOp::kExpm1: return call("expm1", {arg(0)});
      case ScalarOp::kLog: return call("log", {arg(0)});
      case ScalarOp::kLog1p: return call("log1p", {arg(0)});
      case ScalarOp::kSin: return call("sin", {arg(0)});
      case ScalarOp::kCos: return call("cos", {arg(0)});
      case ScalarOp::kTanh: return call("tanh", {arg(0)});
      case ScalarOp::kSigmoid:
        return b_.CreateFDiv(number(1), b_.CreateFAdd(number(1), call("exp", {b_.CreateFNeg(arg(0))})));
      case ScalarOp::kSoftplus: return softplus(arg(0));
      case ScalarOp::kErf: return call("erf", {arg(0)});
      case ScalarOp::kConvert:
      case ScalarOp::kStopGradient: return arg(0);
      case ScalarOp::kSelect: return b_.CreateSelect(b_.CreateFCmpUNE(arg(0), number(0)), arg(1), arg(2));
    }
    NETC_CHECK(false, "unknown scalar operation");
    return nullptr;
  }

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  const kernel::UniformsKernel& form_;
  std::vector<Value*> numbers_, values_;
};

}  // namespace

void emit_uniforms(Emitter& emitter, const kernel::UniformsKernel& form) {
  UniformsEmitter(emitter, form).run();
}

}  // namespace netc::codegen
