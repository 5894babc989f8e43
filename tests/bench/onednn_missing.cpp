#include "tests/bench/onednn.h"

namespace netc::bench {

std::unique_ptr<OneDnn> make_onednn(Direction, const ConvolutionShape&, const Operands&, int) { return {}; }

}  // namespace netc::bench
