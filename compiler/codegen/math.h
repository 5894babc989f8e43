#pragma once
// Float functions as straight-line IR, on a float or a vector of floats alike: no calls, no branches,
// infinities and NaN as in libm. Errors are a few ulp for arguments of ordinary size; what each relies on is
// said in math.cpp.

#include <llvm/IR/IRBuilder.h>

namespace netc::codegen {

class Math {
 public:
  // How vectors of square roots are computed; the bits are the same.
  enum class Roots {
    kDivider,   // by the processor's instruction, in the unit that divides
    kProducts,  // by multiply-adds, on AVX-512 alone
  };
  explicit Math(llvm::IRBuilder<>& builder, Roots roots = Roots::kDivider) : b_(builder), roots_(roots) {}

  llvm::Value* exp(llvm::Value* x);
  llvm::Value* expm1(llvm::Value* x);
  llvm::Value* log(llvm::Value* x);
  llvm::Value* log1p(llvm::Value* x);
  llvm::Value* sin(llvm::Value* x);
  llvm::Value* cos(llvm::Value* x);
  llvm::Value* tanh(llvm::Value* x);
  llvm::Value* sigmoid(llvm::Value* x);
  llvm::Value* softplus(llvm::Value* x);
  llvm::Value* erf(llvm::Value* x);
  llvm::Value* pow(llvm::Value* x, llvm::Value* y);
  llvm::Value* power(llvm::Value* x, long exponent);  // by squaring
  llvm::Value* min(llvm::Value* x, llvm::Value* y);
  llvm::Value* max(llvm::Value* x, llvm::Value* y);
  llvm::Value* abs(llvm::Value* x);
  llvm::Value* sign(llvm::Value* x);
  llvm::Value* floor(llvm::Value* x);
  llvm::Value* sqrt(llvm::Value* x);
  // x * y + z, fused where the target can
  llvm::Value* fma(llvm::Value* x, llvm::Value* y, llvm::Value* z);

  // `value` in the type of x.
  llvm::Value* constant(llvm::Value* x, double value);

 private:
  llvm::Value* integer(llvm::Value* x, long value);  // in the integer type of x's size
  llvm::Type* integer_type(llvm::Value* x, unsigned bits = 32);
  llvm::Value* polynomial(llvm::Value* x, std::initializer_list<double> from_highest);
  llvm::Value* exp_clamped(llvm::Value* x);
  llvm::Value* power_of_two(llvm::Value* exponent, llvm::Type* type);
  llvm::Value* extremum(llvm::Value* x, llvm::Value* y, llvm::CmpInst::Predicate predicate);
  // x - n pi/2 with |result| <= pi/4, and n's low bits.
  struct Reduced {
    llvm::Value* remainder;
    llvm::Value* quadrant;
  };
  Reduced reduce(llvm::Value* x);
  llvm::Value* sine_of(llvm::Value* x, long quarter_turns);
  llvm::Value* root_of_mantissa(llvm::Value* mantissa);
  llvm::Value* root_by_products(llvm::Value* x);

  llvm::IRBuilder<>& b_;
  const Roots roots_;
};

}  // namespace netc::codegen
