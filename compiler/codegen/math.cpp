#include "compiler/codegen/math.h"

#include <cmath>
#include <limits>

#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>

namespace netc::codegen {

using llvm::Type;
using llvm::Value;

namespace {

// Adding and subtracting it rounds a float of at most 2^22 to the nearest whole number, which then stands in
// the low bits of the sum.
constexpr double kRoundFloat = 12582912.0;
constexpr double kRoundDouble = 6755399441055744.0;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

Value* Math::constant(Value* x, double value) { return llvm::ConstantFP::get(x->getType(), value); }

Type* Math::integer_type(Value* x, unsigned bits) {
  Type* element = b_.getIntNTy(bits);
  auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(x->getType());
  return vector ? llvm::FixedVectorType::get(element, vector->getNumElements()) : element;
}

Value* Math::integer(Value* x, long value) { return llvm::ConstantInt::get(integer_type(x), value, true); }

Value* Math::fma(Value* x, Value* y, Value* z) {
  return b_.CreateIntrinsic(llvm::Intrinsic::fmuladd, {x->getType()}, {x, y, z});
}

Value* Math::abs(Value* x) { return b_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x); }
Value* Math::floor(Value* x) { return b_.CreateUnaryIntrinsic(llvm::Intrinsic::floor, x); }
Value* Math::sqrt(Value* x) {
  if (roots_ == Roots::kProducts && x->getType()->isVectorTy()) return root_by_products(x);
  return b_.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, x);
}

// x in [1/2, 2). From an approximation of 1 / sqrt(x) with 14 good bits, by a step of Goldschmidt's for the
// root and half its reciprocal, then one of Newton's with an exact remainder (Markstein 1990). The result is
// the correctly rounded one, as comparing it for every x shows.
Value* Math::root_of_mantissa(Value* x) {
  Value* half = constant(x, 0.5);
  Value* all = llvm::Constant::getAllOnesValue(b_.getInt16Ty());
  Value* estimate = b_.CreateIntrinsic(llvm::Intrinsic::x86_avx512_rsqrt14_ps_512, {},
                                       {x, llvm::PoisonValue::get(x->getType()), all});
  Value* root = b_.CreateFMul(x, estimate);
  Value* half_reciprocal = b_.CreateFMul(estimate, half);
  Value* fault = fma(b_.CreateFNeg(root), half_reciprocal, half);
  root = fma(root, fault, root);
  half_reciprocal = fma(half_reciprocal, fault, half_reciprocal);
  Value* remainder = fma(b_.CreateFNeg(root), root, x);
  return fma(half_reciprocal, remainder, root);
}

// x = m 4^k with m in [1/2, 2), or as near to that as zeros, infinities and NaN come; the sign of -0 is put
// back.
Value* Math::root_by_products(Value* x) {
  constexpr int kHalfToTwo = 1, kNaNIfNegative = 3 << 2, kRoundAsSet = 4;
  Value* unused = llvm::PoisonValue::get(x->getType());
  Value* all = llvm::Constant::getAllOnesValue(b_.getInt16Ty());
  Value* mode = b_.getInt32(kRoundAsSet);
  Value* mantissa = b_.CreateIntrinsic(llvm::Intrinsic::x86_avx512_mask_getmant_ps_512, {},
                                       {x, b_.getInt32(kHalfToTwo | kNaNIfNegative), unused, all, mode});
  Value* exponent =
      b_.CreateIntrinsic(llvm::Intrinsic::x86_avx512_mask_getexp_ps_512, {}, {x, unused, all, mode});
  // Scaling rounds half exponents down. By an infinity it would turn the NaN of -infinity's root into one.
  Value* half_exponent = fma(exponent, constant(x, 0.5), constant(x, 0.5));
  half_exponent =
      b_.CreateIntrinsic(llvm::Intrinsic::x86_avx512_min_ps_512, {}, {half_exponent, constant(x, 200), mode});
  Value* root = b_.CreateIntrinsic(llvm::Intrinsic::x86_avx512_mask_scalef_ps_512, {},
                                   {root_of_mantissa(mantissa), half_exponent, unused, all, mode});
  Value* sign = b_.CreateAnd(b_.CreateBitCast(x, integer_type(x)), integer(x, -0x80000000L));
  return b_.CreateBitCast(b_.CreateOr(b_.CreateBitCast(root, integer_type(x)), sign), x->getType());
}

Value* Math::polynomial(Value* x, std::initializer_list<double> from_highest) {
  auto coefficient = from_highest.begin();
  Value* sum = constant(x, *coefficient++);
  for (; coefficient != from_highest.end(); ++coefficient) sum = fma(sum, x, constant(x, *coefficient));
  return sum;
}

Value* Math::power_of_two(Value* exponent, Type* type) {
  Value* biased = b_.CreateAdd(exponent, llvm::ConstantInt::get(exponent->getType(), 127));
  return b_.CreateBitCast(b_.CreateShl(biased, 23), type);
}

// exp(x) = 2^n exp(r), |r| <= ln 2 / 2, by the polynomial of Cephes (S. Moshier, expf). 2^n is built in two
// factors, so that results that are infinite or denormal come out right. The clamps let NaN through.
Value* Math::exp_clamped(Value* x) {
  Value* low = constant(x, -105);
  Value* high = constant(x, 89);
  x = b_.CreateSelect(b_.CreateFCmpOLT(high, x), high, x);
  x = b_.CreateSelect(b_.CreateFCmpOGT(low, x), low, x);
  Value* shifted = fma(x, constant(x, 1.44269504088896341), constant(x, kRoundFloat));
  Value* n = b_.CreateFSub(shifted, constant(x, kRoundFloat));
  Value* r = fma(n, constant(x, -0.693359375), x);
  r = fma(n, constant(x, 2.12194440e-4), r);
  Value* p = polynomial(r, {1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
                            1.6666665459e-1, 5.0000001201e-1});
  p = fma(b_.CreateFMul(r, r), p, b_.CreateFAdd(r, constant(x, 1)));
  Value* exponent = b_.CreateSub(b_.CreateBitCast(shifted, integer_type(x)), integer(x, 0x4B400000));
  Value* half = b_.CreateAShr(exponent, 1);
  Value* rest = b_.CreateSub(exponent, half);
  return b_.CreateFMul(b_.CreateFMul(p, power_of_two(half, x->getType())), power_of_two(rest, x->getType()));
}

Value* Math::exp(Value* x) { return exp_clamped(x); }

// Near 0 by its series, which keeps the relative error small.
Value* Math::expm1(Value* x) {
  Value* series = polynomial(x, {1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5});
  series = fma(b_.CreateFMul(x, x), series, x);
  Value* direct = b_.CreateFSub(exp(x), constant(x, 1));
  return b_.CreateSelect(b_.CreateFCmpOLT(abs(x), constant(x, 0.5)), series, direct);
}

// log(x) = e ln 2 + log(m), m in [sqrt(1/2), sqrt(2)), by the polynomial of Cephes (logf).
Value* Math::log(Value* x) {
  Value* bits = b_.CreateSub(b_.CreateBitCast(x, integer_type(x)), integer(x, 0x3F3504F3));
  Value* exponent = b_.CreateSIToFP(b_.CreateAShr(bits, 23), x->getType());
  Value* mantissa = b_.CreateAdd(b_.CreateAnd(bits, integer(x, 0x7FFFFF)), integer(x, 0x3F3504F3));
  Value* f = b_.CreateFSub(b_.CreateBitCast(mantissa, x->getType()), constant(x, 1));
  Value* p =
      polynomial(f, {7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
                     -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1});
  Value* square = b_.CreateFMul(f, f);
  Value* y = b_.CreateFMul(b_.CreateFMul(p, f), square);
  y = fma(exponent, constant(x, -2.12194440e-4), y);
  y = fma(square, constant(x, -0.5), y);
  y = b_.CreateFAdd(f, y);
  y = fma(exponent, constant(x, 0.693359375), y);
  y = b_.CreateSelect(b_.CreateFCmpOLT(x, constant(x, kInfinity)), y, x);
  y = b_.CreateSelect(b_.CreateFCmpOLT(x, constant(x, std::numeric_limits<float>::min())),
                      constant(x, -kInfinity), y);
  return b_.CreateSelect(b_.CreateFCmpOLT(x, constant(x, 0)), constant(x, std::nan("")), y);
}

// log(u) with u = 1 + x, less the rounding error of u (W. Kahan).
Value* Math::log1p(Value* x) {
  Value* u = b_.CreateFAdd(x, constant(x, 1));
  Value* error = b_.CreateFSub(b_.CreateFSub(u, constant(x, 1)), x);
  Value* correction = b_.CreateFDiv(error, u);
  Value* usable = b_.CreateAnd(b_.CreateFCmpOGT(u, constant(x, 0)), b_.CreateFCmpOLT(x, constant(x, 1e8)));
  return b_.CreateFSub(log(u), b_.CreateSelect(usable, correction, constant(x, 0)));
}

// Near 0 by the polynomial of Cephes (tanhf), else by exp(2|x|).
Value* Math::tanh(Value* x) {
  Value* z = b_.CreateFMul(x, x);
  Value* small = polynomial(
      z, {-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1});
  small = fma(b_.CreateFMul(small, z), x, x);
  Value* size = abs(x);
  Value* e = exp(b_.CreateFAdd(size, size));
  Value* large =
      b_.CreateFSub(constant(x, 1), b_.CreateFDiv(constant(x, 2), b_.CreateFAdd(e, constant(x, 1))));
  large = b_.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, large, x);
  return b_.CreateSelect(b_.CreateFCmpOLT(size, constant(x, 0.625)), small, large);
}

Value* Math::sigmoid(Value* x) {
  Value* e = exp(b_.CreateFNeg(x));
  return b_.CreateFDiv(constant(x, 1), b_.CreateFAdd(e, constant(x, 1)));
}

// max(x, 0) + log1p(exp(-|x|)): the second term lets NaN through.
Value* Math::softplus(Value* x) {
  Value* positive = b_.CreateSelect(b_.CreateFCmpOGT(x, constant(x, 0)), x, constant(x, 0));
  return b_.CreateFAdd(positive, log1p(exp(b_.CreateFNeg(abs(x)))));
}

// erf(x) = x p(x^2) up to 1, then 1 - exp(-q(|x|)); p and q are least-squares fits at Chebyshev nodes, errors
// below 2e-7 relative and 3e-8.
Value* Math::erf(Value* x) {
  Value* p =
      polynomial(b_.CreateFMul(x, x), {-9.673572559e-06, 1.126824796e-04, -8.484395797e-04, 5.221053365e-03,
                                       -2.686543830e-02, 1.128378262e-01, -3.761263848e-01, 1.128379167e+00});
  Value* size = abs(x);
  Value* limit = constant(x, 4.1);
  Value* clamped = b_.CreateSelect(b_.CreateFCmpOLT(limit, size), limit, size);
  Value* q = polynomial(
      clamped, {-1.577106345e-06, 4.488150289e-05, -5.869827731e-04, 4.714049274e-03, -2.629311201e-02,
                1.098571523e-01, 6.320604930e-01, 1.130097482e+00, -2.868776610e-04});
  Value* large = b_.CreateFSub(constant(x, 1), exp(b_.CreateFNeg(q)));
  large = b_.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, large, x);
  return b_.CreateSelect(b_.CreateFCmpOLT(size, constant(x, 1)), b_.CreateFMul(x, p), large);
}

// exp(y log|x|), with C's rules for signs and for x or y that are 0, 1, infinite or not whole.
Value* Math::pow(Value* x, Value* y) {
  Value* magnitude = exp(b_.CreateFMul(y, log(abs(x))));
  Value* whole = b_.CreateFCmpOEQ(floor(y), y);
  Value* half = b_.CreateFMul(y, constant(y, 0.5));
  Value* odd = b_.CreateAnd(whole, b_.CreateFCmpONE(floor(half), half));
  Value* negative = b_.CreateFCmpOLT(x, constant(x, 0));
  Value* result = b_.CreateSelect(b_.CreateAnd(negative, odd), b_.CreateFNeg(magnitude), magnitude);
  Value* finite = b_.CreateFCmpONE(abs(x), constant(x, kInfinity));
  Value* undefined = b_.CreateAnd(b_.CreateAnd(negative, finite), b_.CreateNot(whole));
  result = b_.CreateSelect(undefined, constant(x, std::nan("")), result);
  Value* one = b_.CreateOr(b_.CreateFCmpOEQ(y, constant(y, 0)), b_.CreateFCmpOEQ(x, constant(x, 1)));
  Value* minus_one = b_.CreateFCmpOEQ(x, constant(x, -1));
  one = b_.CreateOr(one, b_.CreateAnd(minus_one, b_.CreateFCmpOEQ(abs(y), constant(y, kInfinity))));
  return b_.CreateSelect(one, constant(x, 1), result);
}

Value* Math::power(Value* x, long exponent) {
  Value* result = nullptr;
  Value* square = x;
  for (unsigned long n = std::labs(exponent); n > 0; n >>= 1) {
    if (n & 1) result = result ? b_.CreateFMul(result, square) : square;
    if (n > 1) square = b_.CreateFMul(square, square);
  }
  if (!result) return constant(x, 1);
  return exponent < 0 ? b_.CreateFDiv(constant(x, 1), result) : result;
}

// One comparison where an operand is a constant; else a second one lets a NaN of x through, too.
Value* Math::extremum(Value* x, Value* y, llvm::CmpInst::Predicate predicate) {
  if (llvm::isa<llvm::Constant>(y) && !llvm::isa<llvm::Constant>(x)) std::swap(x, y);
  Value* result = b_.CreateSelect(b_.CreateFCmp(predicate, x, y), x, y);
  if (llvm::isa<llvm::Constant>(x)) return result;
  return b_.CreateSelect(b_.CreateFCmpUNO(x, x), x, result);
}

Value* Math::min(Value* x, Value* y) { return extremum(x, y, llvm::CmpInst::FCMP_OLT); }
Value* Math::max(Value* x, Value* y) { return extremum(x, y, llvm::CmpInst::FCMP_OGT); }

Value* Math::sign(Value* x) {
  Value* negative = b_.CreateSelect(b_.CreateFCmpOLT(x, constant(x, 0)), constant(x, -1), x);
  return b_.CreateSelect(b_.CreateFCmpOGT(x, constant(x, 0)), constant(x, 1), negative);
}

// In double, with pi/2 in two parts: good for |x| up to 2^50. Beyond, neighbouring floats are further apart
// than the period, and the result is arbitrary.
Math::Reduced Math::reduce(Value* x) {
  Type* wide = b_.getDoubleTy();
  if (auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(x->getType()))
    wide = llvm::FixedVectorType::get(wide, vector->getNumElements());
  Value* d = b_.CreateFPExt(x, wide);
  Value* shifted = fma(d, constant(d, 0.63661977236758134308), constant(d, kRoundDouble));
  Value* n = b_.CreateFSub(shifted, constant(d, kRoundDouble));
  Value* r = fma(n, constant(d, -1.57079632679489655800), d);
  r = fma(n, constant(d, -6.12323399573676603587e-17), r);
  Value* quadrant = b_.CreateTrunc(b_.CreateBitCast(shifted, integer_type(x, 64)), integer_type(x));
  return {b_.CreateFPTrunc(r, x->getType()), quadrant};
}

// sin(x + quarter_turns pi/2), by the polynomials of Cephes (sinf, cosf) on |r| <= pi/4.
Value* Math::sine_of(Value* x, long quarter_turns) {
  auto [r, quadrant] = reduce(x);
  quadrant = b_.CreateAdd(quadrant, integer(x, quarter_turns));
  Value* z = b_.CreateFMul(r, r);
  Value* s = polynomial(z, {-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1});
  s = fma(b_.CreateFMul(s, z), r, r);
  Value* c = polynomial(z, {2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2});
  c = fma(b_.CreateFMul(c, z), z, fma(z, constant(x, -0.5), constant(x, 1)));
  Value* swapped = b_.CreateICmpNE(b_.CreateAnd(quadrant, integer(x, 1)), integer(x, 0));
  Value* negated = b_.CreateICmpNE(b_.CreateAnd(quadrant, integer(x, 2)), integer(x, 0));
  Value* result = b_.CreateSelect(swapped, c, s);
  return b_.CreateSelect(negated, b_.CreateFNeg(result), result);
}

Value* Math::sin(Value* x) { return sine_of(x, 0); }
Value* Math::cos(Value* x) { return sine_of(x, 1); }

}  // namespace netc::codegen
