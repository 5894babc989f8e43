#pragma once
// zip archives: PKWARE's APPNOTE, with zip64; stored and deflated files, no encryption.

#include <string>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/result.h"

namespace netc::runtime {

struct ZipEntry {
  std::string name;
  Bytes bytes;
};

// All files of the archive, unpacked, their CRC-32 tested. What is allocated is bounded by the archive's size
// and the machine's memory.
Result<std::vector<ZipEntry>> read_zip(const std::string& path);

}  // namespace netc::runtime
