#pragma once
// What data holds, for a person who has not trained on it yet.

#include <string>

#include "runtime/data_settings.h"
#include "runtime/dataset.h"
#include "runtime/table.h"

namespace netc::runtime {

// A line for each column, and what there is of each class. Nothing is expected of the table: what training
// would refuse is there, too.
std::string summary(const Table& table, const TableSettings& settings);

// Parts, extents, values, classes, and some images: in colour where it goes to a terminal, else as
// characters.
std::string summary(const Dataset& data, bool terminal);

}  // namespace netc::runtime
