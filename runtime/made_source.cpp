#include "runtime/data_source.h"

// `data moons n=1000 noise=0.1`

namespace netc::runtime {

Result<ReadTables> make_tables(const DataRequest& request) {
  return ReadTables{make_set(*find_made_set(request.kind), request.made), std::nullopt, {}, {}};
}

}  // namespace netc::runtime
