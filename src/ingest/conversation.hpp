// Finding the turns of conversations; forgelm/ingest/conversation.hpp says how.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/ingest/conversation.hpp"
#include "line_pattern.hpp"

namespace forgelm::ingest {

struct Message {
  Role role = Role::user;
  std::string content;
};

struct Conversation {
  std::vector<Message> messages;
  std::size_t begin = 0;  ///< byte of the text at which the first turn begins
};

/// What was found in a text and what became of it.
struct ConversationsFound {
  std::vector<Conversation> kept;
  std::uint64_t num_left_out = 0;  ///< by the quality rules
  std::uint64_t num_outside = 0;   ///< code points that stand before any turn
};

class ConversationReader {
 public:
  /// ConfigError for a mark that is empty or, where it must be, no regular expression.
  explicit ConversationReader(const ConversationOptions& options);

  /// RunError(data) when a regular expression takes too many steps on a line.
  ConversationsFound read(std::string_view text) const;

 private:
  struct Mark {
    Role role = Role::user;
    std::string text;  ///< empty: an expression only
    std::optional<LinePattern> pattern;
  };
  struct Begin {
    Role role = Role::user;
    std::size_t size = 0;  ///< bytes of the mark
  };
  void add_mark(Role role, std::string_view mark, bool is_plain);
  std::optional<Begin> mark_at(std::string_view line) const;
  void read_lines(std::string_view text, ConversationsFound& found) const;
  void finish(Conversation& conversation, ConversationsFound& found) const;

  ConversationOptions options_;
  std::vector<Mark> marks_;
  bool reads_xml_ = false;
  bool reads_lines_ = false;
};

}  // namespace forgelm::ingest
