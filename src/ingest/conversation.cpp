#include "conversation.hpp"

#include <algorithm>

#include "forgelm/core/error.hpp"
#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::string_view kEndOfTurn = "<|im_end|>";  // ends a turn of ChatML; other presets have no end mark

struct PresetMark {
  RolePreset preset;
  Role role;
  std::string_view mark;
};

constexpr PresetMark kPresetMarks[] = {
    {RolePreset::default_, Role::user, "**User**:"},
    {RolePreset::default_, Role::user, "Human:"},
    {RolePreset::default_, Role::assistant, "**Assistant**:"},
    {RolePreset::default_, Role::assistant, "AI:"},
    {RolePreset::default_, Role::system, "**System**:"},
    {RolePreset::default_, Role::system, "System:"},
    {RolePreset::markdown_bold, Role::user, "**User**:"},
    {RolePreset::markdown_bold, Role::assistant, "**Assistant**:"},
    {RolePreset::markdown_bold, Role::system, "**System**:"},
    {RolePreset::human_ai, Role::user, "Human:"},
    {RolePreset::human_ai, Role::assistant, "AI:"},
    {RolePreset::human_ai, Role::system, "System:"},
    {RolePreset::chatml, Role::user, "<|im_start|>user"},
    {RolePreset::chatml, Role::assistant, "<|im_start|>assistant"},
    {RolePreset::chatml, Role::system, "<|im_start|>system"},
};

bool starts_with(std::string_view line, std::string_view mark, bool is_case_sensitive) {
  if (is_case_sensitive) return line.starts_with(mark);
  return equals_ignoring_ascii_case(line.substr(0, mark.size()), mark);
}

std::size_t num_leading_blanks(std::string_view line) {
  const std::size_t end = line.find_first_not_of(" \t");
  return end == std::string_view::npos ? line.size() : end;
}

void add_message(Conversation& conversation, Role role, std::string_view content) {
  content = text::strip(content);
  // One participant's turns in a row are one turn: chat templates alternate.
  if (!conversation.messages.empty() && conversation.messages.back().role == role && role != Role::system) {
    std::string& before = conversation.messages.back().content;
    if (!before.empty() && !content.empty()) before += "\n\n";
    before += content;
  } else {
    conversation.messages.push_back({role, std::string(content)});
  }
}

/// The value of from="..." within a tag.
std::optional<Role> role_of(std::string_view tag) {
  const std::size_t at = tag.find("from");
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t begin = tag.find_first_of("\"'", at);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t end = tag.find(tag[begin], begin + 1);
  if (end == std::string_view::npos) return std::nullopt;
  return from_text<Role>(tag.substr(begin + 1, end - begin - 1));
}

/// <conversation> ... <message from="user|assistant">...</message> ... </conversation>
std::vector<Conversation> xml_conversations(std::string_view text) {
  constexpr std::string_view kOpen = "<conversation>", kClose = "</conversation>", kMessage = "<message",
                             kMessageEnd = "</message>";
  std::vector<Conversation> found;
  for (std::size_t at = text.find(kOpen); at != std::string_view::npos; at = text.find(kOpen, at)) {
    at += kOpen.size();
    const std::size_t end = text.find(kClose, at);
    if (end == std::string_view::npos) break;
    Conversation conversation{{}, at - kOpen.size()};
    while (true) {
      const std::size_t tag = text.find(kMessage, at);
      const std::size_t tag_end = text.find('>', std::min(tag, text.size()));
      const std::size_t close = text.find(kMessageEnd, std::min(tag_end, text.size()));
      if (tag >= end || tag_end >= end || close >= end) break;
      if (const auto role = role_of(text.substr(tag, tag_end - tag)))
        add_message(conversation, *role, text.substr(tag_end + 1, close - tag_end - 1));
      at = close + kMessageEnd.size();
    }
    at = end + kClose.size();
    found.push_back(std::move(conversation));
  }
  return found;
}

}  // namespace

Participant parse_participant(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos)
    throw ConfigError(cat("--role takes ROLE=MARK, it is ", quote(text)), "for example --role 'user=**User**:'");
  const std::string_view name = trim(text.substr(0, equals));
  const auto role = from_text<Role>(name);
  if (!role)
    throw ConfigError(cat("--role ", quote(text), ": there is no role ", quote(name)),
                      cat("roles are ", join(choices<Role>(), ", ")));
  return {*role, std::string(text.substr(equals + 1))};
}

ConversationReader::ConversationReader(const ConversationOptions& options) : options_(options) {
  std::vector<RolePreset> presets = options.presets;
  if (presets.empty() && options.participants.empty()) presets.push_back(RolePreset::default_);
  for (const Participant& participant : options.participants) add_mark(participant.role, participant.mark, false);
  for (const RolePreset preset : presets) {
    if (preset == RolePreset::xml) reads_xml_ = true;
    for (const PresetMark& mark : kPresetMarks)
      if (mark.preset == preset) add_mark(mark.role, mark.mark, true);
  }
  reads_lines_ = !marks_.empty();
  // Of two marks that a line begins with the longer one counts.
  std::stable_sort(marks_.begin(), marks_.end(),
                   [](const Mark& a, const Mark& b) { return a.text.size() > b.text.size(); });
}

void ConversationReader::add_mark(Role role, std::string_view mark, bool is_plain) {
  constexpr std::string_view kRegex = "re:";
  const bool is_marked = !is_plain && mark.starts_with(kRegex);
  if (is_marked) mark.remove_prefix(kRegex.size());
  if (trim(mark).empty()) throw ConfigError(cat("the mark of the role ", to_text(role), " is empty"));
  Mark made{role, is_marked ? std::string() : std::string(mark), std::nullopt};
  if (is_marked || (options_.uses_regex && !is_plain)) {
    try {
      made.pattern.emplace(std::string(mark), LinePattern::Options{!options_.is_case_sensitive, "--role"});
    } catch (const ConfigError& error) {
      throw ConfigError(error.what(), is_marked ? error.hint()
                                                : "write \\*\\* for two asterisks; or leave --role-regex out, and put "
                                                  "\"re:\" before the marks that are regular expressions");
    }
  }
  marks_.push_back(std::move(made));
}

std::optional<ConversationReader::Begin> ConversationReader::mark_at(std::string_view line) const {
  for (const Mark& mark : marks_)
    if (!mark.text.empty() && starts_with(line, mark.text, options_.is_case_sensitive))
      return Begin{mark.role, mark.text.size()};
  for (const Mark& mark : marks_) {
    if (!mark.pattern) continue;
    const auto found = mark.pattern->match_at_start(line);
    if (found && found->end > 0) return Begin{mark.role, found->end};
  }
  return std::nullopt;
}

void ConversationReader::finish(Conversation& conversation, ConversationsFound& found) const {
  auto& messages = conversation.messages;
  if (messages.empty()) return;
  const ConversationQuality& quality = options_.quality;
  const auto outside = [](std::int64_t value, std::int64_t least, std::int64_t most) {
    return value < least || (most > 0 && value > most);
  };
  if (quality.requires_answer)
    while (!messages.empty() && messages.back().role != Role::assistant) messages.pop_back();
  std::int64_t num_turns = 0;
  bool is_kept = !messages.empty();
  for (const Message& message : messages) {
    if (message.role != Role::system) ++num_turns;
    const auto length = static_cast<std::int64_t>(num_code_points(message.content));
    if (outside(length, quality.min_turn_chars, message.role == Role::system ? 0 : quality.max_turn_chars))
      is_kept = false;
  }
  if (outside(num_turns, quality.min_turns, quality.max_turns)) is_kept = false;
  if (!is_kept) {
    ++found.num_left_out;
  } else {
    const bool has_system = messages.front().role == Role::system;
    if (!options_.system_prompt.empty() && !has_system)
      messages.insert(messages.begin(), {Role::system, options_.system_prompt});
    found.kept.push_back(std::move(conversation));
  }
  conversation = {};
}

void ConversationReader::read_lines(std::string_view text, ConversationsFound& found) const {
  Conversation conversation;
  std::optional<Role> role;
  std::string content;
  const auto end_turn = [&] {
    if (role) add_message(conversation, *role, content);
    role.reset();
    content.clear();
  };
  for (const std::string_view whole : text::split_lines(text)) {
    const std::string_view line = whole.substr(num_leading_blanks(whole));
    if (!options_.separator.empty() && text::strip(line) == options_.separator) {
      end_turn();
      finish(conversation, found);
      continue;
    }
    std::string_view rest = whole;
    if (const auto begin = mark_at(line)) {
      end_turn();
      if (conversation.messages.empty()) conversation.begin = static_cast<std::size_t>(line.data() - text.data());
      role = begin->role;
      rest = line.substr(begin->size);
    } else if (!role) {
      found.num_outside += num_code_points(text::strip(line));
      continue;
    }
    const std::size_t end = rest.find(kEndOfTurn);
    content += rest.substr(0, end);
    content += '\n';
    if (end != std::string_view::npos) end_turn();
  }
  end_turn();
  finish(conversation, found);
}

ConversationsFound ConversationReader::read(std::string_view text) const {
  ConversationsFound found;
  if (reads_xml_)
    for (Conversation& conversation : xml_conversations(text)) finish(conversation, found);
  if (reads_lines_) read_lines(text, found);
  return found;
}

}  // namespace forgelm::ingest
