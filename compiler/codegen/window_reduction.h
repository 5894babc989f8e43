#pragma once
// A statement's reduction over the points of a window, for the 16 elements of a place.

#include "compiler/codegen/scalar_emitter.h"

namespace netc::codegen {

class WindowReduction {
 public:
  WindowReduction(Emitter& emitter, ScalarEmitter& scalars, const kernel::Statement& statement)
      : e_(emitter), b_(emitter.builder()), scalars_(scalars), statement_(statement) {}

  llvm::Value* run();

 private:
  using Values = std::vector<llvm::Value*>;  // what is known so far; of argmax, its place too
  Values over_axes(Values point, Values carried);
  Values at_point(const Values& point, Values carried);
  Values in_lanes(const Values& point, const Values& carried);
  Values step(const Values& point, Values carried);
  llvm::Value* place(const Values& point);

  Emitter& e_;
  llvm::IRBuilder<>& b_;
  ScalarEmitter& scalars_;
  const kernel::Statement& statement_;
};

}  // namespace netc::codegen
