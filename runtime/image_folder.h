#pragma once
// A folder that holds a folder of images for each class.

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/result.h"

namespace netc::runtime {

struct ImageFile {
  std::string path;
  std::int32_t label = 0;
};

struct ImageFolder {
  std::vector<std::string> classes;  // the folders' names, in the order of their bytes
  std::vector<ImageFile> files;      // by class, then by name
};

// Reads no image. Links are followed. Left out are names that begin with a dot, `Thumbs.db` and
// `desktop.ini`, and files beside the classes' folders; everything else in these has to be an image. Two
// classes at least, each with an image.
Result<ImageFolder> list_image_folder(const std::string& path);

}  // namespace netc::runtime
