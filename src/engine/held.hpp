// What a function of the graph keeps from its way forward for its way back and is no tensor.
#pragma once

#include <utility>

#include "engine/torch.hpp"

namespace forgelm::engine {

template <class T>
class Held final : public torch::CustomClassHolder {
 public:
  explicit Held(T value) : value_(std::move(value)) {}
  static c10::IValue keep(T value) { return c10::IValue::make_capsule(c10::make_intrusive<Held>(std::move(value))); }
  /// Of a value that keep() made.
  static T of(const c10::IValue& kept) { return c10::static_intrusive_pointer_cast<Held>(kept.toCapsule())->value_; }

 private:
  T value_;
};

}  // namespace forgelm::engine
