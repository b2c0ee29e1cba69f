// The balance of preference pairs and labelled answers. Which rows are such rows, and which columns hold what, is what
// the table of row formats says (forgelm/data/row_format.hpp), found once for each set of keys. The trap: answers may
// repeat the prompt (whole conversations, or dialogues in one text); what both of a pair begin with is prompt.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/audit/profile.hpp"
#include "json_line.hpp"

namespace forgelm::audit {

/// What a block's rows say; `profile` without the figures of prompts.
struct BlockLabels {
  LabelsProfile profile;
  std::vector<std::uint64_t> prompt_hashes;  ///< one a row that has a prompt
};

/// For one thread.
class LabelCounter {
 public:
  /// `has_numbers`: false when the line's numbers were rewritten on reading.
  void add(const simdjson::dom::object& row, bool has_numbers);
  BlockLabels take();

 private:
  /// What the columns of a set of keys hold.
  struct Roles {
    enum class Kind { other, pair, labelled };
    std::vector<std::string> keys;
    Kind kind = Kind::other;
    std::string answer, label;         ///< of labelled rows
    std::vector<std::string> prompts;  ///< columns that make the prompt
    bool is_conversation = false;      ///< labelled: `answer` holds the prompt too, the answer last
  };

  const Roles& roles_of(const simdjson::dom::object& row);
  static Roles find_roles(std::vector<std::string> keys);
  void add_pair(const simdjson::dom::object& row, const Roles& roles);
  void add_labelled(const simdjson::dom::object& row, const Roles& roles, bool has_numbers);
  void add_prompt(std::string_view prompt);

  BlockLabels block_;
  std::vector<Roles> known_;
};

}  // namespace forgelm::audit
