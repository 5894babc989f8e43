#pragma once
// What can go wrong outside of a program's text: files, data, folders. (Mistakes in a .net file are
// diagnostics of the compiler.)

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace netc::runtime {

// A name that means nothing, such as a column's or a file's.
struct UnknownName {
  std::string written;  // as the settings have it
  std::string word;     // what may be a slip of the pen for one of `known`: of a path its last part
  std::vector<std::string> known;  // what there is instead
};

struct Error {
  std::string message;  // lower case, no full stop; names the file, what was found and what was expected
  std::vector<std::string> hints;           // what to do about it
  std::optional<UnknownName> unknown = {};  // when that is what is wrong
};

// A value, or why there is none.
template <typename T>
class Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

struct Done {};
using Status = Result<Done>;

}  // namespace netc::runtime
