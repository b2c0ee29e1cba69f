// Literals without Hyperscan: a table over pairs of bytes says where to look
// closer.
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "pattern_table.hpp"
#include "triggers.hpp"

namespace forgelm::audit {
namespace {

struct Literal {
  std::string_view text;
  std::size_t trigger;
};

/// Which pairs of bytes begin a literal, and the literals by their first byte.
struct PairTable {
  std::array<bool, 65536> begins{};
  std::array<std::vector<Literal>, 256> literals;

  PairTable() {
    const auto& rows = kind_rows();
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (const std::string_view text : rows[i].literals) {
        literals[static_cast<unsigned char>(text[0])].push_back({text, literal_trigger(i)});
        begins[pair_of(text[0], text[1])] = true;
      }
  }
};

}  // namespace

NumberSet find_literals_portable(std::string_view text) {
  static const auto table = std::make_unique<const PairTable>();
  NumberSet found;
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    if (!table->begins[pair_of(text[at], text[at + 1])]) continue;
    for (const Literal& literal : table->literals[static_cast<unsigned char>(text[at])])
      if (text.substr(at).starts_with(literal.text)) found.set(literal.trigger);
  }
  return found;
}

}  // namespace forgelm::audit
