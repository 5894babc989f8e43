#pragma once
// What can go wrong outside of a program's text: files, data, folders. (Mistakes in a .net file are
// diagnostics of the compiler.)

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace netc::runtime {

struct Error {
  std::string message;  // lower case, no full stop; names the file, what was found and what was expected
  std::vector<std::string> hints;  // what to do about it
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
