// FORGELM_CHOICES(Type, a, b, c): an enum class whose enumerators are spelled once and are also its texts in YAML, JSON
// and help. In the text a trailing underscore is dropped (`auto_` is "auto"); FORGELM_CHOICES_HYPHENATED also turns
// the other underscores into hyphens (`high_risk` is "high-risk").
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace forgelm {

namespace detail {
/// Splits "a, b_, c" into the texts of the enumerators.
std::vector<std::string> split_choices(std::string_view enumerators, bool hyphenated);
}  // namespace detail

template <class E>
concept Choice = std::is_enum_v<E> && requires(E value) {
  { choices_of(value) } -> std::same_as<const std::vector<std::string>&>;
};

/// The texts of all enumerators, in declaration order.
template <Choice E>
const std::vector<std::string>& choices() {
  return choices_of(E{});
}

template <Choice E>
const std::string& to_text(E value) {
  return choices<E>().at(static_cast<std::size_t>(value));
}

/// The enumerator with exactly this text, or nothing.
template <Choice E>
std::optional<E> from_text(std::string_view text) {
  const auto& all = choices<E>();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] == text) return static_cast<E>(i);
  return std::nullopt;
}

}  // namespace forgelm

#define FORGELM_CHOICES_IMPL(Type, hyphenated, ...)                                                           \
  enum class Type { __VA_ARGS__ };                                                                            \
  inline const std::vector<std::string>& choices_of(Type) {                                                   \
    static const std::vector<std::string> texts = ::forgelm::detail::split_choices(#__VA_ARGS__, hyphenated); \
    return texts;                                                                                             \
  }
#define FORGELM_CHOICES(Type, ...) FORGELM_CHOICES_IMPL(Type, false, __VA_ARGS__)
#define FORGELM_CHOICES_HYPHENATED(Type, ...) FORGELM_CHOICES_IMPL(Type, true, __VA_ARGS__)
