// Result<T>: a value or the reason why there is none, for operations where failure is ordinary (parsers, verifiers,
// look-ups). Invariant: exactly one of the two is held. value() on a failure throws RunError(data) with the reason.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "forgelm/core/error.hpp"

namespace forgelm {

/// Why an operation has no value: one sentence that names what and where, and an optional hint.
struct Failure {
  std::string message;
  std::string hint = {};
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Failure failure)
      : state_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  const T& value() const& { return require(), std::get<0>(state_); }
  T& value() & { return require(), std::get<0>(state_); }
  T&& value() && { return require(), std::get<0>(std::move(state_)); }
  const T& operator*() const& { return value(); }
  const T* operator->() const { return &value(); }

  /// Only for a failed result.
  const Failure& error() const { return std::get<1>(state_); }

 private:
  void require() const {
    if (!ok()) throw RunError(RunErrorKind::data, error().message, error().hint);
  }
  std::variant<T, Failure> state_;
};

}  // namespace forgelm
