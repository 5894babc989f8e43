#pragma once

namespace netc {

// A visitor for std::visit made of lambdas.
template <typename... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace netc
